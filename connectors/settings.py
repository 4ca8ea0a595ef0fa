"""Settings of a source in bantam.yaml: what every source is asked, and what every HTTP source says of itself."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Annotated, Any, ClassVar, Literal, Protocol

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, field_validator

from connectors.http.body import RequestLimits
from connectors.http.rate_limit import Rate
from definitions.agreement.model import Definitions
from definitions.config.mistakes import raise_mistakes
from definitions.mapping.custom_fields import PREFIX, FieldEntry, field_mistakes
from definitions.mapping.source_mapping import SourceMapping
from definitions.mapping.source_words import ClassWord, StageWord, StatusWord, TimeZone
from definitions.mapping.stream_mapping import StreamMapping
from definitions.schema.column import Column


class SourceSettings(Protocol):
    """What the generic code asks the settings of any source."""

    @property
    def name(self) -> str:
        """Name of the source; part of every record key."""

    @property
    def kind(self) -> str:
        """Its type: the name of a folder under connectors."""

    @property
    def role(self) -> Literal["crm", "marketing"]:
        """Whose word counts where sources differ."""

    @property
    def region(self) -> str | None:
        """Country of telephone numbers without one."""

    @property
    def time_zone(self) -> str | None:
        """Zone of its moments; null: that of the reports."""

    @property
    def currency(self) -> str | None:
        """Currency of amounts that name none; null: that of the reports."""

    @property
    def stages(self) -> Mapping[str, str]:
        """Canonical stage of each of its stages."""

    def mapping(self, definitions: Definitions) -> SourceMapping:
        """What the source means by its words, under these definitions."""

    def account(self) -> Any:
        """The account that the settings name; of a folder there is none."""


def _sendable(secret: SecretStr) -> SecretStr:
    """Without the white space and line end that come along when it is copied or read from a file."""
    text = secret.get_secret_value().strip()
    if not (text and text.isascii() and text.isprintable()):
        raise ValueError("is empty or holds a character that no secret has; copy it again")
    return SecretStr(text)


Credential = Annotated[SecretStr, AfterValidator(_sendable)]


class RateLimit(BaseModel):
    """So many requests in so many seconds, as the vendor's plan allows."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    requests: int = Field(ge=1)
    seconds: float = Field(gt=0)

    def rate(self) -> Rate:
        """The same, as the client takes it."""
        return Rate(self.requests, self.seconds)


class HttpSettings(BaseModel):
    """What every HTTP source says of itself; durations in seconds. `mappings`: objects whose fields may be mapped."""

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
        raise_mistakes(field_mistakes(mapping, {one.object: one.kind for one in cls.mappings}))
        return mapping

    @property
    def source_fields(self) -> Mapping[str, Mapping[str, str]]:
        """Per object, the source's field for each mapped one, those of the customer's own too."""
        return {
            name: {field: given.source_field for field, given in chosen.items()} for name, chosen in self.fields.items()
        }

    @property
    def custom(self) -> Mapping[str, tuple[Column, ...]]:
        """Per object, the columns of the customer's own fields."""
        return {
            name: tuple(given.column(field) for field, given in chosen.items() if field.startswith(PREFIX))
            for name, chosen in self.fields.items()
        }

    @classmethod
    def kind_of(cls, object_name: str) -> str:
        """Kind of record that an object of the vendor is."""
        return next(one.kind.name for one in cls.mappings if one.object == object_name)

    def default_record_urls(self) -> Mapping[str, str]:
        """Deep links by object, `{}` where the id stands; none where the vendor has no pages that can be told."""
        return {}

    def account(self) -> Any:
        """The account that the settings name, as streams and client take it."""
        raise NotImplementedError

    def account_options(self, **more: Any) -> dict[str, Any]:
        """Settings for the account, and `more`, with limits and custom fields; what was not given keeps its default."""
        limits: dict[str, Any] = {
            "retry_budget_seconds": self.retry_budget_seconds,
            "deadline_seconds": self.request_seconds,
        }
        given = {"page_size": self.page_size, "lookback_seconds": self.lookback_seconds, **more}
        return {
            **{name: value for name, value in given.items() if value is not None},
            "limits": RequestLimits(**{name: value for name, value in limits.items() if value is not None}),
            "properties": {name: _unique(chosen.values()) for name, chosen in self.source_fields.items()},
        }

    def mapping(self, definitions: Definitions) -> SourceMapping:
        """What the source means by its words, under these definitions."""
        return replace(
            source_mapping(self, definitions),
            record_url=self.record_url or self.default_record_urls(),
            fields=self.source_fields,
            custom=self.custom,
            statuses=self.statuses,
            lifecycle_stages=self.lifecycle_stages,
            activity_types=self.activity_types,
            linked_source=self.twin,
        )


def source_mapping(source: SourceSettings, definitions: Definitions) -> SourceMapping:
    """What every source means by its words: what its settings leave out is as in the definitions' reports."""
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
