"""Account of an HTTP source, and the client of one that authenticates with a fixed bearer token."""

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
    """Settings that every account has.

    `lag_seconds`: longest time until a change becomes visible, the watermark stays this far behind;
    `lookback_seconds`: how far before the watermark the next pull lists again; `properties`: fields to request because
    the settings map them, by object.
    """

    name: str
    base_url: str
    page_size: int = 100
    lag_seconds: float = 60.0
    lookback_seconds: float = 300.0
    limits: RequestLimits = field(default_factory=RequestLimits)
    properties: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    proxy: str | None = None

    @property
    def lag(self) -> timedelta:
        """Longest time until a change becomes visible."""
        return timedelta(seconds=self.lag_seconds)

    @property
    def lookback(self) -> timedelta:
        """Overlap of one pull with the next."""
        return timedelta(seconds=self.lookback_seconds)


@dataclass(frozen=True, slots=True, kw_only=True)
class BearerAccount(HttpAccount):
    """An account with a fixed bearer token; `rate` is the vendor's rate limit."""

    token: SecretStr
    rate: Rate = field(default=Rate(10, 1.0))


def open_bearer(account: BearerAccount, clock: Clock, transport: httpx.BaseTransport | None = None) -> Http:
    """Build the client; raises `ConfigurationError` for an invalid URL."""
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
