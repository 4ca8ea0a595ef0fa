"""Conservation: every record a source has shown ends in exactly one place, and the sums say so."""

import polars as pl

from definitions.schema.tables import OPS_CONSERVATION
from transforms.frames import conformed
from transforms.step import ALL, ROW, step

_PLACES = ("curated", "merged_into", "deleted", "quarantined", "excluded")


@step(partition_by=ROW, needs=("chosen",), delivers=("record_key", "disposition"))
def entity_places(records: pl.DataFrame, chosen: pl.DataFrame) -> pl.DataFrame:
    """One row per record of a kind that is resolved: record_key, disposition.

    `chosen` has the record_key that stands for each entity; that one is curated and the entity's other live records are
    merged into its row. What the source deleted is deleted, unless the source says it was merged.
    """
    is_merged = pl.col("merged_into_key").is_not_null() if "merged_into_key" in records.columns else pl.lit(value=False)
    place = (
        pl.when(is_merged)
        .then(pl.lit("merged_into"))
        .when("is_deleted")
        .then(pl.lit("deleted"))
        .when(pl.col("record_key").is_in(chosen["record_key"].implode()))
        .then(pl.lit("curated"))
        .otherwise(pl.lit("merged_into"))
    )
    return records.select("record_key", disposition=place)


@step(partition_by=ROW, delivers=("record_key", "disposition"))
def single_places(records: pl.DataFrame) -> pl.DataFrame:
    """One row per record that stands for itself (activity, stage, product): curated, or deleted."""
    place = pl.when("is_deleted").then(pl.lit("deleted")).otherwise(pl.lit("curated"))
    return records.select("record_key", disposition=place)


@step(partition_by=ROW, needs=("bridges",), delivers=("record_key", "disposition"))
def association_places(associations: pl.DataFrame, bridges: dict[str, pl.DataFrame]) -> pl.DataFrame:
    """One row per association: merged into the rows it ties, deleted, or excluded where an end was never seen."""
    seen = pl.concat([bridge.select("record_key") for bridge in bridges.values()])["record_key"].implode()
    ties = pl.col("from_key").is_in(seen) & pl.col("to_key").is_in(seen)
    place = (
        pl.when("is_deleted")
        .then(pl.lit("deleted"))
        .when(ties)
        .then(pl.lit("merged_into"))
        .otherwise(pl.lit("excluded"))
    )
    return associations.select("record_key", disposition=place)


@step(partition_by=ALL)
def balance(
    shown: pl.DataFrame, places: pl.DataFrame, quarantined: pl.DataFrame, pulled: pl.DataFrame, *, run_id: str
) -> pl.DataFrame:
    """One row per source and stream, in the contract of `ops.conservation`.

    `shown` has one row per record the stream has shown (source_system, stream, record_key), counted where the records
    are read; `places` says where each ended, counted where the tables are made; `pulled` has source_system, stream,
    pulled.
    """
    quarantine = quarantined.select("source_system", "stream", "record_key", disposition=pl.lit("quarantined"))
    ended = shown.join(places, on="record_key", how="inner", maintain_order="left")
    ended = pl.concat(
        [ended.select(quarantine.columns), quarantine.unique("record_key", keep="first", maintain_order=True)]
    )
    counts = [(pl.col("disposition") == name).sum().cast(pl.Int64).alias(name) for name in _PLACES]
    streams = ["source_system", "stream"]
    fetched = shown.group_by(streams).agg(fetched=pl.len().cast(pl.Int64))
    table = (
        pulled.join(fetched, on=streams, how="left")
        .join(ended.group_by(streams).agg(counts), on=streams, how="left")
        .with_columns(pl.col("fetched", *_PLACES).fill_null(0))
        .with_columns(run_id=pl.lit(run_id), difference=pl.col("fetched") - pl.sum_horizontal(_PLACES))
        .sort(streams)
    )
    return conformed(table.lazy(), OPS_CONSERVATION).collect()
