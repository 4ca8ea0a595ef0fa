"""Records of all sources by kind, concatenated from their conformed streams, with counts and quarantined records."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import polars as pl

from definitions.polars_types import MOMENT, MONEY, schema_of
from definitions.schema.records import RECORD_KINDS, RecordKind
from transforms.conform.conformed import QUARANTINE, no_value_faults
from transforms.frames import empty
from transforms.identity.links import live_associations
from transforms.pipeline.records import Records, StreamCounts
from transforms.step import ALL, step

_VERSIONS = pl.Schema(
    {
        "record_key": pl.String(),
        "version_at": MOMENT,
        "location": pl.String(),
        "is_deleted": pl.Boolean(),
        "pipeline_id": pl.String(),
        "source_stage": pl.String(),
        "last_stage_change_at": MOMENT,
        "source_close_date": pl.Date(),
        "amount": MONEY,
        "is_closed": pl.Boolean(),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ConformedStream:
    """One conformed stream.

    `kinds` has its records by kind, `versions` every landed version of opportunities, `quarantined` the records
    quarantined before or after landing. `counts` has all record keys, read from the state and not from the results, so
    that a lost record shows as a difference.
    """

    counts: StreamCounts
    kinds: Mapping[str, pl.LazyFrame]
    quarantined: pl.DataFrame
    versions: pl.DataFrame | None = None
    value_faults: pl.DataFrame = field(default_factory=no_value_faults)


@step(partition_by=ALL)
def gathered_records(streams: Iterable[ConformedStream]) -> Records:
    """Concatenate the records of all streams by kind; a kind that no stream has is empty."""
    parts: dict[str, list[pl.LazyFrame]] = {name: [] for name in RECORD_KINDS}
    versions, quarantined = [pl.DataFrame(schema=_VERSIONS)], [empty(QUARANTINE).collect()]
    value_faults = [no_value_faults()]
    counts = []
    for stream in streams:
        for kind, records in stream.kinds.items():
            parts[kind].append(records)
        quarantined.append(stream.quarantined)
        value_faults.append(stream.value_faults)
        if stream.versions is not None:
            versions.append(stream.versions)
        counts.append(stream.counts)
    kinds = {name: _concatenated(kind, parts[name]) for name, kind in RECORD_KINDS.items()}
    ends = [kinds[end] for end in ("person", "account", "opportunity")]
    kinds["association"] = live_associations(kinds["association"].collect(), ends).lazy()
    return Records(
        kinds=kinds,
        versions=pl.concat(versions),
        quarantined=pl.concat(quarantined),
        value_faults=pl.concat(value_faults),
        streams=counts,
    )


def _concatenated(kind: RecordKind, frames: list[pl.LazyFrame]) -> pl.LazyFrame:
    return pl.concat([pl.LazyFrame(schema=schema_of(kind.fields)), *frames])
