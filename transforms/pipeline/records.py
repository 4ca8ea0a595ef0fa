"""What a run is computed from: canonical records, how their streams were read, and their entities."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
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
    shown: Sequence[Shown]


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
