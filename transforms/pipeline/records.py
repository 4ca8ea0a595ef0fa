"""Inputs of the computation: canonical records, counts of their streams, and entities."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import polars as pl

from transforms.conform.conformed import no_value_faults


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamCounts:
    """Record keys of one stream of one source, and the number of versions that this run landed (`pulled`).

    `record_keys` (one column, record_key) has every record that the stream ever delivered, quarantined ones included.
    `object` is the name of its records in their keys. `several` (field_name, records) counts records of a file that
    name several others where one is taken.
    """

    source: str
    stream: str
    kind: str
    record_keys: pl.LazyFrame
    pulled: int
    object: str = ""
    several: pl.DataFrame | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Records:
    """Canonical records of all sources, by kind, in no particular order; lazy, as there may be millions.

    `versions`, `quarantined` and `value_faults` as in `Conformed`; `streams` counts each stream.
    """

    kinds: Mapping[str, pl.LazyFrame]
    versions: pl.DataFrame
    quarantined: pl.DataFrame
    streams: Sequence[StreamCounts]
    value_faults: pl.DataFrame = field(default_factory=no_value_faults)


# Kind of record from which a table of golden rows or of facts is computed.
KIND_OF_TABLE: Mapping[str, str] = {
    "dim_person": "person",
    "dim_account": "account",
    "fct_opportunity": "opportunity",
    "dim_owner": "owner",
    "fct_activity": "activity",
}


def streams_by_table(records: Records) -> dict[str, list[tuple[str, str]]]:
    """Return the streams (source, stream) whose records a table is computed from, by the name of the table."""
    return {
        table: sorted((counts.source, counts.stream) for counts in records.streams if counts.kind == kind)
        for table, kind in KIND_OF_TABLE.items()
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Entities:
    """One kind of entity.

    `golden` has one row per live entity (of owners, deleted ones too). `bridge` has one row per source record:
    record_key, entity_id, match_rule, match_confidence, is_survivor. `live` has the rows of `bridge` whose entity has a
    golden row: published keys refer to these only. `representatives` has the representative record of each live entity:
    entity_id, record_key.
    """

    golden: pl.DataFrame
    bridge: pl.DataFrame
    live: pl.DataFrame
    representatives: pl.DataFrame
