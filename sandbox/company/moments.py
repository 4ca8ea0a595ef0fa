"""Days and moments of the company: everything before `as_of` began, in UTC, to the millisecond."""

from datetime import UTC, date, datetime

import numpy as np
import polars as pl

from sandbox.company.chance import Ids, Units

DAY = 86_400_000
HOUR = 3_600_000
NEW_YORK = "America/New_York"
MOMENT = pl.Datetime("ms")


def start_of(day: date) -> int:
    """Milliseconds from 1970 to the first moment of the day in UTC.

    >>> start_of(date(1970, 1, 2))
    86400000
    """
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp() * 1000)


def morning_of(as_of: date) -> int:
    """Moment the sandbox's clock starts at on the day: noon UTC, the same day from California to Japan."""
    return start_of(as_of) + 12 * HOUR


def evening_of(as_of: date) -> int:
    """Moment the sandbox's clock stops at on the day. Nothing happens between the last change and this one.

    Whoever read the time of the day has read of no change that comes later but is dated earlier.
    """
    return start_of(as_of) + 18 * HOUR


def last_change_before(as_of: date) -> int:
    """Latest moment at which anything may have happened: three hours before the day begins, past every safety lag."""
    return start_of(as_of) - 3 * HOUR


def moments(milliseconds: Ids | Units) -> pl.Series:
    """Moments from milliseconds since 1970; NaN gives null."""
    if milliseconds.dtype == np.float64:
        return pl.Series(milliseconds, nan_to_null=True).cast(pl.Int64).cast(MOMENT)
    return pl.Series(milliseconds).cast(MOMENT)


def year_of(milliseconds: int) -> int:
    """Year the moment falls in, UTC."""
    return datetime.fromtimestamp(milliseconds / 1000, tz=UTC).year


def whole_seconds(moment: pl.Expr) -> pl.Expr:
    """Drop the milliseconds: Salesforce keeps none."""
    return moment.dt.truncate("1s")


def new_york_evening(day: pl.Expr, minutes_before_midnight: pl.Expr) -> pl.Expr:
    """UTC moment late on the day in New York, where the UTC day is already the next one."""
    evening = day.cast(MOMENT) + pl.duration(days=1) - pl.duration(minutes=minutes_before_midnight)
    return (
        evening.dt.replace_time_zone(NEW_YORK, ambiguous="earliest")
        .dt.convert_time_zone("UTC")
        .dt.replace_time_zone(None)
    )
