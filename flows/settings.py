"""Settings: bantam.yaml and the environment, read here and nowhere else; a mistake names file and line.

Secrets stand in bantam.yaml only as `${NAME}`; their values come from the environment and stay `SecretStr`.
`${NAME:-x}` is x where the environment does not set NAME.
"""

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator, model_validator

from connectors.files_settings import FilesSource
from definitions.errors import ConfigurationError
from definitions.yaml_file import read_yaml

_REFERENCE = re.compile(r"\$\{([A-Z][A-Z0-9_]*)(?::-([^}]*))?\}")


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class RateLimit(_Strict):
    """So many requests in so many seconds, as the vendor's plan allows."""

    requests: int = Field(ge=1)
    seconds: float = Field(gt=0)


class _Vendor(_Strict):
    """What every HTTP source says of itself; durations in seconds."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    role: Literal["crm", "marketing"]
    base_url: str
    time_zone: str | None = None
    currency: str | None = None
    region: str | None = Field(default=None, pattern=r"^[A-Z]{2}$")
    twin: str | None = None
    page_size: int | None = Field(default=None, ge=1)
    lookback_seconds: float | None = Field(default=None, ge=0)
    retry_budget_seconds: float | None = Field(default=None, ge=0)
    request_seconds: float | None = Field(default=None, gt=0)
    record_url: Mapping[str, str] = {}
    stages: Mapping[str, str]
    fields: Mapping[str, Mapping[str, str]] = {}
    statuses: Mapping[str, str] = {}
    lifecycle_stages: Mapping[str, str] = {}
    activity_types: Mapping[str, str] = {}
    ignored_owners: tuple[str, ...] = ()


class HubSpotSource(_Vendor):
    """A HubSpot account; `lag_seconds` is how far behind now the search index is trusted."""

    kind: Literal["hubspot"]
    role: Literal["crm", "marketing"] = "marketing"
    base_url: str = "https://api.hubapi.com"
    token: SecretStr
    api_version: str = "2026-03"
    portal_id: str | None = None
    lag_seconds: float | None = Field(default=None, ge=0)
    rate: RateLimit | None = None
    search_rate: RateLimit | None = None


class SalesforceSource(_Vendor):
    """A Salesforce organisation; `trail_seconds` is how far behind now a read ends."""

    kind: Literal["salesforce"]
    role: Literal["crm", "marketing"] = "crm"
    token_url: str | None = None
    client_id: SecretStr
    client_secret: SecretStr
    api_version: str = "67.0"
    trail_seconds: float | None = Field(default=None, ge=0)


Source = Annotated[HubSpotSource | SalesforceSource | FilesSource, Field(discriminator="kind")]


class Alerts(_Strict):
    """Where digests go: Apprise URLs. `owners` may hold {email} and {owner_id}, filled in for each owner.

    Empty text is no URL, so that `${NAME:-}` stands for none; one text may name several targets of RevOps, apart by
    blanks. Owners are told nothing while anything published is older than `max_stale_hours`.
    """

    revops: tuple[SecretStr, ...] = ()
    owners: SecretStr | None = None
    max_stale_hours: int = Field(default=26, ge=1)
    record_limit: int = Field(default=10, ge=1, le=10)

    @field_validator("revops", mode="before")
    @classmethod
    def _one_by_one(cls, given: Any) -> Any:
        texts = [given] if isinstance(given, str) else given
        if not isinstance(texts, list | tuple) or not all(isinstance(text, str) for text in texts):
            return given
        return tuple(url for text in texts for url in text.split())

    @field_validator("owners", mode="before")
    @classmethod
    def _none_if_empty(cls, given: Any) -> Any:
        return None if isinstance(given, str) and not given.strip() else given


class Settings(_Strict):
    """Everything a run needs to know but the date."""

    definitions: str = "handoff"
    exchange_rates: Mapping[str, float] = {}
    quarantine_ceiling: float = Field(default=0.01, ge=0, le=1)
    sources: tuple[Source, ...] = Field(min_length=1)
    alerts: Alerts = Alerts()
    home: Path
    config_folder: Path
    warehouse_url: SecretStr | None = None

    @model_validator(mode="after")
    def _names_are_unique(self) -> "Settings":
        names = [source.name for source in self.sources]
        doubled = sorted({name for name in names if names.count(name) > 1})
        if doubled:
            raise ValueError(f"source names used twice: {', '.join(doubled)}")
        return self


def load_settings(config: Path, environment: Mapping[str, str] | None = None) -> Settings:
    """Read bantam.yaml, fill in the environment; `ConfigurationError` names file, line and next step."""
    environment = os.environ if environment is None else environment
    content, lines = read_yaml(config)
    filled = _filled(content, environment, config)
    filled["home"] = Path(environment.get("BANTAM_HOME") or ".bantam").resolve()
    filled["config_folder"] = config.resolve().parent
    if url := environment.get("BANTAM_WAREHOUSE_URL"):
        filled["warehouse_url"] = url
    try:
        return Settings.model_validate(filled)
    except ValidationError as error:
        raise ConfigurationError(_told(error, config, lines)) from None


def _filled(value: Any, environment: Mapping[str, str], config: Path) -> Any:
    """The value with every `${NAME}` replaced; a name that is not set is an error."""
    if isinstance(value, dict):
        return {key: _filled(item, environment, config) for key, item in value.items()}
    if isinstance(value, list):
        return [_filled(item, environment, config) for item in value]
    if not isinstance(value, str):
        return value
    asked = {found.group(1): found.group(2) for found in _REFERENCE.finditer(value)}
    missing = [name for name, default in asked.items() if default is None and name not in environment]
    if missing:
        raise ConfigurationError(
            f"{config}: the environment does not set {', '.join(missing)}. Set it (see .env.example), then run again."
        )
    return _REFERENCE.sub(lambda found: environment.get(found.group(1), found.group(2)), value)


def _told(error: ValidationError, config: Path, lines: Mapping[tuple[str | int, ...], int]) -> str:
    """One line per mistake: file, line, where in it, what is wrong; never the value, which may be a secret."""
    told = []
    for problem in error.errors(include_input=False, include_url=False):
        place = tuple(part for part in problem["loc"] if part not in {"hubspot", "salesforce", "files"})
        line = next((lines[place[:size]] for size in range(len(place), -1, -1) if place[:size] in lines), 1)
        told.append(f"{config}:{line}: {'.'.join(map(str, place)) or 'settings'}: {problem['msg']}")
    return "\n".join(told)
