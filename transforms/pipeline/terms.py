"""What a run is computed under: the agreement, the date, and what was published before. Plain values, no clock."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

import polars as pl

from definitions.agreement.model import Definitions
from transforms.values.library_answers import LibraryAnswers
from transforms.values.phone import no_answers


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What all sources share in a run.

    `roles` says per source whether it is a `crm` or a `marketing` system, in order of priority; `regions` gives the
    country of a telephone number that names none; `rates` the reporting currency for one unit of another;
    `ignored_owners` the record keys of integration users, whose activities are no evidence. `phone_answers` changes no
    row: it has what the library of telephone numbers said, and takes up what it says.
    """

    definitions: Definitions
    as_of: date
    run_id: str
    roles: Mapping[str, str]
    regions: Mapping[str, str | None]
    rates: Mapping[str, float]
    ignored_owners: tuple[str, ...] = ()
    is_baseline: bool = False
    phone_answers: LibraryAnswers = field(default_factory=no_answers, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamCounts:
    """One stream of one source: which kind its records are, their keys, and how many versions this run landed.

    `record_keys` (one column, record_key) has every record the stream has shown, those set aside too.
    """

    source: str
    stream: str
    kind: str
    record_keys: pl.LazyFrame
    pulled: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Records:
    """Canonical records of all sources, by kind, in no particular order; a million of them may lie on disk.

    `versions` and `quarantined` as in `Conformed`; `shown` is each stream as it was read.
    """

    kinds: Mapping[str, pl.LazyFrame]
    versions: pl.DataFrame
    quarantined: pl.DataFrame
    shown: Sequence[StreamCounts]


@dataclass(frozen=True, slots=True, kw_only=True)
class Before:
    """What is published: classes per kind (record_id, class, class_since), issues and the latest snapshots."""

    classes: Mapping[str, pl.DataFrame]
    issues: pl.LazyFrame
    snapshots: pl.DataFrame


@dataclass(frozen=True, slots=True, kw_only=True)
class Entities:
    """One kind of entity.

    `golden` has one row for each that is live (of owners, for each deleted one too), `bridge` one row per source record
    (record_key, entity_id, match_rule, match_confidence, is_survivor), `chosen` the record that stands for each live
    entity (entity_id, record_key). `alive` is the rows of `bridge` that lead to a golden row: what is published may
    point nowhere else.
    """

    golden: pl.DataFrame
    bridge: pl.DataFrame
    alive: pl.DataFrame
    chosen: pl.DataFrame
