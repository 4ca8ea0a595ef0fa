"""Settings of a Salesforce organisation in bantam.yaml."""

from collections.abc import Mapping
from typing import Literal

from pydantic import Field

from connectors.salesforce import mapping
from connectors.salesforce.account import Account
from connectors.settings import Credential, HttpSettings

_RECORD_PAGES = {"lead": "Lead", "contact": "Contact", "account": "Account", "opportunity": "Opportunity"}


class SalesforceSettings(HttpSettings):
    """A Salesforce organisation; `trail_seconds` is the lag of the watermark."""

    mappings = (mapping.LEAD, mapping.CONTACT, mapping.ACCOUNTS, mapping.OPPORTUNITIES)

    kind: Literal["salesforce"]
    role: Literal["crm", "marketing"] = "crm"
    token_url: str | None = None
    client_id: Credential
    client_secret: Credential
    api_version: str = "67.0"
    trail_seconds: float | None = Field(default=None, ge=0)

    def default_record_urls(self) -> Mapping[str, str]:
        """Return Salesforce's URL templates of records."""
        base = self.base_url.rstrip("/")
        return {name: f"{base}/lightning/r/{remote}/{{}}/view" for name, remote in _RECORD_PAGES.items()}

    def account(self) -> Account:
        """Build the account of these settings."""
        return Account(
            name=self.name,
            base_url=self.base_url,
            token_url=self.token_url or self.base_url.rstrip("/") + "/services/oauth2/token",
            client_id=self.client_id,
            client_secret=self.client_secret,
            api_version=self.api_version,
            **self.account_options(lag_seconds=self.trail_seconds),
        )
