"""The calendar: every day, with the fiscal quarter it belongs to."""

from datetime import date

import polars as pl

from definitions.errors import TransformError
from definitions.schema.tables import DIM_DATE

_SATURDAY = 6


def calendar(first: date, last: date, *, fiscal_year_starts_in: int) -> pl.LazyFrame:
    """Make the rows of `dim_date` for each day from `first` to `last`, both included, in order.

    `fiscal_year_starts_in` is the month, 1 to 12. A fiscal year is named by the calendar year it ends in, a quarter
    FY26-Q3. Raises `TransformError` when `last` is before `first`.
    """
    if last < first:
        raise TransformError(f"Calendar: {last} is before {first}. Give the earlier day first.")
    day = pl.col("calendar_date")
    months_into_year = (day.dt.month() - fiscal_year_starts_in) % 12
    quarter_began = day.dt.month_start().dt.offset_by(pl.format("-{}mo", months_into_year % 3))
    # The last month of the fiscal year is in the calendar year that names it.
    year_ends = day.dt.month_start().dt.offset_by(pl.format("{}mo", 11 - months_into_year))
    return (
        pl.LazyFrame({"calendar_date": pl.date_range(first, last, eager=True)})
        .with_columns(
            calendar_year=day.dt.year(),
            calendar_quarter=day.dt.quarter().cast(pl.Int32),
            calendar_month=day.dt.month().cast(pl.Int32),
            day_of_week=day.dt.weekday().cast(pl.Int32),
            is_business_day=day.dt.weekday() < _SATURDAY,
            fiscal_year=year_ends.dt.year(),
            fiscal_quarter=(months_into_year // 3 + 1).cast(pl.Int32),
            first_day_of_fiscal_quarter=quarter_began,
            last_day_of_fiscal_quarter=quarter_began.dt.offset_by("3mo").dt.offset_by("-1d"),
            day_of_fiscal_quarter=((day - quarter_began).dt.total_days() + 1).cast(pl.Int32),
        )
        .with_columns(fiscal_quarter_name=_quarter_name())
        .select(DIM_DATE.content)
    )


def _quarter_name() -> pl.Expr:
    two_digits = (pl.col("fiscal_year") % 100).cast(pl.String).str.zfill(2)
    return pl.format("FY{}-Q{}", two_digits, "fiscal_quarter")
