"""Settings of a HubSpot account in bantam.yaml."""

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field

from connectors.hubspot import mapping
from connectors.hubspot.account import Account
from connectors.settings import Credential, HttpSettings, RateLimit

_RECORD_PAGES = {"contact": "0-1", "company": "0-2", "deal": "0-3"}


class HubSpotSettings(HttpSettings):
    """A HubSpot account; `lag_seconds` is the delay of the search index."""

    mappings = (mapping.CONTACT, mapping.COMPANY, mapping.DEAL)

    kind: Literal["hubspot"]
    role: Literal["crm", "marketing"] = "marketing"
    base_url: str = "https://api.hubapi.com"
    token: Credential
    api_version: str = "2026-03"
    portal_id: str | None = None
    lag_seconds: float | None = Field(default=None, ge=0)
    rate: RateLimit | None = None
    search_rate: RateLimit | None = None

    def default_record_urls(self) -> Mapping[str, str]:
        """Return HubSpot's URL templates of records; empty while the portal id is not set."""
        if self.portal_id is None:
            return {}
        base = f"https://app.hubspot.com/contacts/{self.portal_id}/record"
        return {name: f"{base}/{code}/{{}}" for name, code in _RECORD_PAGES.items()}

    def account(self) -> Account:
        """Build the account of these settings."""
        limits: dict[str, RateLimit | None] = {"rate": self.rate, "search_rate": self.search_rate}
        rates: dict[str, Any] = {name: limit.rate() for name, limit in limits.items() if limit is not None}
        return Account(
            name=self.name,
            token=self.token,
            base_url=self.base_url,
            api_version=self.api_version,
            portal_id=self.portal_id,
            **self.account_options(lag_seconds=self.lag_seconds),
            **rates,
        )
