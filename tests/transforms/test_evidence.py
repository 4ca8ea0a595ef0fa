from datetime import UTC, date, datetime
from decimal import Decimal

import polars as pl
import pytest

from definitions.polars_types import dtype_of
from definitions.predicates.predicate import parse
from definitions.schema.columns import COLUMNS
from transforms.classify.evidence import evidence, names_read, readable, sentence

AS_OF = date(2026, 3, 31)
UNKNOWN_AGO = "Passed an unknown number of days ago."
OFTEN = ["Moved 2 times, 2 of them late.", "Moved an unknown number of times, unknown of them late."]


def told(name: str, value: object) -> str:
    column = pl.Series(name, [value], dtype=dtype_of(COLUMNS[name]), strict=False)
    return column.to_frame().select(readable(name, AS_OF)).item()


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("amount", Decimal("-12345.50"), "-12,346"),
        ("probability", 0.30000000000000004, "0.3"),
        ("is_open", False, "no"),
        ("close_date", date(2026, 1, 2), "2026-01-02"),
        ("closed_at", datetime(2026, 1, 2, 3, 4, tzinfo=UTC), "2026-01-02 03:04 UTC"),
        ("push_count", 3, "3"),
        ("employees", 12000, "12000"),
        ("title", "x" * 200, "x" * 80),
        ("title", "", ""),
        ("title", None, "unknown"),
        ("first_name", "Ada", "not shown"),
        ("first_name", None, "not shown"),
    ],
    ids=[
        "money",
        "real",
        "yes or no",
        "day",
        "moment",
        "number",
        "count",
        "long",
        "empty",
        "null",
        "personal",
        "either",
    ],
)
def test_a_value_is_read_aloud(name, value, expected):
    assert told(name, value) == expected


def test_a_sentence_may_have_several_names_or_none():
    frame = pl.DataFrame({"close_date": [date(2026, 3, 1), None], "push_count": [2, 0]})
    said = frame.select(sentence("{push_count} pushes, {days_overdue} days late, {push_count}!", AS_OF)).to_series()
    assert said.to_list() == ["2 pushes, 30 days late, 2!", "0 pushes, an unknown number of days late, 0!"]
    assert frame.select(sentence("No names.", AS_OF)).item(0, 0) == "No names."


@pytest.mark.parametrize(
    ("template", "said"),
    [
        ("Passed {days_overdue} days ago.", ["Passed 1 day ago.", "Passed 2 days ago.", UNKNOWN_AGO]),
        ("Moved {push_count} times, {push_count} of them late.", ["Moved 1 time, 1 of them late.", *OFTEN]),
        ("{is_open} days", ["yes days", "no days", "unknown days"]),
    ],
    ids=["days", "times", "no number"],
)
def test_a_number_agrees_with_what_it_counts(template, said):
    days = [date(2026, 3, 30), date(2026, 3, 29), None]
    frame = pl.DataFrame({"close_date": days, "push_count": [1, 2, None], "is_open": [True, False, None]})
    assert frame.select(sentence(template, AS_OF)).to_series().to_list() == said


def test_evidence_is_in_order_of_the_names_without_personal_ones():
    frame = pl.DataFrame({"next_step": ["a"], "email": ["ada@b.example"], "amount": [Decimal("1.50")]})
    said = frame.select(evidence({"next_step", "email", "amount"}, AS_OF)).item()
    assert said == '{"amount":"1.50","next_step":"a"}'
    assert frame.select(evidence({"email"}, AS_OF)).item() == "{}"


def test_names_come_in_the_order_of_the_text_and_those_of_macros_last():
    macros = {"budget": parse("budget_status = 'confirmed'", "opportunity")}
    test = parse("push_count > 2 and budget and is_open and push_count < 9", "opportunity", macros)
    assert names_read(test) == ["push_count", "is_open", "budget_status"]
