"""Delete detection: mark records that a complete listing no longer shows alive, where the source left no tombstone."""

import polars as pl

from transforms.step import ROW, step


@step(partition_by=ROW, needs=("alive",))
def no_longer_alive(state: pl.DataFrame, alive: pl.Series) -> pl.Series:
    """Whether a version is the live one of a record that is not in `alive`; true, it is to become a tombstone.

    `state` has source_id, is_latest and is_deleted; `alive` holds the source_id of every record that a complete listing
    showed alive. A listing that may lack records must not come here.
    """
    is_alive = pl.col("source_id").is_in(alive.implode()).fill_null(value=False)
    return state.select(is_gone=pl.col("is_latest") & ~pl.col("is_deleted") & ~is_alive)["is_gone"]


@step(partition_by=ROW, delivers=("is_deleted", "unlisted_by"))
def with_tombstones(state: pl.DataFrame, is_gone: pl.Series, run_id: str) -> pl.DataFrame:
    """Make the versions that `is_gone` tells of tombstones, with the text, time and place that they have.

    `run_id` is the run that completed the listing; `unlisted_by` names it.
    """
    run = pl.lit(run_id).cast(state.schema["unlisted_by"])
    return state.with_columns(
        is_deleted=pl.col("is_deleted") | is_gone,
        unlisted_by=pl.when(is_gone).then(run).otherwise("unlisted_by"),
    )
