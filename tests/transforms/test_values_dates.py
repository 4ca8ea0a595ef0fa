from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from transforms.values.dates import day, day_in_zone, is_ambiguous, moment

NEW_YORK = "America/New_York"


def read(expression, *texts):
    frame = pl.LazyFrame({"text": pl.Series(texts, dtype=pl.String)})
    return frame.select(expression).collect().to_series().to_list()


@pytest.mark.parametrize(
    ("text", "iso", "day_first", "month_first"),
    [
        ("2016-10-20", date(2016, 10, 20), date(2016, 10, 20), date(2016, 10, 20)),
        (" 2016-10-20 ", date(2016, 10, 20), date(2016, 10, 20), date(2016, 10, 20)),
        ("2016/1/2", date(2016, 1, 2), date(2016, 1, 2), date(2016, 1, 2)),
        ("20161020", date(2016, 10, 20), date(2016, 10, 20), date(2016, 10, 20)),
        ("3 Oct 2016", date(2016, 10, 3), date(2016, 10, 3), date(2016, 10, 3)),
        ("03-October-2016", date(2016, 10, 3), date(2016, 10, 3), date(2016, 10, 3)),
        ("Oct. 3, 2016", date(2016, 10, 3), date(2016, 10, 3), date(2016, 10, 3)),
        ("15 Apr, 2026 00:03:00", date(2026, 4, 15), date(2026, 4, 15), date(2026, 4, 15)),
        ("1. August 2026", date(2026, 8, 1), date(2026, 8, 1), date(2026, 8, 1)),
        ("3rd Aug 2026", date(2026, 8, 3), date(2026, 8, 3), date(2026, 8, 3)),
        ("August 21st, 2026", date(2026, 8, 21), date(2026, 8, 21), date(2026, 8, 21)),
        ("03-Aug-26", date(2026, 8, 3), date(2026, 8, 3), date(2026, 8, 3)),
        ("03-AUG-69", date(1969, 8, 3), date(1969, 8, 3), date(1969, 8, 3)),
        ("31 Nov 2026", None, None, None),
        ("3 Brumaire 26", None, None, None),
        ("3/1/2017", None, date(2017, 1, 3), date(2017, 3, 1)),
        ("03.01.2017", None, date(2017, 1, 3), date(2017, 3, 1)),
        ("3-1-17", None, date(2017, 1, 3), date(2017, 3, 1)),
        ("3/1/68", None, date(2068, 1, 3), date(2068, 3, 1)),
        ("3/1/69", None, date(1969, 1, 3), date(1969, 3, 1)),
        ("10/20/2016", None, None, date(2016, 10, 20)),
        ("10/11/12", None, date(2012, 11, 10), date(2012, 10, 11)),
        ("3/1/2017 2:05 PM", None, date(2017, 1, 3), date(2017, 3, 1)),
        ("3/1/2017 13:05 PM", None, None, None),
        ("2017-02-30", None, None, None),
        ("2017-13-01", None, None, None),
        ("0000-01-01", None, None, None),
        ("10000-01-01", None, None, None),
        ("2016", None, None, None),
        ("42663", None, None, None),
        ("2017111", None, None, None),
        ("tomorrow", None, None, None),
        ("", None, None, None),
        (None, None, None, None),
    ],
)
def test_a_day_is_read_only_under_its_declared_order(text, iso, day_first, month_first):
    column = pl.col("text")
    assert read(day(column), text) == [iso]
    assert read(day(column, order="day_first"), text) == [day_first]
    assert read(day(column, order="month_first"), text) == [month_first]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2024-07-24T14:05:58.000+0000", datetime(2024, 7, 24, 14, 5, 58, tzinfo=UTC)),
        ("2024-07-24T14:05:58.123456789Z", datetime(2024, 7, 24, 14, 5, 58, 123456, tzinfo=UTC)),
        ("2024-07-24T14:05:58,5+02:00", datetime(2024, 7, 24, 12, 5, 58, 500000, tzinfo=UTC)),
        ("2024-07-24 14:05 -05", datetime(2024, 7, 24, 19, 5, tzinfo=UTC)),
        ("2024-07-24T14:05:58-0530", datetime(2024, 7, 24, 19, 35, 58, tzinfo=UTC)),
        ("1721829958000", datetime(2024, 7, 24, 14, 5, 58, tzinfo=UTC)),
        ("2024-07-24 14:05:58", datetime(2024, 7, 24, 18, 5, 58, tzinfo=UTC)),
        ("2024-07-24", datetime(2024, 7, 24, 4, tzinfo=UTC)),
        ("24 Jul 2024 12:05 am", datetime(2024, 7, 24, 4, 5, tzinfo=UTC)),
        ("2024-03-10 02:30", datetime(2024, 3, 10, 7, 30, tzinfo=UTC)),
        ("2024-11-03 01:30", datetime(2024, 11, 3, 5, 30, tzinfo=UTC)),
        ("2024-07-24T25:00:00", None),
        ("2024-07-24T14:61:00Z", None),
        ("1e999", None),
    ],
    ids=[
        "Salesforce",
        "nanoseconds are cut",
        "comma as decimal mark",
        "offset after a space",
        "half-hour offset",
        "epoch milliseconds",
        "time on the wall",
        "a day is its first moment there",
        "twelve at night",
        "a time the clocks jumped over",
        "a time the clocks showed twice is the first",
        "no such hour",
        "no such minute",
        "no moment",
    ],
)
def test_moments_are_utc(text, expected):
    assert read(moment(pl.col("text"), NEW_YORK), text) == [expected]


def test_a_day_without_a_time_begins_where_it_is_asked_for():
    told = read(moment(pl.col("text"), "Europe/Berlin", days_in=NEW_YORK), "2024-07-24", "2024-07-24 14:05")
    assert told == [datetime(2024, 7, 24, 4, tzinfo=UTC), datetime(2024, 7, 24, 12, 5, tzinfo=UTC)]


@pytest.mark.parametrize(
    ("zone", "expected"),
    [("UTC", date(2024, 7, 25)), (NEW_YORK, date(2024, 7, 24)), ("Asia/Tokyo", date(2024, 7, 25))],
)
def test_the_day_of_a_moment_is_the_day_there(zone, expected):
    assert read(day(pl.col("text"), zone), "2024-07-25T00:30:00Z", "1721867400000") == [expected, expected]
    assert read(day_in_zone(moment(pl.col("text")), zone), "2024-07-25T00:30:00Z") == [expected]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("3/1/2017", True),
        ("12-12-2017", True),
        ("3.1.17 14:00", True),
        ("3/13/2017", False),
        ("13/3/2017", False),
        ("2017-03-01", False),
        ("3 Jan 2017", False),
        ("", False),
        (None, None),
    ],
)
def test_what_can_be_read_both_ways_is_told(text, expected):
    assert read(is_ambiguous(pl.col("text")), text) == [expected]


DAYS = st.dates(date(1, 1, 1), date(9999, 12, 31))


@settings(deadline=None)
@given(st.lists(DAYS))
def test_every_day_survives_each_order(days):
    column = pl.col("text")
    assert read(day(column), *(f"{d.year:04}-{d.month:02}-{d.day:02}" for d in days)) == days
    assert read(day(column, order="day_first"), *(f"{d.day}/{d.month}/{d.year:04}" for d in days)) == days
    assert read(day(column, order="month_first"), *(f"{d.month}/{d.day}/{d.year:04}" for d in days)) == days


TIMES = st.datetimes(datetime.fromisoformat("1970-01-03"), datetime.fromisoformat("2099-12-29"))


@settings(deadline=None)
@given(st.lists(TIMES, max_size=20), st.sampled_from(["UTC", NEW_YORK]))
def test_a_moment_falls_on_the_day_that_the_zone_says(times, zone):
    moments = [time.replace(tzinfo=UTC) for time in times]
    texts = [time.isoformat() for time in moments]
    assert read(moment(pl.col("text")), *texts) == moments
    assert read(day(pl.col("text"), zone), *texts) == [time.astimezone(ZoneInfo(zone)).date() for time in moments]


@settings(deadline=None)
@given(
    st.lists(st.text() | st.sampled_from(["2016-10-20", "3/1/2017", "1721829958000", "2024-07-24T14:05Z"]), max_size=5)
)
def test_each_row_is_read_by_itself(texts):
    for expression in (day(pl.col("text"), order="day_first"), moment(pl.col("text"), NEW_YORK, order="month_first")):
        assert read(expression, *texts) == [read(expression, text)[0] for text in texts]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("46418", date(2027, 1, 31)),
        ("46418.75", date(2027, 1, 31)),
        ("46418,75", date(2027, 1, 31)),
        ("1", date(1900, 1, 1)),
        ("59", date(1900, 2, 28)),
        ("60", None),
        ("61", date(1900, 3, 1)),
        ("2958465", date(9999, 12, 31)),
        ("2958466", None),
        ("0", None),
        ("-1", None),
        ("2026-04-15", date(2026, 4, 15)),
        ("3 Aug 2026", date(2026, 8, 3)),
        ("20260415", date(2026, 4, 15)),
        ("3/4/2026", None),
    ],
)
def test_a_day_number_of_a_spreadsheet_is_read_where_it_is_declared(text, expected):
    assert read(day(pl.col("text"), order="excel"), text) == [expected]


def test_the_fraction_of_a_day_number_is_a_time_on_the_wall():
    moments = read(moment(pl.col("text"), NEW_YORK, order="excel"), "46418.604166666664", "46418", "46418.0")
    assert moments == [
        datetime(2027, 1, 31, 19, 30, tzinfo=UTC),
        datetime(2027, 1, 31, 5, tzinfo=UTC),
        datetime(2027, 1, 31, 5, tzinfo=UTC),
    ]


@given(st.dates(min_value=date(1900, 3, 1)))
def test_day_numbers_count_days(on):
    assert read(day(pl.col("text"), order="excel"), str((on - date(1899, 12, 30)).days)) == [on]
