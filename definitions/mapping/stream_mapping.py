"""Stream mapping: how the records of one stream become canonical records of one kind."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import polars as pl

from definitions.mapping.entries import Computed, Entry, fields_of
from definitions.mapping.source_mapping import SourceMapping
from definitions.schema.records import OPPORTUNITY, RecordKind

DeriveRows = Callable[[pl.DataFrame, SourceMapping], pl.DataFrame]


@dataclass(frozen=True, slots=True, kw_only=True)
class ListItems:
    """One landed record holds several: the items of its list `field`, identified by their `id` (`record/item`)."""

    field: str
    id: str


@dataclass(frozen=True, slots=True)
class DatedActivity:
    """An activity stored only as a date on the record; `label` is the field with the kind of activity."""

    date: str
    activity_type: str
    direction: str
    label: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamMapping:
    """Records of `kind`; their key is `source:object:id`. Canonical fields without an entry stay null.

    `inside` is the object of the record that holds its fields, except those named in `outside`. `shapes` has the
    types of fields that are not plain values. `extras` are requested fields that nothing reads yet.
    `merged_ids` is the field in which a survivor lists the records merged into it, separated by `;`. `activities` are
    dates on the record. `derived_rows` computes further records from the records. `days_are_utc_midnights`: a calendar
    day of a custom field is written as its midnight in UTC. `flag` is the field whose flag history the state
    stores; entries may then read `flag_set_at`.
    """

    kind: RecordKind
    object: str
    fields: Mapping[str, Entry]
    inside: str | None = None
    outside: tuple[str, ...] = ()
    shapes: Mapping[str, pl.DataType] = field(default_factory=dict)
    extras: tuple[str, ...] = ()
    each: ListItems | None = None
    merged_ids: str | None = None
    activities: tuple[DatedActivity, ...] = ()
    derived_rows: DeriveRows | None = None
    days_are_utc_midnights: bool = False
    flag: str | None = None

    @property
    def keeps_versions(self) -> bool:
        """Whether every landed version is stored: the history of deals is computed from them."""
        return self.kind is OPPORTUNITY

    @property
    def kinds(self) -> tuple[str, ...]:
        """Kinds of records that the stream yields, its own first."""
        return (self.kind.name, *(("activity",) if self.activities else ()))

    def read_fields(self) -> tuple[str, ...]:
        """List the fields of the source that the mapping reads, in order, each once; without those of the settings."""
        named = [name for entry in self.fields.values() for name in fields_of(entry)]
        named += [name for activity in self.activities for name in (activity.date, activity.label) if name]
        named += [self.each.id] if self.each else []
        named += [self.merged_ids] if self.merged_ids else []
        return tuple(dict.fromkeys(named))

    def requested_fields(self) -> tuple[str, ...]:
        """Return the fields to request from the source: those read from `inside`, and the extras."""
        return tuple(dict.fromkeys([*(name for name in self.read_fields() if name not in self.outside), *self.extras]))


def mapping_of(**fields: Entry) -> dict[str, Entry]:
    """Collect entries by canonical field, in the order in which faults are reported."""
    return fields


def record_id() -> Computed:
    """Return the id of the landed record."""
    return Computed(pl.col("source_id"))
