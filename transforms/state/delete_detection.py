"""Delete detection: mark records that a complete listing no longer contains, where the source left no tombstone."""

import polars as pl

from transforms.step import ROW, step


@step(partition_by=ROW, needs=("live_ids",))
def missing_from_listing(state: pl.DataFrame, live_ids: pl.Series) -> pl.Series:
    """Return whether a version is the live one of a record that is missing from `live_ids`, so must become a tombstone.

    `state` has source_id, is_latest and is_deleted; `live_ids` holds the source_id of every record that a complete
    listing showed as live. Do not call it for a listing that may be incomplete.
    """
    is_listed = pl.col("source_id").is_in(live_ids.implode()).fill_null(value=False)
    return state.select(is_gone=pl.col("is_latest") & ~pl.col("is_deleted") & ~is_listed)["is_gone"]


@step(partition_by=ROW, delivers=("is_deleted", "unlisted_by"))
def with_tombstones(state: pl.DataFrame, is_gone: pl.Series, run_id: str) -> pl.DataFrame:
    """Turn the versions marked by `is_gone` into tombstones; their text, time and location stay.

    `run_id` is the run that completed the listing; `unlisted_by` names it.
    """
    run = pl.lit(run_id).cast(state.schema["unlisted_by"])
    return state.with_columns(
        is_deleted=pl.col("is_deleted") | is_gone,
        unlisted_by=pl.when(is_gone).then(run).otherwise("unlisted_by"),
    )
