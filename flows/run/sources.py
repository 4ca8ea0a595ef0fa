"""From settings to what other rooms take: accounts, clients, streams, and what a source means by its words."""

import logging
import random
import time
from collections.abc import Callable, Iterable
from concurrent.futures import CancelledError
from contextlib import closing
from dataclasses import dataclass, field
from threading import Event
from typing import Any

from connectors.files.settings import FilesSource
from connectors.http.body import Limits
from connectors.http.client import Http
from connectors.http.rate_limit import Clock, Rate
from connectors.hubspot import streams as hubspot
from connectors.salesforce import streams as salesforce
from connectors.stream import Stream
from definitions.agreement.model import Definitions
from flows.settings import HubSpotSource, SalesforceSource
from transforms.conform.meaning import Meaning
from transforms.state.versions import Envelope

logger = logging.getLogger(__name__)

VendorSource = HubSpotSource | SalesforceSource
_HUBSPOT_RECORDS = {"contact": "0-1", "company": "0-2", "deal": "0-3"}
_SALESFORCE_RECORDS = {"lead": "Lead", "contact": "Contact", "account": "Account", "opportunity": "Opportunity"}


@dataclass(frozen=True, slots=True)
class Waits:
    """Waits of the threads that pull; a signal reaches the main thread only, and that one waits for them."""

    _over: Event = field(default_factory=Event)

    def sleep(self, seconds: float) -> None:
        """Wait; raises `CancelledError` as soon as the waits are closed."""
        if self._over.wait(seconds):
            raise CancelledError("the run is ending")

    def close(self) -> None:
        """End the waits there are and those to come."""
        self._over.set()


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A source that can be asked: its streams, in the order they are pulled, its account and its client."""

    name: str
    streams: tuple[Stream[Any], ...]
    account: Any
    http: closing[Http]


def opened(source: VendorSource, waits: Waits | None = None, tell: Callable[[str], None] = logger.warning) -> Opened:
    """Make account and client; nothing is asked yet. Raises `ConfigurationError` for a URL that cannot be right.

    `tell` shows one line about a long wait; it is called from the threads that pull.
    """
    clock = Clock(monotonic=time.monotonic, sleep=(waits or Waits()).sleep, chance=random.random, tell=tell)
    if isinstance(source, HubSpotSource):
        account = _hubspot(source)
        return Opened(
            name=source.name,
            streams=hubspot.STREAMS,
            account=account,
            http=closing(hubspot.open_http(account, clock)),
        )
    org = _salesforce(source)
    return Opened(
        name=source.name, streams=salesforce.STREAMS, account=org, http=closing(salesforce.open_http(org, clock))
    )


def _hubspot(source: HubSpotSource) -> hubspot.Account:
    limits = {"rate": source.rate, "search_rate": source.search_rate}
    rates: dict[str, Any] = {name: Rate(one.requests, one.seconds) for name, one in limits.items() if one is not None}
    return hubspot.Account(
        name=source.name,
        token=source.token,
        base_url=source.base_url,
        api_version=source.api_version,
        portal_id=source.portal_id,
        **_told(source, "page_size", "lookback_seconds", "lag_seconds"),
        **rates,
    )


def _salesforce(source: SalesforceSource) -> salesforce.Account:
    return salesforce.Account(
        name=source.name,
        base_url=source.base_url,
        token_url=source.token_url or source.base_url.rstrip("/") + "/services/oauth2/token",
        client_id=source.client_id,
        client_secret=source.client_secret,
        api_version=source.api_version,
        **_told(source, "page_size", "lookback_seconds", "trail_seconds"),
    )


def _told(source: VendorSource, *names: str) -> dict[str, Any]:
    """Settings that were given; what was not keeps the connector's default."""
    given = {name: getattr(source, name) for name in names}
    limits: dict[str, Any] = {
        "retry_budget_seconds": source.retry_budget_seconds,
        "deadline_seconds": source.request_seconds,
    }
    chosen = {name: value for name, value in given.items() if value is not None}
    chosen["limits"] = Limits(**{name: value for name, value in limits.items() if value is not None})
    chosen["properties"] = {name: _unique(mapping.values()) for name, mapping in source.source_fields.items()}
    return chosen


def _unique(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))


def envelope_of(stream: Stream[Any]) -> Envelope:
    """Where the stream's landed records keep their id, change time, deletion mark and flag."""
    return Envelope(
        id=".".join(stream.id_path),
        version=stream.version_path[0] if stream.version_path else None,
        deleted=stream.deleted_path[0] if stream.deleted_path else None,
        flag=".".join(stream.flag_path) or None,
    )


def meaning_of(source: VendorSource, definitions: Definitions) -> Meaning:
    """What the source means by its words, under these definitions."""
    return Meaning(
        source=source.name,
        time_zone=source.time_zone or definitions.reporting.time_zone,
        days_in=definitions.reporting.time_zone,
        currency=source.currency or definitions.reporting.currency,
        region=source.region,
        record_url=source.record_url or _record_urls(source),
        stages=source.stages,
        fields=source.source_fields,
        custom=source.custom,
        statuses=source.statuses,
        lifecycle_stages=source.lifecycle_stages,
        activity_types=source.activity_types,
        origins=definitions.lead_sources,
        twin=source.twin,
    )


def meaning_of_files(source: FilesSource, definitions: Definitions) -> Meaning:
    """What a folder of files means by its words."""
    return Meaning(
        source=source.name,
        time_zone=source.time_zone or definitions.reporting.time_zone,
        days_in=definitions.reporting.time_zone,
        currency=source.currency or definitions.reporting.currency,
        region=source.region,
        stages=source.stages,
        origins=definitions.lead_sources,
    )


def _record_urls(source: VendorSource) -> dict[str, str]:
    """Deep links as the vendors write them (semantics F1.2); none for HubSpot while the portal id is not set."""
    if isinstance(source, SalesforceSource):
        base = source.base_url.rstrip("/")
        return {name: f"{base}/lightning/r/{remote}/{{}}/view" for name, remote in _SALESFORCE_RECORDS.items()}
    if source.portal_id is None:
        return {}
    base = f"https://app.hubspot.com/contacts/{source.portal_id}/record"
    return {name: f"{base}/{code}/{{}}" for name, code in _HUBSPOT_RECORDS.items()}


STREAMS: dict[str, tuple[Stream[Any], ...]] = {"hubspot": hubspot.STREAMS, "salesforce": salesforce.STREAMS}
