"""Settings of a source in bantam.yaml: the interface of all sources, and the settings shared by HTTP sources."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Annotated, Any, ClassVar, Literal, Protocol

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, field_validator

from connectors.http.body import RequestLimits
from connectors.http.rate_limit import Rate
from definitions.agreement.model import Definitions
from definitions.config.mistakes import raise_mistakes
from definitions.config.yaml_file import FieldPath
from definitions.mapping.custom_fields import PREFIX, FieldEntry, field_mistakes
from definitions.mapping.source_mapping import OnUnreadable, SourceMapping
from definitions.mapping.source_words import ClassWord, StageWord, StatusWord, TimeZone
from definitions.mapping.stream_mapping import StreamMapping
from definitions.schema.column import Column


class SourceSettings(Protocol):
    """Interface of the settings of any source, as the generic code uses it."""

    @property
    def name(self) -> str:
        """Name of the source; part of every record key."""

    @property
    def kind(self) -> str:
        """Type of the source: the name of a folder under connectors."""

    @property
    def role(self) -> Literal["crm", "marketing"]:
        """Rank of the source where sources disagree."""

    @property
    def region(self) -> str | None:
        """Country of telephone numbers without a country code; None: no default."""

    @property
    def time_zone(self) -> str | None:
        """Time zone of timestamps without an offset; None: that of the reports."""

    @property
    def currency(self) -> str | None:
        """Currency of amounts without one; None: that of the reports."""

    @property
    def stages(self) -> Mapping[str, str]:
        """Canonical stage by stage of the source."""

    @property
    def sweep_every(self) -> timedelta | None:
        """Interval between sweeps of a stream; None: never swept."""

    def custom_columns(self) -> Iterator[tuple[FieldPath, str, Column]]:
        """Each entry of a customer's own field: its place in the source, the kind of record, its column."""

    def mapping(self, definitions: Definitions) -> SourceMapping:
        """What the source means by its words, under these definitions."""

    def account(self) -> Any:
        """Build the account of these settings; a folder has none."""


def _sendable(secret: SecretStr) -> SecretStr:
    """Strip white space, which comes with copying or a file; raise `ValueError` where no HTTP header may hold it."""
    text = secret.get_secret_value().strip()
    if not (text and text.isascii() and text.isprintable()):
        raise ValueError("is empty or holds a character that no secret has; copy it again")
    return SecretStr(text)


Credential = Annotated[SecretStr, AfterValidator(_sendable)]


def _off(use: Any) -> Any:
    """Read `off` as the word: without quotes YAML takes it for a boolean."""
    return "off" if use is False else use


StreamUse = Annotated[Literal["required", "optional", "off"], BeforeValidator(_off)]


class RateLimit(BaseModel):
    """Rate limit of the vendor's plan: at most `requests` in any `seconds`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    requests: int = Field(ge=1)
    seconds: float = Field(gt=0)

    def rate(self) -> Rate:
        """Convert to the rate of the HTTP client."""
        return Rate(self.requests, self.seconds)


class HttpSettings(BaseModel):
    """Settings of every HTTP source; durations in seconds. `mappings`: objects whose fields may be mapped.

    `streams`: whether the run fails where the source refuses a stream (`required`), goes on without it (`optional`, the
    default for all but the core objects), or does not ask for it (`off`). `sweep_hours`: how often all records of a
    stream are listed again (0: each run, null: never).
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    mappings: ClassVar[tuple[StreamMapping, ...]] = ()

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    kind: str
    role: Literal["crm", "marketing"]
    base_url: str
    time_zone: TimeZone | None = None
    currency: str | None = None
    region: str | None = Field(default=None, pattern=r"^[A-Z]{2}$")
    twin: str | None = None
    page_size: int | None = Field(default=None, ge=1)
    lookback_seconds: float | None = Field(default=None, ge=0)
    retry_budget_seconds: float | None = Field(default=None, ge=0)
    request_seconds: float | None = Field(default=None, gt=0)
    sweep_hours: float | None = Field(default=24, ge=0)
    streams: Mapping[str, StreamUse] = {}
    record_url: Mapping[str, str] = {}
    stages: Mapping[str, StageWord]
    fields: Mapping[str, Mapping[str, FieldEntry]] = {}
    statuses: Mapping[str, StatusWord] = {}
    lifecycle_stages: Mapping[str, ClassWord] = {}
    activity_types: Mapping[str, str] = {}
    ignored_owners: tuple[str, ...] = ()

    @field_validator("fields")
    @classmethod
    def _fields_are_ours(
        cls, mapping: Mapping[str, Mapping[str, FieldEntry]]
    ) -> Mapping[str, Mapping[str, FieldEntry]]:
        raise_mistakes(field_mistakes(mapping, {stream.object: stream.kind for stream in cls.mappings}))
        return mapping

    @property
    def sweep_every(self) -> timedelta | None:
        """Interval between sweeps of a stream; None: never swept."""
        return None if self.sweep_hours is None else timedelta(hours=self.sweep_hours)

    @property
    def source_fields(self) -> Mapping[str, Mapping[str, str]]:
        """Source field of each mapped field, custom fields included, by object."""
        return {
            name: {field: entry.source_field for field, entry in entries.items() if entry.source_field is not None}
            for name, entries in self.fields.items()
        }

    @property
    def on_unreadable(self) -> Mapping[str, Mapping[str, OnUnreadable]]:
        """What an unreadable value costs, by object and field."""
        return {
            name: {field: entry.on_unreadable for field, entry in entries.items()}
            for name, entries in self.fields.items()
        }

    @property
    def custom(self) -> Mapping[str, tuple[Column, ...]]:
        """Columns of the custom fields, by object."""
        return {
            name: tuple(entry.column(field) for field, entry in entries.items() if field.startswith(PREFIX))
            for name, entries in self.fields.items()
        }

    def custom_columns(self) -> Iterator[tuple[FieldPath, str, Column]]:
        """Each entry of a customer's own field: its place in the source, the kind of record, its column."""
        for name, columns in self.custom.items():
            for column in columns:
                yield ("fields", name, column.name), self.kind_of(name), column

    @classmethod
    def kind_of(cls, object_name: str) -> str:
        """Return the kind of record of a vendor's object."""
        return next(stream.kind.name for stream in cls.mappings if stream.object == object_name)

    def default_record_urls(self) -> Mapping[str, str]:
        """Return URL templates of records by object, `{}` for the id; empty where the vendor has no such pages."""
        return {}

    def account(self) -> Any:
        """Build the account of these settings, for streams and client."""
        raise NotImplementedError

    def account_options(self, **more: Any) -> dict[str, Any]:
        """Collect arguments of the account: settings, `more`, limits and properties; unset ones keep their default."""
        limits: dict[str, Any] = {
            "retry_budget_seconds": self.retry_budget_seconds,
            "deadline_seconds": self.request_seconds,
        }
        options = {"page_size": self.page_size, "lookback_seconds": self.lookback_seconds, **more}
        return {
            **{name: value for name, value in options.items() if value is not None},
            "limits": RequestLimits(**{name: value for name, value in limits.items() if value is not None}),
            "properties": {name: _unique(fields.values()) for name, fields in self.source_fields.items()},
        }

    def mapping(self, definitions: Definitions) -> SourceMapping:
        """What the source means by its words, under these definitions."""
        return replace(
            source_mapping(self, definitions),
            record_url=self.record_url or self.default_record_urls(),
            fields=self.source_fields,
            custom=self.custom,
            on_unreadable=self.on_unreadable,
            statuses=self.statuses,
            lifecycle_stages=self.lifecycle_stages,
            activity_types=self.activity_types,
            linked_source=self.twin,
        )


def source_mapping(source: SourceSettings, definitions: Definitions) -> SourceMapping:
    """Build the mapping that all sources share; unset settings are those of the definitions' reports."""
    reporting = definitions.reporting
    return SourceMapping(
        source=source.name,
        time_zone=source.time_zone or reporting.time_zone,
        days_in=reporting.time_zone,
        currency=source.currency or reporting.currency,
        region=source.region,
        stages=source.stages,
        origins=definitions.lead_sources,
    )


def _unique(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))
