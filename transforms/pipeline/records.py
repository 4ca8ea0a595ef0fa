"""What a run is computed from: canonical records, how their streams were read, and their entities."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl


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


# Kind of record that a table of golden rows or of facts is made of.
KIND_OF_TABLE: Mapping[str, str] = {
    "dim_person": "person",
    "dim_account": "account",
    "fct_opportunity": "opportunity",
    "dim_owner": "owner",
    "fct_activity": "activity",
}


def streams_by_table(records: Records) -> dict[str, list[tuple[str, str]]]:
    """Streams (source, stream) whose records a table is made of, by its name."""
    return {
        table: sorted((shown.source, shown.stream) for shown in records.shown if shown.kind == kind)
        for table, kind in KIND_OF_TABLE.items()
    }


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
