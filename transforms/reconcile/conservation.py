"""Conservation of all streams: the disposition of each delivered record, by kind and stream."""

from collections.abc import Mapping

import polars as pl

from definitions.run_context import RunContext
from transforms.pipeline.records import Entities, Records, StreamCounts
from transforms.reconcile.balance import association_dispositions, balance, entity_dispositions, single_dispositions
from transforms.step import ALL, step

_DISPOSITION_COLUMNS = ["record_key", "is_deleted", "merged_into_key", "from_key", "to_key"]


@step(partition_by=ALL)
def conservation(
    records: Records,
    entities: Mapping[str, Entities],
    matched: pl.DataFrame,
    representative_people: pl.DataFrame,
    run: RunContext,
) -> pl.DataFrame:
    """Return one row per source and stream, in the contract of `ops.conservation`.

    `matched` is the bridge of persons, `representative_people` (record_key) the representative record of each live one.
    The keys of one stream at a time are in memory.
    """
    representatives = {kind: entity.representatives for kind, entity in entities.items()} | {
        "person": representative_people
    }
    bridges = {"person": matched} | {kind: entities[kind].bridge for kind in ("account", "opportunity")}
    balances = []
    for kind in sorted({stream.kind for stream in records.streams}):
        dispositions = _dispositions(records, kind, representatives, bridges)
        balances += [
            _stream_balance(stream, dispositions, records, run) for stream in records.streams if stream.kind == kind
        ]
    return pl.concat(balances).sort("source_system", "stream")


def _dispositions(
    records: Records, kind: str, representatives: Mapping[str, pl.DataFrame], bridges: dict[str, pl.DataFrame]
) -> pl.DataFrame:
    """Return the disposition of each record of a kind: record_key, disposition."""
    rows = records.kinds[kind]
    present = rows.collect_schema().names()
    frame = rows.select(name for name in _DISPOSITION_COLUMNS if name in present).collect(engine="streaming")
    if kind == "association":
        return association_dispositions(frame, bridges)
    return (
        entity_dispositions(frame, representatives[kind])
        if kind in bridges or kind == "owner"
        else single_dispositions(frame)
    )


def _stream_balance(
    stream: StreamCounts, dispositions: pl.DataFrame, records: Records, run: RunContext
) -> pl.DataFrame:
    stream_key = [pl.lit(stream.source).alias("source_system"), pl.lit(stream.stream).alias("stream")]
    is_of_stream = pl.col("source_system").eq(stream.source) & pl.col("stream").eq(stream.stream)
    return balance(
        stream.record_keys.collect(engine="streaming").select(*stream_key, "record_key"),
        dispositions,
        records.quarantined.filter(is_of_stream),
        pl.select(*stream_key, pl.lit(stream.pulled, pl.Int64).alias("pulled")),
        run_id=run.run_id,
    )
