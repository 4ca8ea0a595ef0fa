"""A HubSpot account: where it is, how it may be asked, and what its refusals mean."""

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
# One a second is left to people and other programs: the search's 5 a second are the whole account's.
SEARCH = Rate(4, 1.0)
_VERSION = re.compile(r"v[34]|20\d\d-\d\d")


@dataclass(frozen=True, slots=True, kw_only=True)
class Account(HttpAccount):
    """Settings of one HubSpot account.

    `properties`: custom properties to ask for besides the usual ones, by object (contact, company, deal).
    `rate`: calls of the plan (Free and Starter: 100 in 10 s); the search has a rate of its own, 5 a second for the
    whole account. `trail_seconds`: nothing newer counts as complete, the search index trails; `lookback_seconds`: how
    far before the last complete moment is asked again (another connector trusts the index only after an hour).
    """

    token: SecretStr
    base_url: str = "https://api.hubapi.com"
    api_version: str = "2026-03"
    portal_id: str | None = None
    search_page_size: int = 200
    association_batch: int = 1000
    rate: Rate = PROFESSIONAL
    search_rate: Rate = SEARCH
    trail_seconds: float = 120.0
    lookback_seconds: float = 3600.0

    def path(self, family: str, rest: str = "") -> str:
        """Path of a family of endpoints; the version sits in the middle, and associations never had a v3 worth using.

        >>> account = Account(name="hubspot", token=SecretStr("x"), api_version="v3")
        >>> account.path("objects", "/contacts"), account.path("associations", "/deals/contacts/batch/read")
        ('/crm/v3/objects/contacts', '/crm/v4/associations/deals/contacts/batch/read')
        """
        if self.api_version.startswith("v"):
            version = "v4" if family == "associations" else "v3"
            return f"/crm/{version}/{family}{rest}"
        return f"/crm/{family}/{self.api_version}{rest}"


def open_http(account: Account, clock: Clock, transport: httpx.BaseTransport | None = None) -> Http:
    """Make the client of an account; raises `ConfigurationError` for a URL or version that cannot be right."""
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
    """HubSpot's error body; every key may be missing."""

    message: Any = None
    category: Any = None
    errorType: Any = None  # noqa: N815 - HubSpot's own key
    policyName: Any = None  # noqa: N815 - as above
    context: Any = None
    errors: Any = None


_SCOPE_KEYS = ("requiredGranularScopes", "requiredScopes", "missingScopes")
_WAITS = (("TEN_SECONDLY", 10.0), ("SECONDLY", 1.0))


def read_error(body: bytes) -> VendorError:
    """Read a HubSpot error: which limit was hit, and which scope is missing. Anything else is left unread."""
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
    contexts = [error.context, *(one.get("context") for one in inner if isinstance(one, dict))]
    lists = [context.get(key) for context in contexts if isinstance(context, dict) for key in _SCOPE_KEYS]
    return tuple(sorted({plain(scope) for scopes in lists if isinstance(scopes, list) for scope in scopes}))
