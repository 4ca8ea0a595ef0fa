"""Merges recorded only in the survivor: the source neither deletes nor lists the merged records."""

import polars as pl

from definitions.mapping.stream_mapping import StreamMapping
from transforms.conform.raw import collected, decoded
from transforms.step import ALL, ROW, step


@step(partition_by=ROW, needs=("merges",), delivers=("survivor",))
def with_survivors(state: pl.LazyFrame, merges: pl.DataFrame) -> pl.LazyFrame:
    """Add `survivor`, the id of the record that each was merged into (`merges_of`); null for all others."""
    return state.join(merges.lazy(), on="source_id", how="left", maintain_order="left")


@step(partition_by=ALL, delivers=("source_id", "survivor"))
def merges_of(state: pl.LazyFrame, mapping: StreamMapping, where: str) -> pl.DataFrame:
    """Return one row per merged record (`source_id`) with the record that it was merged into (`survivor`).

    Raises `TransformError` naming `where` where a stored record is not of the declared shape.
    """
    name = mapping.merged_ids or ""
    shape = pl.Struct({name: pl.String})
    # Quotes inside a text are escaped, so only the field itself matches.
    survivors = state.filter(~pl.col("raw").str.contains(f'"{name}":null', literal=True))
    merges = (
        decoded(survivors, shape if mapping.inside is None else pl.Struct({mapping.inside: shape}))
        .pipe(lambda rows: rows if mapping.inside is None else rows.unnest(mapping.inside))
        .select(pl.col("source_id").alias("survivor"), pl.col(name).str.split(";").alias("source_id"))
        .explode("source_id")
        .with_columns(pl.col("source_id").str.strip_chars())
        .filter(pl.col("source_id").is_not_null(), pl.col("source_id") != "", pl.col("source_id") != pl.col("survivor"))
        .group_by("source_id")
        .agg(pl.col("survivor").min())
    )
    return collected(merges, where)
