"""Settings: bantam.yaml and the environment, read here and nowhere else; a mistake names file and line.

Secrets stand in bantam.yaml only as `${NAME}`; their values come from the environment and stay `SecretStr`.
`${NAME:-x}` is x where the environment does not set NAME, or sets it to nothing.
"""

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Union

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)

from connectors.registry import SOURCE_TYPES
from connectors.settings import HttpSettings, SourceSettings
from definitions.config.mistakes import configuration_error, raise_mistakes
from definitions.config.shape_errors import describe_errors
from definitions.config.suggestions import suggestion
from definitions.config.yaml_file import FieldPath, read_yaml
from definitions.fault_limit import RECORDS, VALUES, FaultLimit
from definitions.mapping.custom_fields import UNREADABLE
from definitions.schema.column import Column, Kind
from expectations.declared import DeclaredExpectation
from flows.run.declared_expectations import expectations_file, read_expectations

# Keys that a run needs and the file does not give.
_ELSEWHERE = {
    "home": "this is not set here; set BANTAM_HOME in the environment",
    "config_folder": "this is not set here; it is the folder of this file",
    "warehouse_url": "this is not set here; it holds a password: set BANTAM_WAREHOUSE_URL in the environment",
}
_REFERENCE = re.compile(r"\$\{([A-Z][A-Z0-9_]*)(?::-([^}]*))?\}")


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


if TYPE_CHECKING:
    Source = SourceSettings
else:
    # The union of all that the registry knows, chosen by `kind`.
    Source = Annotated[Union[tuple(one.settings for one in SOURCE_TYPES.values())], Field(discriminator="kind")]  # noqa: UP007


class Alerts(_Strict):
    """Where digests go: Apprise URLs. `owners` may hold {email} and {owner_id}, filled in for each owner.

    Empty text is no URL, so that `${NAME:-}` stands for none; one text may name several targets of RevOps, apart by
    blanks. Owners are told nothing while anything published is older than `max_stale_hours`. A target has
    `time_limit_seconds` for one message.
    """

    revops: tuple[SecretStr, ...] = ()
    owners: SecretStr | None = None
    max_stale_hours: int = Field(default=26, ge=1)
    record_limit: int = Field(default=10, ge=1, le=10)
    time_limit_seconds: float = Field(default=30, gt=0)

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
    """Everything a run needs to know but the date.

    `quarantine_ceiling` is the share of a stream's records, `unreadable_ceiling` that of the values of a file's column,
    that may be unreadable. An audit that has not ended after `audit_minutes` stops the run. `expectations` are
    evaluated by Great Expectations in the audit of every run; the file may name another one that holds them.
    """

    definitions: str = "handoff"
    exchange_rates: Mapping[str, float] = {}
    quarantine_ceiling: float = Field(default=RECORDS.share, ge=0, le=1)
    unreadable_ceiling: float = Field(default=VALUES.share, ge=0, le=1)
    audit_minutes: float = Field(default=30, gt=0, le=1440)
    expectations: tuple[DeclaredExpectation, ...] = ()
    sources: tuple[Source, ...] = Field(min_length=1)
    alerts: Alerts = Alerts()
    home: Path
    config_folder: Path
    warehouse_url: SecretStr | None = None

    @property
    def record_limit(self) -> FaultLimit:
        """How many records of a stream may be set aside."""
        return replace(RECORDS, share=self.quarantine_ceiling)

    @property
    def value_limit(self) -> FaultLimit:
        """How many values of a column of a file may not be what it is declared to hold."""
        return replace(VALUES, share=self.unreadable_ceiling)

    @model_validator(mode="after")
    def _names_are_unique(self) -> "Settings":
        names = [source.name for source in self.sources]
        mistakes: dict[FieldPath, str] = {}
        for number, source in enumerate(self.sources):
            if source.name in names[:number]:
                mistakes["sources", number, "name"] = f"two sources are called {source.name!r}; give each its own name"
            twin = getattr(source, "twin", None)
            if twin is not None and twin not in names:
                mistakes["sources", number, "twin"] = f"no source is called so{suggestion(twin, names)}"
        raise_mistakes(mistakes)
        return self

    @model_validator(mode="after")
    def _custom_fields_are_of_one_kind(self) -> "Settings":
        kinds: dict[tuple[str, str], Kind] = {}
        mistakes: dict[FieldPath, str] = {}
        for place, record_kind, column in self._custom_columns():
            known = kinds.setdefault((record_kind, column.name), column.kind)
            if known is not column.kind:
                mistakes[place] = f"another source says that it is of kind {known.value}; give both one kind"
        raise_mistakes(mistakes)
        return self

    @property
    def custom(self) -> Mapping[str, tuple[Column, ...]]:
        """The customer's own fields by kind of record, in the order of the file; the first source names each."""
        found: dict[str, dict[str, Column]] = {}
        for _, record_kind, column in self._custom_columns():
            found.setdefault(record_kind, {}).setdefault(column.name, column)
        return {kind: (*columns.values(), UNREADABLE) for kind, columns in found.items()}

    def _custom_columns(self) -> Iterator[tuple[FieldPath, str, Column]]:
        """Each entry of a customer's own field: where it stands in the file, the kind of record, its column."""
        for number, source in enumerate(self.sources):
            if isinstance(source, HttpSettings):
                for name, columns in source.custom.items():
                    for column in columns:
                        yield ("sources", number, "fields", name, column.name), source.kind_of(name), column

    @field_validator("exchange_rates")
    @classmethod
    def _rates_are_positive(cls, rates: Mapping[str, float]) -> Mapping[str, float]:
        raise_mistakes(
            {(code,): f"the rate of {code} is not above 0" for code, rate in rates.items() if not 0 < rate < inf}
        )
        return rates


def load_settings(config: Path, environment: Mapping[str, str] | None = None) -> Settings:
    """Read bantam.yaml, fill in the environment; `ConfigurationError` names file, line and next step."""
    environment = os.environ if environment is None else environment
    content, lines = read_yaml(config)
    filling = _Filling(environment, {})
    filled = filling.of(content, ())
    # What is missing is told rather than what the place would then lack.
    mistakes = filling.missing | {(name,): said for name, said in _ELSEWHERE.items() if name in content}
    filled["home"] = Path(environment.get("BANTAM_HOME") or ".bantam").resolve()
    filled["config_folder"] = config.resolve().parent
    filled["warehouse_url"] = environment.get("BANTAM_WAREHOUSE_URL") or None
    if (named := expectations_file(config, content)) is not None:
        filled["expectations"] = read_expectations(named)
    try:
        settings = Settings.model_validate(filled)
    except ValidationError as error:
        mistakes = describe_errors(error, Settings, derived=_ELSEWHERE) | mistakes
    if mistakes:
        raise configuration_error(mistakes, lines, str(config))
    return settings


@dataclass(frozen=True, slots=True)
class _Filling:
    """Puts values of the environment in place of `${NAME}`; `missing` gets the places of names that are not set."""

    environment: Mapping[str, str]
    missing: dict[FieldPath, str]

    def of(self, value: Any, place: FieldPath) -> Any:
        """The value with every reference replaced, but for those that have nothing to be replaced by."""
        if isinstance(value, dict):
            return {key: self.of(item, (*place, key)) for key, item in value.items()}
        if isinstance(value, list):
            return [self.of(item, (*place, number)) for number, item in enumerate(value)]
        if not isinstance(value, str):
            return value
        asked = {found.group(1): found.group(2) for found in _REFERENCE.finditer(value)}
        if missing := [name for name, default in asked.items() if default is None and not self.environment.get(name)]:
            self.missing[place] = f"the environment does not set {', '.join(missing)}; set it (see .env.example)"
            return value
        return _REFERENCE.sub(lambda found: self.environment.get(found.group(1)) or found.group(2), value)
