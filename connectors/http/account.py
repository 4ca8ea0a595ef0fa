"""Account of an HTTP source: what pulling asks of it, and the client of one that is opened by a fixed token."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

import httpx
from pydantic import SecretStr

from connectors.http.auth import StaticBearer
from connectors.http.body import RequestLimits
from connectors.http.client import Http
from connectors.http.origin import configured_url
from connectors.http.rate_limit import Clock, Rate
from connectors.http.status_errors import VendorError


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpAccount:
    """What every account says of itself.

    `trail_seconds`: how long a change may take to become visible, nothing newer counts as complete;
    `lookback_seconds`: how far before the last complete moment is asked again; `properties`: fields to ask for that the
    settings map, by object.
    """

    name: str
    base_url: str
    page_size: int = 100
    trail_seconds: float = 60.0
    lookback_seconds: float = 300.0
    limits: RequestLimits = field(default_factory=RequestLimits)
    properties: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    proxy: str | None = None

    @property
    def trail(self) -> timedelta:
        """How long a change may take to become visible."""
        return timedelta(seconds=self.trail_seconds)

    @property
    def lookback(self) -> timedelta:
        """How much is asked again."""
        return timedelta(seconds=self.lookback_seconds)


@dataclass(frozen=True, slots=True, kw_only=True)
class BearerAccount(HttpAccount):
    """An account that a fixed token opens; `rate` is what the vendor allows."""

    token: SecretStr
    rate: Rate = field(default=Rate(10, 1.0))


def open_bearer(account: BearerAccount, clock: Clock, transport: httpx.BaseTransport | None = None) -> Http:
    """Make the client; raises `ConfigurationError` for a URL that cannot be right."""
    return Http(
        source=account.name,
        base_url=configured_url(f"{account.name}: base_url", account.base_url),
        auth=StaticBearer(account.token),
        read_error=lambda _body: VendorError(),
        rates={"any": account.rate},
        limits=account.limits,
        clock=clock,
        proxy=account.proxy,
        transport=transport,
    )
