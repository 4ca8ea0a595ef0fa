"""Stream mapping: how the records of one stream become canonical records of one kind."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import polars as pl

from definitions.mapping.entries import Computed, Entry, fields_of
from definitions.mapping.source_mapping import SourceMapping
from definitions.schema.records import OPPORTUNITY, RecordKind

ROWS_BESIDE = Callable[[pl.DataFrame, SourceMapping], pl.DataFrame]


@dataclass(frozen=True, slots=True, kw_only=True)
class ListItems:
    """One landed record holds several: the items of its list `field`, told apart by their own `id` (`record/item`)."""

    field: str
    id: str


@dataclass(frozen=True, slots=True)
class DatedActivity:
    """An activity that is kept only as a date on the record; `label` is the field that tells what kind it was."""

    date: str
    activity_type: str
    direction: str
    label: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamMapping:
    """Records of `kind`; their key is `source:object:id`. What `fields` does not name stays null.

    `inside` is the object of the record in which its fields stand, but for those named in `outside`. `shapes` gives the
    type of fields that are no plain values. `extras` are fields asked for though nothing reads them yet.
    `merged_ids` is the field in which a survivor lists the records merged into it, parted by `;`. `activities` are told
    by dates on the record. `rows_beside` makes further records of the records. `days_are_utc_midnights`: a calendar day
    of the settings' own fields is written as its midnight in UTC. `flag` is the field whose flag history the state
    keeps; entries may then read `flag_set_at`.
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
    rows_beside: ROWS_BESIDE | None = None
    days_are_utc_midnights: bool = False
    flag: str | None = None

    @property
    def keeps_versions(self) -> bool:
        """Whether every landed version is kept: the history of deals is told from them."""
        return self.kind is OPPORTUNITY

    @property
    def kinds(self) -> tuple[str, ...]:
        """Kinds of records the stream tells of, its own first."""
        return (self.kind.name, *(("activity",) if self.activities else ()))

    def read_fields(self) -> tuple[str, ...]:
        """Fields of the source that the mapping reads, in order, each once; without those of the settings."""
        named = [name for entry in self.fields.values() for name in fields_of(entry)]
        named += [name for one in self.activities for name in (one.date, one.label) if name]
        named += [self.each.id] if self.each else []
        named += [self.merged_ids] if self.merged_ids else []
        return tuple(dict.fromkeys(named))

    def asked_fields(self) -> tuple[str, ...]:
        """Fields to ask the source for: what is read and stands inside, and the extras."""
        return tuple(dict.fromkeys([*(name for name in self.read_fields() if name not in self.outside), *self.extras]))


def mapping_of(**fields: Entry) -> dict[str, Entry]:
    """Entries by canonical field, in the order in which faults are told."""
    return fields


def record_id() -> Computed:
    """The id of the landed record."""
    return Computed(pl.col("source_id"))
