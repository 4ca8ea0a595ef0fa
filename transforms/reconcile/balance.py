"""Conservation: every record that a source delivered has exactly one disposition, and the sums agree."""

import polars as pl

from definitions.schema.tables import OPS_CONSERVATION
from transforms.frames import conformed
from transforms.step import ALL, ROW, step

_DISPOSITIONS = ("curated", "merged_into", "deleted", "quarantined", "excluded")


@step(partition_by=ROW, needs=("representatives",), delivers=("record_key", "disposition"))
def entity_dispositions(records: pl.DataFrame, representatives: pl.DataFrame) -> pl.DataFrame:
    """Return one row per record of a resolved kind: record_key, disposition.

    `representatives` has the record_key that represents each entity: it is curated, and the entity's other live records
    are merged into its row. A record that the source deleted is deleted, unless the source merged it.
    """
    is_merged = pl.col("merged_into_key").is_not_null() if "merged_into_key" in records.columns else pl.lit(value=False)
    disposition = (
        pl.when(is_merged)
        .then(pl.lit("merged_into"))
        .when("is_deleted")
        .then(pl.lit("deleted"))
        .when(pl.col("record_key").is_in(representatives["record_key"].implode()))
        .then(pl.lit("curated"))
        .otherwise(pl.lit("merged_into"))
    )
    return records.select("record_key", disposition=disposition)


@step(partition_by=ROW, delivers=("record_key", "disposition"))
def single_dispositions(records: pl.DataFrame) -> pl.DataFrame:
    """Return one row per record of an unresolved kind (activity, stage, product): curated, or deleted."""
    disposition = pl.when("is_deleted").then(pl.lit("deleted")).otherwise(pl.lit("curated"))
    return records.select("record_key", disposition=disposition)


@step(partition_by=ROW, needs=("bridges",), delivers=("record_key", "disposition"))
def association_dispositions(associations: pl.DataFrame, bridges: dict[str, pl.DataFrame]) -> pl.DataFrame:
    """Return one row per association: merged into the rows it links, deleted, or excluded where an end is unknown."""
    known_keys = pl.concat([bridge.select("record_key") for bridge in bridges.values()])["record_key"].implode()
    has_both_ends = pl.col("from_key").is_in(known_keys) & pl.col("to_key").is_in(known_keys)
    disposition = (
        pl.when("is_deleted")
        .then(pl.lit("deleted"))
        .when(has_both_ends)
        .then(pl.lit("merged_into"))
        .otherwise(pl.lit("excluded"))
    )
    return associations.select("record_key", disposition=disposition)


@step(partition_by=ALL)
def balance(
    delivered: pl.DataFrame, dispositions: pl.DataFrame, quarantined: pl.DataFrame, pulled: pl.DataFrame, *, run_id: str
) -> pl.DataFrame:
    """Return one row per source and stream, in the contract of `ops.conservation`.

    `delivered` has one row per record of a stream (source_system, stream, record_key), counted where records are read;
    `dispositions` has the outcome of each, counted where tables are made; `pulled` has source_system, stream, pulled.
    """
    quarantine = quarantined.select("source_system", "stream", "record_key", disposition=pl.lit("quarantined"))
    placed_records = delivered.join(dispositions, on="record_key", how="inner", maintain_order="left")
    placed_records = pl.concat(
        [placed_records.select(quarantine.columns), quarantine.unique("record_key", keep="first", maintain_order=True)]
    )
    counts = [(pl.col("disposition") == name).sum().cast(pl.Int64).alias(name) for name in _DISPOSITIONS]
    streams = ["source_system", "stream"]
    fetched = delivered.group_by(streams).agg(fetched=pl.len().cast(pl.Int64))
    table = (
        pulled.join(fetched, on=streams, how="left")
        .join(placed_records.group_by(streams).agg(counts), on=streams, how="left")
        .with_columns(pl.col("fetched", *_DISPOSITIONS).fill_null(0))
        .with_columns(run_id=pl.lit(run_id), difference=pl.col("fetched") - pl.sum_horizontal(_DISPOSITIONS))
        .sort(streams)
    )
    return conformed(table.lazy(), OPS_CONSERVATION).collect()
