"""A column of a file most of whose values cannot be read is wrongly declared: what is refused, and what is said."""

import pytest

from definitions.errors import FileUnreadableError
from tests.transforms.declared_files import conform, stream


def column(field, **column):
    return {"columns": {field: {"column": "x", **column}}}


@pytest.mark.parametrize(
    ("bad", "good", "is_refused"),
    [(2, 0, False), (3, 0, True), (3, 57, False), (3, 56, True), (2, 1, False)],
    ids=["two are single faults", "three of three", "three of sixty", "more than 5%", "two of three"],
)
def test_a_column_in_which_many_values_are_wrong_is_a_wrong_declaration(bad, good, is_refused):
    rows = [{"id": str(i), "x": "3/1/2017"} for i in range(bad)]
    rows += [{"id": str(i), "x": "2017-03-01"} for i in range(bad, bad + good)] + [{"id": "blank", "x": ""}] * 1
    of = stream(**column("source_close_date"))
    if not is_refused:
        assert conform(rows, of).value_faults.height == bad
        return
    with pytest.raises(FileUnreadableError) as refusal:
        conform(rows, of)
    told = str(refusal.value)
    assert told.startswith("crm.deals: d.csv: column 'x' (source_close_date): ")
    said = "not an ISO day, in lines 2, 3, 4, written as '9/9/9999'"
    assert f"{bad} of {bad + good} values: {said} ({bad} of them are ambiguous" in told
    assert "Declare `dates: day_first` or `dates: month_first`" in told


def test_every_wrong_column_is_named_at_once():
    columns = {"source_close_date": "x", "amount": "y"}
    rows = [{"id": str(i), "x": "13/1/2017", "y": "1.234,50"} for i in range(20)]
    with pytest.raises(FileUnreadableError) as refusal:
        conform(rows, stream(columns=columns, dates="month_first", decimal="."))
    told = str(refusal.value)
    assert "'x' (source_close_date): 20 of 20 values: not a day under `dates: month_first`" in told
    assert "'y' (amount): 20 of 20 values: not a number with '.'" in told
    assert "in lines 2, 3, 4, 5, 6 and more" in told


def test_a_customers_own_field_of_which_many_values_cannot_be_read_stops_its_file():
    rows = [{"id": str(number), "x": "3/1/2017"} for number in range(9)]
    with pytest.raises(FileUnreadableError, match=r"column 'x' \(custom\.x\): 9 of 9 values"):
        conform(rows, stream(**column("custom.x", kind="day")))


@pytest.mark.parametrize(
    ("text", "dates", "says"),
    [
        ("46418", "iso", "not an ISO day, in lines 2, 3, 4, written as '99999'. They look like the day numbers"),
        ("25 Germinal 2026", "day_first", "written as '99 Xxxxxxxx 9999'. Export ISO days, such as 2026-04-15."),
        (
            "13/25/2026",
            "day_first",
            "not a day under `dates: day_first`, in lines 2, 3, 4, written as '99/99/9999'. Correct",
        ),
    ],
    ids=["days of a spreadsheet", "words that no order explains", "figures in another order"],
)
def test_dates_that_cannot_be_read_are_shown_by_their_shape_with_a_remedy_that_can_help(text, dates, says):
    rows = [{"id": str(number), "x": text} for number in range(3)]
    with pytest.raises(FileUnreadableError) as refusal:
        conform(rows, stream(**column("source_close_date"), dates=dates))
    assert says in str(refusal.value)
    assert text not in str(refusal.value)
