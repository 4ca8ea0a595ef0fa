"""What is gone without a word: records that a source no longer lists and left no tombstone of."""

import polars as pl


def no_longer_listed(state: pl.DataFrame, listed: pl.Series) -> pl.Series:
    """Whether a version is the live one of a record that is not in `listed`; true, it is to become a tombstone.

    `state` has source_id, is_latest and is_deleted; `listed` holds the source_id of every record that a source has,
    deleted ones too where it tells them. A list that might not be whole must not come here. Needs all records together.
    """
    is_listed = pl.col("source_id").is_in(listed.implode()).fill_null(value=False)
    return state.select(is_gone=pl.col("is_latest") & ~pl.col("is_deleted") & ~is_listed)["is_gone"]


def swept(state: pl.DataFrame, is_gone: pl.Series, location: str | pl.Series) -> pl.DataFrame:
    """`state` with the versions that `is_gone` tells of as tombstones of their own text and time, found at `location`.

    `location` ends in `:0`, by which `is_swept` knows it; as a series it has one value for each row. Row by row.
    """
    return state.with_columns(
        is_deleted=pl.col("is_deleted") | is_gone,
        location=pl.when(is_gone).then(pl.lit(location)).otherwise("location"),
    )


def is_swept(location: pl.Expr) -> pl.Expr:
    """Whether a version became a tombstone because it was no longer listed: no line of a page is the 0th. Row by row.

    >>> pl.select(is_swept(pl.lit(pl.Series(["run/page:0", "run/page:10"])))).to_series().to_list()
    [True, False]
    """
    return location.str.ends_with(":0")
