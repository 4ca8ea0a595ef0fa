"""What is said of tests without looking at a record must hold for every record."""

from datetime import date, timedelta
from itertools import product

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from definitions.predicates.logic import can_be_met, implies, is_always_met
from definitions.predicates.predicate import parse
from transforms.classify.predicates import compile_predicate

AS_OF = date(2026, 1, 31)
# Every combination of a few telling values, nulls included.
EVERY = pl.DataFrame(
    list(
        product(
            [None, 0, 1, 2, 3, 4],
            [None, *(AS_OF - timedelta(days=days) for days in (-1, 0, 1, 2, 3))],
            [None, True, False],
            [None, "pipeline", "commit", "closed"],
            [None, "unknown", "none", "acknowledged"],
        )
    ),
    schema={
        "push_count": pl.Int32,
        "close_date": pl.Date,
        "is_open": pl.Boolean,
        "forecast_category": pl.String,
        "need_status": pl.String,
    },
    orient="row",
)
OPERATORS = st.sampled_from(["=", "<>", "<", "<=", ">", ">="])
ATOMS = st.one_of(
    st.builds("{} {} {}".format, st.sampled_from(["push_count", "days_overdue"]), OPERATORS, st.integers(0, 4)),
    st.builds("push_count between {} and {}".format, st.integers(0, 4), st.integers(0, 4)),
    st.sampled_from(["is_open", "is_open = false", "coalesce(is_open, false)", "coalesce(is_open, false) = false"]),
    st.sampled_from(["push_count is null", "days_overdue is null", "is_open is null", "push_count = days_overdue"]),
    st.builds(
        "forecast_category {} ({})".format,
        st.sampled_from(["in", "not in"]),
        st.lists(st.sampled_from(["'pipeline'", "'commit'", "'closed'"]), min_size=1).map(", ".join),
    ),
    st.sampled_from(
        ["need_status = 'acknowledged'", "need_status <> 'none'", "need_status is null", "true", "false", "1 < 2"]
    ),
)
TESTS = st.recursive(
    ATOMS,
    lambda inner: st.one_of(
        inner.map("not ({})".format),
        st.builds("({}) and ({})".format, inner, inner),
        st.builds("({}) or ({})".format, inner, inner),
    ),
    max_leaves=4,
)


def met(text: str) -> list[bool]:
    test = compile_predicate(parse(text, "opportunity"), AS_OF)
    return EVERY.with_columns(met=test.fill_null(value=False))["met"].to_list()


@settings(max_examples=150)
@given(later=TESTS, earlier=TESTS)
def test_implied_means_met_by_every_record_that_meets_the_other(later, earlier):
    if implies(parse(later, "opportunity").node, parse(earlier, "opportunity").node):
        assert all(wide for narrow, wide in zip(met(later), met(earlier), strict=True) if narrow)


@settings(max_examples=100)
@given(text=TESTS)
def test_never_and_always_are_said_only_when_it_is_so(text):
    node = parse(text, "opportunity").node
    if not can_be_met(node):
        assert not any(met(text))
    if is_always_met(node):
        assert all(met(text))
    assert implies(node, node)


@pytest.mark.parametrize(
    ("later", "earlier", "is_implied"),
    [
        ("days_overdue > 90", "days_overdue > 30", True),
        ("days_overdue > 30", "days_overdue > 90", False),
        ("days_overdue >= 30", "days_overdue > 30", False),
        ("days_overdue = 40", "days_overdue > 30", True),
        ("days_overdue between 40 and 50", "days_overdue > 30", True),
        ("days_overdue > 30", "close_date is not null", False),
        ("days_overdue > 30", "days_overdue is not null", True),
        ("is_open and is_won", "is_open", True),
        ("is_open", "is_open and is_won", False),
        ("is_won", "is_open or is_won", True),
        ("(is_won and is_open) or (is_won and is_closed)", "is_won", True),
        ("forecast_category = 'commit'", "forecast_category in ('commit', 'closed')", True),
        ("forecast_category not in ('omitted', 'pipeline')", "forecast_category <> 'omitted'", True),
        ("not (is_open or is_won)", "not is_open", True),
        ("amount > 0", "true", True),
    ],
)
def test_what_is_seen(later, earlier, is_implied):
    assert implies(parse(later, "opportunity").node, parse(earlier, "opportunity").node) is is_implied


@pytest.mark.parametrize(
    "text",
    [
        "false",
        "1 = 2",
        "is_open and not is_open",
        "amount > 5 and amount < 5",
        "amount between 5 and 4",
        "forecast_category = 'commit' and forecast_category = 'closed'",
        "close_date is null and days_overdue is null and days_overdue > 3",
        "is_open and 'a' > 'b'",
    ],
)
def test_what_can_never_be_met_is_seen(text):
    assert not can_be_met(parse(text, "opportunity").node)


def test_a_test_of_very_many_cases_is_read_in_time():
    either = " and ".join(f"(push_count = {number} or contact_count = {number})" for number in range(40))
    assert can_be_met(parse(either, "opportunity").node)
