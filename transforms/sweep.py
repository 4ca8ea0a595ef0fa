"""What is gone without a word: records that a source no longer lists and left no tombstone of."""

import polars as pl


def no_longer_listed(state: pl.DataFrame, listed: pl.DataFrame, location: str) -> pl.DataFrame:
    """Tombstones of the live records that are not in `listed`, as of their last version, found at `location`.

    `state` as `transforms.versions.STATE`; `listed` holds the source_id of every record that a source has, deleted ones
    too where it tells them. A list that might not be whole must not come here. Needs all records together.
    """
    live = state.filter("is_latest", ~pl.col("is_deleted"))
    missing = live.join(listed, on="source_id", how="anti", maintain_order="left")
    return missing.with_columns(is_deleted=pl.lit(value=True), location=pl.lit(location))
