"""Flag history: since when a record shows a flag whose time its source does not give.

For every record the state keeps the last time at which the flag was unset, and each later time at which it was set.
That is enough to add any further version, older or newer, so that the state does not depend on how versions are
batched: a version that shows the flag again leaves its beginning as it is, one without it ends it.
"""

import polars as pl

from definitions.polars_types import MOMENT
from transforms.step import step

FLAG_HISTORY = pl.Schema({"flag_unset_at": MOMENT, "flag_set_at": pl.List(MOMENT)})
"""`flag_unset_at`: latest change time of a version without the flag; null: no such version, or a stream without a flag.
`flag_set_at`: change times of versions with it, not before that, ascending; null for none."""

NO_FLAG = {name: pl.lit(None, dtype) for name, dtype in FLAG_HISTORY.items()}
"""Columns of versions of a stream without a flag."""


def flag_of_version(text: pl.Expr, *, at: pl.Expr, is_deleted: pl.Expr) -> dict[str, pl.Expr]:
    """Return the flag history of one version; the flag is set where its text is not blank.

    A tombstone and a version without a change time have none.
    """
    is_set = (text.str.strip_chars() != "").fill_null(value=False)
    changed_at = pl.when(~is_deleted).then(at)
    return {
        "flag_unset_at": pl.when(~is_set).then(changed_at),
        "flag_set_at": pl.when(is_set & changed_at.is_not_null()).then(pl.concat_list(changed_at)),
    }


@step(partition_by="source_id", delivers=("flag_unset_at", "flag_set_at"))
def with_flag_history(versions: pl.DataFrame) -> pl.DataFrame:
    """Set the flag history of each version to that of its record, combined from all versions of the record.

    `versions` has source_id and the columns of `FLAG_HISTORY`; their order does not matter. A version without an id
    is a record of its own.

    >>> from datetime import UTC, datetime
    >>> first, later = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 8, tzinfo=UTC)
    >>> rows = {"source_id": ["1", "1"], "flag_unset_at": [None, None], "flag_set_at": [[later], [first]]}
    >>> with_flag_history(pl.DataFrame(rows, schema_overrides=FLAG_HISTORY))["flag_set_at"].list.first().unique().item()
    datetime.datetime(2026, 1, 1, 0, 0, tzinfo=zoneinfo.ZoneInfo(key='UTC'))
    """
    has_history = pl.any_horizontal(pl.col(*FLAG_HISTORY).is_not_null())
    is_contested = pl.col("source_id").is_duplicated() & pl.col("source_id").is_not_null()
    contested = versions.select("source_id", *FLAG_HISTORY).filter(is_contested).lazy().filter(has_history)
    unset = contested.group_by("source_id").agg(pl.col("flag_unset_at").max())
    set_times = (
        contested.select("source_id", "flag_set_at")
        .explode("flag_set_at")
        .join(unset, on="source_id", how="left")
        .filter((pl.col("flag_set_at") >= pl.col("flag_unset_at")) | pl.col("flag_unset_at").is_null())
        .filter(pl.col("flag_set_at").is_not_null())
        .group_by("source_id")
        .agg(pl.col("flag_set_at").unique().sort())
    )
    history = unset.join(set_times, on="source_id", how="left").collect()
    if history.is_empty():
        return versions
    is_combined = pl.col("is_combined").is_not_null()
    return (
        versions.join(
            history.with_columns(is_combined=pl.lit(value=True)),
            on="source_id",
            how="left",
            suffix=" of the record",
            maintain_order="left",
        )
        .with_columns(
            pl.when(is_combined).then(f"{name} of the record").otherwise(name).alias(name) for name in FLAG_HISTORY
        )
        .select(versions.columns)
    )
