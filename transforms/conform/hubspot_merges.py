"""Merges in HubSpot, which only the survivor tells of: its losers are not archived, they are just no longer there."""

import polars as pl

from transforms.conform.raw import decoded, gathered


def with_merges(text: pl.LazyFrame, state: pl.LazyFrame, source: str, object_name: str) -> pl.LazyFrame:
    """Add `merged_into_key`, the survivor whose `hs_merged_object_ids` names the record; such a record is deleted.

    HubSpot forgets a loser without archiving it, so it would stay among the living.
    """
    merges = merges_of(state, f"{source}.{object_name}")
    key = pl.concat_str(pl.lit(f"{source}:{object_name}:"), pl.col("survivor"))
    return text.join(merges.lazy(), on="source_id", how="left", maintain_order="left").with_columns(
        merged_into_key=key, is_deleted=pl.col("is_deleted") | key.is_not_null()
    )


def merges_of(state: pl.LazyFrame, where: str) -> pl.DataFrame:
    """Which record (`source_id`) was merged into which (`survivor`).

    Read by itself and not from the opened records, which would all have to be held until the last of them is read.
    """
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
