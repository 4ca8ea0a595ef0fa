"""Records a system holds of the true things: which ones, which twice, which merged away, archived, edited in bulk.

Hidden columns of every record begin with an underscore: `_id` (as the vendor writes it), `_rank` (order of ids),
`_created`, `_modified` (UTC), `_state` (live, archived, absent), `_entity` (number of the true thing), `_copy`
(0 the record itself, 1 a duplicate of it, 2 a duplicate that was merged into it).
"""

from dataclasses import dataclass

import numpy as np
import polars as pl

from sandbox.company.chance import Dice, Ids
from sandbox.company.moments import DAY, HOUR, moments

DUPLICATE, LOSER = 1, 2
LIVE = pl.col("_state") == "live"
FIRST_AND_LIVE = (pl.col("_copy") == 0) & LIVE


@dataclass(frozen=True, slots=True, kw_only=True)
class Habits:
    """How one system treats its records, as shares of them."""

    twice: float = 0.03
    merged: float = 0.012
    archived: float = 0.012
    bulk_edited: float = 0.2
    bulk_edit_days_ago: int = 22


def marks(rows: pl.DataFrame) -> Ids:
    """A number of its own for every record of a table."""
    return np.asarray(rows["_entity"].to_numpy() * 4 + rows["_copy"].to_numpy(), dtype=np.int64)


def hubspot_state() -> pl.Expr:
    """Merged-away records are absent from HubSpot; archived ones are in a list of their own."""
    gone = pl.when(pl.col("_copy") == LOSER).then(pl.lit("absent"))
    return gone.when("_archived").then(pl.lit("archived")).otherwise(pl.lit("live"))


def salesforce_state(never: pl.Expr) -> pl.Expr:
    """Merged-away and deleted records are in Salesforce's bin; those where `never` holds are not deleted."""
    binned = (pl.col("_copy") == LOSER) | (pl.col("_archived") & ~never)
    return pl.when(binned).then(pl.lit("archived")).otherwise(pl.lit("live"))


def held(things: pl.DataFrame, entity: str, dice: Dice, salt: str, habits: Habits) -> pl.DataFrame:
    """Add the rows of duplicates and merge losers to the true things; rows come in order of creation."""
    ids = things[entity].to_numpy()
    twice = dice.happens(habits.twice, f"{salt} twice", ids)
    merged = dice.happens(habits.merged, f"{salt} merged", ids)
    rows = pl.concat(
        [
            things.with_columns(_copy=pl.lit(0)),
            things.filter(twice).with_columns(_copy=pl.lit(DUPLICATE), born=pl.col("born") + pl.duration(days=1)),
            things.filter(merged).with_columns(_copy=pl.lit(LOSER), born=pl.col("born") + pl.duration(hours=30)),
        ]
    )
    return rows.with_columns(_entity=pl.col(entity)).sort("born", "_entity", "_copy")


def stamped(
    rows: pl.DataFrame, touched: pl.Expr, dice: Dice, salt: str, habits: Habits, last_change: int
) -> pl.DataFrame:
    """Add `_created`, `_modified` and `_archived`; a bulk edit gave many rows one modified time."""
    ids = marks(rows)
    lag = pl.Series(dice.whole(0, 40 * HOUR, f"{salt} lag", ids)).cast(pl.Duration("ms"))
    bulk_at = moments(np.array([last_change - habits.bulk_edit_days_ago * DAY]))[0]
    newest = moments(np.array([last_change]))[0]
    return rows.with_columns(
        _created=pl.min_horizontal("born", pl.lit(newest)),
        _modified=pl.min_horizontal(pl.max_horizontal("born", touched) + lag, pl.lit(newest)),
        _archived=pl.Series(dice.happens(habits.archived, f"{salt} archived", ids)),
        _bulk=pl.Series(dice.happens(habits.bulk_edited, f"{salt} bulk", ids)),
    ).with_columns(
        _modified=pl.when(pl.col("_bulk") & (pl.col("_created") <= bulk_at))
        .then(pl.max_horizontal("_modified", pl.lit(bulk_at)))
        .otherwise("_modified")
    )


def survivor_of(rows: pl.DataFrame, column: str) -> pl.DataFrame:
    """Column `column` of the record each merge loser went into, for every row (null for the others)."""
    kept = rows.filter(pl.col("_copy") == 0).select("_entity", _survivor=column)
    return rows.join(kept, on="_entity", how="left", maintain_order="left").with_columns(
        _survivor=pl.when(pl.col("_copy") == LOSER).then("_survivor")
    )


def losers_of(rows: pl.DataFrame, column: str) -> pl.DataFrame:
    """Ids merged into each record, `;`-separated (null where none)."""
    lost = rows.filter(pl.col("_copy") == LOSER).select("_entity", _losers=pl.col(column))
    merged = lost.group_by("_entity", maintain_order=True).agg(pl.col("_losers").str.join(";"))
    return rows.join(merged, on="_entity", how="left", maintain_order="left").with_columns(
        _losers=pl.when(pl.col("_copy") == 0).then("_losers")
    )
