"""One week of the company's life: its first and last moment, its draws, and how a record is changed in it."""

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import polars as pl

from sandbox.company.chance import Dice, Draws, Ids
from sandbox.company.moments import evening_of, last_change_before, moments
from sandbox.company.records import marks

DAYS = 7


@dataclass(frozen=True, slots=True)
class Week:
    """The week that ends before `as_of`; everything in it is drawn from (seed, number)."""

    dice: Dice
    number: int
    as_of: date

    @property
    def begins(self) -> int:
        """Moment the clock of the week before stops at, in milliseconds: everything new comes after it."""
        return evening_of(self.as_of - timedelta(days=DAYS))

    @property
    def ends(self) -> int:
        """Last moment of the week, in milliseconds."""
        return last_change_before(self.as_of)

    def salt(self, what: str) -> str:
        """A draw's name, different every week."""
        return f"week {self.number} {what}"

    def draws(self, what: str, table: pl.DataFrame) -> Draws:
        """Draws of this week for the records of a table."""
        return Draws(self.dice, self.salt(what), marks(table))

    def own_dice(self) -> Dice:
        """Dice that give this week draws of its own under the same names."""
        return Dice(self.dice.seed * 1_000_003 + self.number)

    def times(self, what: str, ids: Ids) -> pl.Series:
        """Draw a moment of the week, to the second, for every id."""
        seconds = (self.ends - self.begins) // 1000
        return moments(self.begins + 1000 * self.dice.whole(1, seconds + 1, self.salt(f"{what} when"), ids))

    def bulk_time(self, what: str) -> pl.Expr:
        """The one moment of the week at which a bulk edit ran."""
        return pl.lit(self.times(what, np.zeros(1, dtype=np.int64))[0])


def touch(
    table: pl.DataFrame,
    hit: pl.Expr,
    week: Week,
    what: str,
    values: dict[str, pl.Expr],
    *,
    ids: Ids | None = None,
    at: pl.Expr | None = None,
) -> pl.DataFrame:
    """Set `values` where `hit`, and the modified time to a moment of the week; the values may use it as `_at`.

    A record touched twice in a week keeps the later moment. `ids` says whose draw the moment is (by default the
    record's own), so that one event gives records of two systems the same moment.
    """
    drawn = at if at is not None else pl.lit(week.times(what, marks(table) if ids is None else ids))
    rows = table.with_columns(_hit=hit.fill_null(value=False), _at=pl.max_horizontal(drawn, "_modified"))
    changed = {
        name: pl.when("_hit").then(value).otherwise(pl.col(name)).cast(table.schema[name])
        for name, value in values.items()
    }
    return rows.with_columns(**changed, _modified=pl.when("_hit").then("_at").otherwise("_modified")).drop(
        "_hit", "_at"
    )
