"""Salesforce account (org): URL and API version, sign-in, and error responses."""

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
    account, opportunity, …); other custom fields are found and requested anyway. `lag_seconds`: rows become visible
    late, the watermark stays this far behind; `lookback_seconds`: how far before it the next pull lists again.
    """

    token_url: str
    client_id: SecretStr
    client_secret: SecretStr
    api_version: str = "67.0"
    page_size: int = 2000
    lag_seconds: float = 300.0

    def path(self, rest: str) -> str:
        """Return the path of a REST resource in the configured version."""
        return f"/services/data/v{self.api_version}{rest}"


def open_http(account: Account, clock: Clock, transport: httpx.BaseTransport | None = None) -> Http:
    """Build the client of an org; raises `ConfigurationError` for an invalid URL or API version."""
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
    """Parse a Salesforce error: a list, or a single one from the token endpoint."""
    try:
        found = _ERRORS.decode(body)
    except (ValueError, RecursionError):
        return VendorError()
    errors = found if isinstance(found, list) else [found]
    code = plain(next((error.errorCode or error.error for error in errors), None))
    # The same code is used where too many requests run at once; only the message distinguishes the two.
    is_limit = code == "REQUEST_LIMIT_EXCEEDED"
    is_daily = is_limit and any("TotalRequests" in str(error.message) for error in errors)
    return VendorError(code=code, is_daily_quota=is_daily, is_passing=is_limit and not is_daily)
