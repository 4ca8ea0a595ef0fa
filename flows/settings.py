"""Settings: bantam.yaml and the environment, read only here; a mistake names file and line.

bantam.yaml has secrets only as `${NAME}`; their values come from the environment and stay `SecretStr`.
`${NAME:-x}` is x if the environment does not set NAME, or sets it to empty text.
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
from connectors.settings import SourceSettings
from connectors.source_type import HttpSource
from definitions.config.mistakes import configuration_error, raise_mistakes
from definitions.config.shape_errors import describe_errors
from definitions.config.suggestions import suggestion
from definitions.config.yaml_file import FieldPath, read_yaml
from definitions.fault_limit import RECORDS, VALUES, FaultLimit
from definitions.mapping.custom_fields import UNREADABLE
from definitions.schema.column import Column, Kind
from expectations.declared import DeclaredExpectation
from flows.declared_expectations import expectations_file, read_expectations

# Fields of the settings that do not come from the file.
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
    # The union of the settings of all registered source types, discriminated by `kind`.
    Source = Annotated[Union[tuple(kind.settings for kind in SOURCE_TYPES.values())], Field(discriminator="kind")]  # noqa: UP007


class Alerts(_Strict):
    """Targets of digests: Apprise URLs. `owners` may contain {email} and {owner_id}, filled in for each owner.

    Empty text is no URL, so that `${NAME:-}` means none; one text may name several targets of RevOps, separated by
    blanks. Owners get no messages while anything published is older than `max_stale_hours`. A target has
    `time_limit_seconds` for one message.
    """

    revops: tuple[SecretStr, ...] = ()
    owners: SecretStr | None = None
    max_stale_hours: int = Field(default=26, ge=1)
    record_limit: int = Field(default=10, ge=1, le=10)
    time_limit_seconds: float = Field(default=30, gt=0)

    @field_validator("revops", mode="before")
    @classmethod
    def _split_urls(cls, value: Any) -> Any:
        texts = [value] if isinstance(value, str) else value
        if not isinstance(texts, list | tuple) or not all(isinstance(text, str) for text in texts):
            return value
        return tuple(url for text in texts for url in text.split())

    @field_validator("owners", mode="before")
    @classmethod
    def _none_if_empty(cls, value: Any) -> Any:
        return None if isinstance(value, str) and not value.strip() else value


class Settings(_Strict):
    """Settings of a run, without its date.

    `quarantine_ceiling` is the share of a stream's records, `unreadable_ceiling` that of the values of a file's column,
    that may be unreadable; of the values of any field half may be, or `unreadable_ceiling` where that is more. An
    audit longer than `audit_minutes` stops the run. `expectations` are evaluated by Great Expectations in the audit of
    every run; bantam.yaml may name another file that holds them.
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
        """Limit of quarantined records of a stream."""
        return replace(RECORDS, share=self.quarantine_ceiling)

    @property
    def value_limit(self) -> FaultLimit:
        """Limit of values of a file's column that are not of the declared kind."""
        return replace(VALUES, share=self.unreadable_ceiling)

    @property
    def definitions_path(self) -> str:
        """A name of a profile, or a path that starts from the settings' folder."""
        is_file = self.definitions.endswith((".yaml", ".yml"))
        return str(self.config_folder / self.definitions) if is_file else self.definitions

    @model_validator(mode="after")
    def _names_are_unique(self) -> "Settings":
        names = [source.name for source in self.sources]
        mistakes: dict[FieldPath, str] = {}
        for number, source in enumerate(self.sources):
            if source.name in names[:number]:
                mistakes["sources", number, "name"] = f"two sources are called {source.name!r}; give each its own name"
            linked_source = getattr(source, "twin", None)
            if linked_source is not None and linked_source not in names:
                mistakes["sources", number, "twin"] = f"no source is called so{suggestion(linked_source, names)}"
            mistakes |= _unknown_streams(source, ("sources", number, "streams"))
        raise_mistakes(mistakes)
        return self

    @model_validator(mode="after")
    def _custom_fields_are_of_one_kind(self) -> "Settings":
        kinds: dict[tuple[str, str], Kind] = {}
        mistakes: dict[FieldPath, str] = {}
        for field_path, record_kind, column in self._custom_columns():
            kind = kinds.setdefault((record_kind, column.name), column.kind)
            if kind is not column.kind:
                mistakes[field_path] = f"another source says that it is of kind {kind.value}; give both one kind"
        raise_mistakes(mistakes)
        return self

    @property
    def custom(self) -> Mapping[str, tuple[Column, ...]]:
        """Customer's own fields by kind of record, in the order of the file, each as its first source declares it."""
        by_kind: dict[str, dict[str, Column]] = {}
        for _, record_kind, column in self._custom_columns():
            by_kind.setdefault(record_kind, {}).setdefault(column.name, column)
        return {kind: (*columns.values(), UNREADABLE) for kind, columns in by_kind.items()}

    def _custom_columns(self) -> Iterator[tuple[FieldPath, str, Column]]:
        """Yield each entry of a customer's own field: path in the file, kind of record, column."""
        for number, source in enumerate(self.sources):
            for field_path, record_kind, column in source.custom_columns():
                yield ("sources", number, *field_path), record_kind, column

    @field_validator("exchange_rates")
    @classmethod
    def _rates_are_positive(cls, rates: Mapping[str, float]) -> Mapping[str, float]:
        raise_mistakes(
            {(code,): f"the rate of {code} is not above 0" for code, rate in rates.items() if not 0 < rate < inf}
        )
        return rates


def _unknown_streams(source: SourceSettings, field_path: FieldPath) -> dict[FieldPath, str]:
    """Return the names under `streams` of a vendor that it has no stream of."""
    source_type = SOURCE_TYPES[source.kind]
    if not isinstance(source_type, HttpSource):
        return {}
    names = [stream.name for stream in source_type.streams]
    unknown = [name for name in getattr(source, "streams", {}) if name not in names]
    return {
        (*field_path, name): f"{source.kind} has no stream of this name{suggestion(name, names)}" for name in unknown
    }


def load_settings(
    config: Path, environment: Mapping[str, str] | None = None, *, needs_environment: bool = True
) -> Settings:
    """Read bantam.yaml, fill in the environment; `ConfigurationError` names file, line and next step.

    Without `needs_environment` a name that the environment does not set stands for a word of no meaning: for who asks
    no source, and reads only what the file itself says.
    """
    environment = os.environ if environment is None else environment
    content, lines = read_yaml(config)
    filling = _Filling(environment, {}, None if needs_environment else "unset")
    filled = filling.of(content, ())
    # A missing variable is reported instead of the mistakes that follow from it.
    mistakes = filling.missing | {(name,): reason for name, reason in _ELSEWHERE.items() if name in content}
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
    """Substitution of `${NAME}` by the environment; `missing` collects the paths of names that are not set.

    With a `stand_in` no name is missing: it is substituted for names that are not set.
    """

    environment: Mapping[str, str]
    missing: dict[FieldPath, str]
    stand_in: str | None

    def of(self, value: Any, field_path: FieldPath) -> Any:
        """Return the value with every reference replaced, unless one of its names is not set."""
        if isinstance(value, dict):
            return {key: self.of(item, (*field_path, key)) for key, item in value.items()}
        if isinstance(value, list):
            return [self.of(item, (*field_path, number)) for number, item in enumerate(value)]
        if not isinstance(value, str):
            return value
        references = _REFERENCE.finditer(value)
        if missing := dict.fromkeys(found.group(1) for found in references if self._value(found) is None):
            self.missing[field_path] = f"the environment does not set {', '.join(missing)}; set it (see .env.example)"
        return _REFERENCE.sub(lambda found: self._value(found) or "", value)

    def _value(self, found: re.Match[str]) -> str | None:
        """What a reference stands for; null where nothing says."""
        name, default = found.groups()
        return self.environment.get(name) or (self.stand_in if default is None else default)
