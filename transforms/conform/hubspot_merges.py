"""Merges in HubSpot, which only the survivor tells of: its losers are not archived, they are just no longer there."""

import polars as pl

from transforms.conform.raw import decoded, gathered
from transforms.step import ALL, ROW, step


@step(partition_by=ALL, delivers=("source_id", "survivor"))
def merges_of(state: pl.LazyFrame, where: str) -> pl.DataFrame:
    """Which record (`source_id`) was merged into which (`survivor`)."""
    shape = pl.Struct({"properties": pl.Struct({"hs_merged_object_ids": pl.String})})
    # Inside a text quotes are escaped, so nothing but the property itself looks like this.
    survivors = state.filter(~pl.col("raw").str.contains('"hs_merged_object_ids":null', literal=True))
    merges = (
        decoded(survivors, shape)
        .unnest("properties")
        .select(pl.col("source_id").alias("survivor"), pl.col("hs_merged_object_ids").str.split(";").alias("source_id"))
        .explode("source_id")
        .with_columns(pl.col("source_id").str.strip_chars())
        .filter(pl.col("source_id").is_not_null(), pl.col("source_id") != "", pl.col("source_id") != pl.col("survivor"))
        .group_by("source_id")
        .agg(pl.col("survivor").min())
    )
    return gathered(merges, where)


@step(partition_by=ROW, needs=("merges",), delivers=("survivor",))
def with_survivors(state: pl.LazyFrame, merges: pl.DataFrame) -> pl.LazyFrame:
    """Add `survivor`, the id of the record that each was merged into (`merges_of`); null for all others."""
    return state.join(merges.lazy(), on="source_id", how="left", maintain_order="left")


@step(partition_by=ROW, delivers=("merged_into_key", "is_deleted"))
def with_merges(text: pl.LazyFrame, source: str, object_name: str) -> pl.LazyFrame:
    """Add `merged_into_key` to records that have `survivor`; a record that was merged away is deleted.

    HubSpot forgets a loser without archiving it, so it would stay among the living.
    """
    key = pl.concat_str(pl.lit(f"{source}:{object_name}:"), pl.col("survivor"))
    return text.with_columns(merged_into_key=key, is_deleted=pl.col("is_deleted") | key.is_not_null())
