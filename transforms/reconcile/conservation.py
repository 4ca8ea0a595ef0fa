"""The balance of all streams: where each record that was shown is, kind by kind and stream by stream."""

from collections.abc import Mapping

import polars as pl

from definitions.run_context import RunContext
from transforms.pipeline.records import Entities, Records, StreamCounts
from transforms.reconcile.balance import association_places, balance, entity_places, single_places
from transforms.step import ALL, step

_PLACED = ["record_key", "is_deleted", "merged_into_key", "from_key", "to_key"]


@step(partition_by=ALL)
def conservation(
    records: Records,
    entities: Mapping[str, Entities],
    tied: pl.DataFrame,
    chosen_people: pl.DataFrame,
    run: RunContext,
) -> pl.DataFrame:
    """One row per source and stream, in the contract of `ops.conservation`.

    `tied` is the bridge of persons, `chosen_people` (record_key) the record that stands for each live one. One stream's
    keys are held at a time.
    """
    chosen = {kind: entity.chosen for kind, entity in entities.items()} | {"person": chosen_people}
    bridges = {"person": tied} | {kind: entities[kind].bridge for kind in ("account", "opportunity")}
    sheets = []
    for kind in sorted({shown.kind for shown in records.shown}):
        ended = _places(records, kind, chosen, bridges)
        sheets += [_sheet(shown, ended, records, run) for shown in records.shown if shown.kind == kind]
    return pl.concat(sheets).sort("source_system", "stream")


def _places(
    records: Records, kind: str, chosen: Mapping[str, pl.DataFrame], bridges: dict[str, pl.DataFrame]
) -> pl.DataFrame:
    """Where each record of a kind ended: record_key, disposition."""
    kept = records.kinds[kind]
    have = kept.collect_schema().names()
    frame = kept.select(name for name in _PLACED if name in have).collect(engine="streaming")
    if kind == "association":
        return association_places(frame, bridges)
    return entity_places(frame, chosen[kind]) if kind in bridges or kind == "owner" else single_places(frame)


def _sheet(shown: StreamCounts, ended: pl.DataFrame, records: Records, run: RunContext) -> pl.DataFrame:
    place = [pl.lit(shown.source).alias("source_system"), pl.lit(shown.stream).alias("stream")]
    aside = pl.col("source_system").eq(shown.source) & pl.col("stream").eq(shown.stream)
    return balance(
        shown.record_keys.collect(engine="streaming").select(*place, "record_key"),
        ended,
        records.quarantined.filter(aside),
        pl.select(*place, pl.lit(shown.pulled, pl.Int64).alias("pulled")),
        run_id=run.run_id,
    )
