from datetime import date, timedelta

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from definitions.errors import TransformError
from definitions.polars_types import schema_of
from definitions.schema.tables import DIM_DATE
from transforms.frames import conformed
from transforms.history.calendar import calendar

MONTHS = st.integers(1, 12)
DAYS = st.dates(date(1999, 1, 1), date(2101, 1, 1))


@pytest.mark.parametrize(
    ("day", "starts_in", "expected"),
    [
        (date(2026, 1, 31), 2, ("FY26-Q4", 2026, 4, date(2025, 11, 1), date(2026, 1, 31), 92)),
        (date(2026, 2, 1), 2, ("FY27-Q1", 2027, 1, date(2026, 2, 1), date(2026, 4, 30), 1)),
        (date(2026, 2, 1), 1, ("FY26-Q1", 2026, 1, date(2026, 1, 1), date(2026, 3, 31), 32)),
        (date(2025, 12, 31), 1, ("FY25-Q4", 2025, 4, date(2025, 10, 1), date(2025, 12, 31), 92)),
        (date(2025, 12, 1), 12, ("FY26-Q1", 2026, 1, date(2025, 12, 1), date(2026, 2, 28), 1)),
        (date(2024, 2, 29), 12, ("FY24-Q1", 2024, 1, date(2023, 12, 1), date(2024, 2, 29), 91)),
        (date(2009, 5, 5), 1, ("FY09-Q2", 2009, 2, date(2009, 4, 1), date(2009, 6, 30), 35)),
    ],
    ids=["last of a year", "first of a year", "calendar year", "year's end", "starts in December", "leap", "zero"],
)
def test_fiscal_quarter(day, starts_in, expected):
    columns = ["fiscal_quarter_name", "fiscal_year", "fiscal_quarter", "first_day_of_fiscal_quarter"]
    columns += ["last_day_of_fiscal_quarter", "day_of_fiscal_quarter"]
    frame = calendar(day, day, fiscal_year_starts_in=starts_in).collect()
    assert frame.select(columns).row(0) == expected


def test_days_of_the_week():
    week = calendar(date(2026, 3, 2), date(2026, 3, 8), fiscal_year_starts_in=1).collect()
    assert week["day_of_week"].to_list() == [1, 2, 3, 4, 5, 6, 7]
    assert week["is_business_day"].to_list() == [True] * 5 + [False] * 2


@settings(max_examples=60, deadline=None)
@given(DAYS, st.integers(0, 800), MONTHS)
def test_quarters_tile_the_calendar(first, length, starts_in):
    last = first + timedelta(days=length)
    frame = calendar(first, last, fiscal_year_starts_in=starts_in).collect()
    assert frame["calendar_date"].to_list() == [first + timedelta(days=at) for at in range(length + 1)]
    for row, following in zip(frame.to_dicts(), frame.to_dicts()[1:], strict=False):
        began, ended = row["first_day_of_fiscal_quarter"], row["last_day_of_fiscal_quarter"]
        assert began <= row["calendar_date"] <= ended
        assert row["day_of_fiscal_quarter"] == (row["calendar_date"] - began).days + 1
        assert began.day == 1
        if row["calendar_date"] < ended:
            assert following["first_day_of_fiscal_quarter"] == began
            assert following["fiscal_quarter_name"] == row["fiscal_quarter_name"]
        else:
            assert following["first_day_of_fiscal_quarter"] == ended + timedelta(days=1)
            assert following["day_of_fiscal_quarter"] == 1
            assert following["fiscal_quarter"] == row["fiscal_quarter"] % 4 + 1


@settings(max_examples=60, deadline=None)
@given(st.integers(2000, 2099), MONTHS)
def test_a_fiscal_year_has_four_quarters_and_ends_in_the_year_that_names_it(year, starts_in):
    frame = calendar(date(year - 1, 1, 1), date(year, 12, 31), fiscal_year_starts_in=starts_in).collect()
    named = frame.filter(pl.col("fiscal_year") == year)
    assert named["fiscal_quarter"].unique().sort().to_list() == [1, 2, 3, 4]
    assert named.height in {365, 366}
    assert named["last_day_of_fiscal_quarter"].max().year == year
    assert named["calendar_date"].min().month == starts_in


def test_the_calendar_fits_its_table():
    frame = conformed(calendar(date(2026, 1, 1), date(2026, 12, 31), fiscal_year_starts_in=2), DIM_DATE)
    assert frame.collect().schema == schema_of(DIM_DATE.columns)


def test_days_the_wrong_way_round_are_refused():
    with pytest.raises(TransformError, match="before"):
        calendar(date(2026, 1, 2), date(2026, 1, 1), fiscal_year_starts_in=1)
