"""What bantam.yaml says of a HubSpot account."""

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field

from connectors.hubspot import mapping
from connectors.hubspot.account import Account
from connectors.settings import Credential, HttpSettings, RateLimit

_RECORD_PAGES = {"contact": "0-1", "company": "0-2", "deal": "0-3"}


class HubSpotSettings(HttpSettings):
    """A HubSpot account; `lag_seconds` is how far behind now the search index is trusted."""

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
        """Deep links as HubSpot writes them; none while the portal id is not set."""
        if self.portal_id is None:
            return {}
        base = f"https://app.hubspot.com/contacts/{self.portal_id}/record"
        return {name: f"{base}/{code}/{{}}" for name, code in _RECORD_PAGES.items()}

    def account(self) -> Account:
        """The account that the settings name."""
        limits: dict[str, RateLimit | None] = {"rate": self.rate, "search_rate": self.search_rate}
        rates: dict[str, Any] = {name: one.rate() for name, one in limits.items() if one is not None}
        return Account(
            name=self.name,
            token=self.token,
            base_url=self.base_url,
            api_version=self.api_version,
            portal_id=self.portal_id,
            **self.account_options(trail_seconds=self.lag_seconds),
            **rates,
        )
