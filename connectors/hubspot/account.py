"""HubSpot account: URL and API version, rate limits, and error responses."""

import re
from dataclasses import dataclass
from typing import Any

import httpx
import msgspec
from pydantic import SecretStr

from connectors.http.account import HttpAccount
from connectors.http.auth import StaticBearer
from connectors.http.client import Http
from connectors.http.origin import configured_url
from connectors.http.rate_limit import Clock, Rate
from connectors.http.status_errors import VendorError, plain
from definitions.errors import ConfigurationError

PROFESSIONAL = Rate(190, 10.0)
# One request a second is left to other programs: the search limit of 5 a second applies to the whole account.
SEARCH = Rate(4, 1.0)
_VERSION = re.compile(r"v[34]|20\d\d-\d\d")


@dataclass(frozen=True, slots=True, kw_only=True)
class Account(HttpAccount):
    """Settings of one HubSpot account.

    `properties`: custom properties to request besides the standard ones, by object (contact, company, deal).
    `rate`: limit of the plan (Free and Starter: 100 in 10 s); the search has its own, 5 a second for the whole account.
    `lag_seconds`: delay of the search index, the watermark stays this far behind; `lookback_seconds`: how far before
    the watermark the next pull lists again (another connector trusts the index only after an hour).
    """

    token: SecretStr
    base_url: str = "https://api.hubapi.com"
    api_version: str = "2026-03"
    portal_id: str | None = None
    search_page_size: int = 200
    association_batch: int = 1000
    rate: Rate = PROFESSIONAL
    search_rate: Rate = SEARCH
    lag_seconds: float = 120.0
    lookback_seconds: float = 3600.0

    def path(self, family: str, rest: str = "") -> str:
        """Return the path of a family of endpoints, version included; associations use v4, as their v3 is unusable.

        >>> account = Account(name="hubspot", token=SecretStr("x"), api_version="v3")
        >>> account.path("objects", "/contacts"), account.path("associations", "/deals/contacts/batch/read")
        ('/crm/v3/objects/contacts', '/crm/v4/associations/deals/contacts/batch/read')
        """
        if self.api_version.startswith("v"):
            version = "v4" if family == "associations" else "v3"
            return f"/crm/{version}/{family}{rest}"
        return f"/crm/{family}/{self.api_version}{rest}"


def open_http(account: Account, clock: Clock, transport: httpx.BaseTransport | None = None) -> Http:
    """Build the client of an account; raises `ConfigurationError` for an invalid URL or API version."""
    if not _VERSION.fullmatch(account.api_version):
        raise ConfigurationError(
            f"{account.name}: api_version must be like 2026-03, or v3, not {account.api_version!r}"
        )
    return Http(
        source=account.name,
        base_url=configured_url(f"{account.name}: base_url", account.base_url),
        auth=StaticBearer(account.token),
        read_error=read_error,
        rates={"any": account.rate, "search": account.search_rate},
        limits=account.limits,
        clock=clock,
        proxy=account.proxy,
        transport=transport,
    )


class _Error(msgspec.Struct):
    """HubSpot's error response; every key may be missing."""

    message: Any = None
    category: Any = None
    errorType: Any = None  # noqa: N815 - HubSpot's own key
    policyName: Any = None  # noqa: N815 - as above
    context: Any = None
    errors: Any = None


_SCOPE_KEYS = ("requiredGranularScopes", "requiredScopes", "missingScopes")
_WAITS = (("TEN_SECONDLY", 10.0), ("SECONDLY", 1.0))


def read_error(body: bytes) -> VendorError:
    """Parse a HubSpot error: the limit that was hit, and missing scopes. Other content is ignored."""
    try:
        error = msgspec.json.decode(body, type=_Error)
    except (ValueError, RecursionError):
        return VendorError()
    policy = f"{error.policyName or ''} {error.message or ''}".upper()
    is_daily = error.policyName == "DAILY" or "DAILY LIMIT" in policy
    word = error.policyName or error.category or error.errorType
    return VendorError(
        code=plain(word),
        scopes=_scopes(error),
        wait_seconds=next((seconds for name, seconds in _WAITS if name in policy), None),
        is_daily_quota=is_daily,
    )


def _scopes(error: _Error) -> tuple[str, ...]:
    inner = error.errors if isinstance(error.errors, list) else []
    contexts = [error.context, *(nested.get("context") for nested in inner if isinstance(nested, dict))]
    lists = [context.get(key) for context in contexts if isinstance(context, dict) for key in _SCOPE_KEYS]
    return tuple(sorted({plain(scope) for scopes in lists if isinstance(scopes, list) for scope in scopes}))
