"""A Salesforce org: where it is, how it may be asked, and what its refusals mean."""

import re
from dataclasses import dataclass
from typing import Any

import httpx
import msgspec
from pydantic import SecretStr

from connectors.http.account import HttpAccount
from connectors.http.auth import ClientCredentials
from connectors.http.client import Http
from connectors.http.origin import configured_url
from connectors.http.rate_limit import Clock
from connectors.http.status_errors import VendorError, plain
from definitions.errors import ConfigurationError

_VERSION = re.compile(r"\d\d\.0")


@dataclass(frozen=True, slots=True, kw_only=True)
class Account(HttpAccount):
    """Settings of one Salesforce org, signed in with client credentials.

    `base_url` is the org's My Domain URL; `properties`: custom fields that must exist, by object (lead, contact,
    account, opportunity, …); other custom fields are found and asked for anyway. `trail_seconds`: rows become visible
    late, nothing newer counts as complete; `lookback_seconds`: how far before that is asked again.
    """

    token_url: str
    client_id: SecretStr
    client_secret: SecretStr
    api_version: str = "67.0"
    page_size: int = 2000
    trail_seconds: float = 300.0

    def path(self, rest: str) -> str:
        """Path of a REST resource of the configured version."""
        return f"/services/data/v{self.api_version}{rest}"


def open_http(account: Account, clock: Clock, transport: httpx.BaseTransport | None = None) -> Http:
    """Make the client of an org; raises `ConfigurationError` for a URL or version that cannot be right."""
    if not _VERSION.fullmatch(account.api_version):
        raise ConfigurationError(f"{account.name}: api_version must be like 67.0, not {account.api_version!r}")
    base_url = configured_url(f"{account.name}: base_url", account.base_url)
    auth = ClientCredentials(
        source=account.name,
        token_url=configured_url(f"{account.name}: token_url", account.token_url),
        api_url=base_url,
        client_id=account.client_id,
        client_secret=account.client_secret,
    )
    return Http(
        source=account.name,
        base_url=base_url,
        auth=auth,
        read_error=read_error,
        # Salesforce limits calls a day, not a second.
        rates={},
        limits=account.limits,
        clock=clock,
        proxy=account.proxy,
        transport=transport,
    )


class _Error(msgspec.Struct):
    errorCode: Any = None  # noqa: N815 - Salesforce's own key
    error: Any = None
    message: Any = None


_ERRORS = msgspec.json.Decoder(list[_Error] | _Error)


def read_error(body: bytes) -> VendorError:
    """Read a Salesforce error: a list of them, or a single one from the token endpoint."""
    try:
        found = _ERRORS.decode(body)
    except (ValueError, RecursionError):
        return VendorError()
    errors = found if isinstance(found, list) else [found]
    code = plain(next((one.errorCode or one.error for one in errors), None))
    # The same code is used where too many requests run at once; only the message tells the two apart.
    is_limit = code == "REQUEST_LIMIT_EXCEEDED"
    is_daily = is_limit and any("TotalRequests" in str(one.message) for one in errors)
    return VendorError(code=code, is_daily_quota=is_daily, is_passing=is_limit and not is_daily)
