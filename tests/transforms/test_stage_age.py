"""How long deals usually stay in a stage, as the landed versions show it."""

from datetime import UTC, datetime, timedelta

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from definitions.agreement.load import load_definitions
from transforms.facets.stage_age import completed_stays, learnt_limits

HANDOFF = load_definitions("handoff")
STAGES = pl.DataFrame(
    {"stage_id": ["sf:default:Qualify", "sf:default:Propose", "sf:default:Won"],
     "canonical_stage": ["qualification", "proposal", "closed_won"]}
)  # fmt: skip
START = datetime(2026, 1, 1, tzinfo=UTC)
VERSIONS = {
    "record_key": pl.String,
    "version_at": pl.Datetime("us", "UTC"),
    "location": pl.String,
    "is_deleted": pl.Boolean,
    "pipeline_id": pl.String,
    "source_stage": pl.String,
    "last_stage_change_at": pl.Datetime("us", "UTC"),
}


def on(day):
    return START + timedelta(days=day)


def deal(*versions, key="sf:opportunity:1"):
    """(day seen, stage, day the source says the stage was entered or None)."""
    return [
        (key, on(day), f"run/{place}", False, None, stage, None if entered is None else on(entered))
        for place, (day, stage, entered) in enumerate(versions)
    ]  # fmt: skip


def stays(*deals):
    rows = [row for versions in deals for row in versions]
    return completed_stays(pl.DataFrame(rows, schema=VERSIONS, orient="row"), STAGES).rows()


@pytest.mark.parametrize(
    ("versions", "expected"),
    [
        ([(0, "Qualify", -10), (20, "Propose", 15)], [("qualification", 25)]),
        ([(0, "Qualify", -10), (20, "Propose", None)], [("qualification", 30)]),
        ([(0, "Qualify", None), (20, "Propose", None)], []),
        ([(0, "Qualify", None), (20, "Propose", None), (50, "Won", None)], [("proposal", 30)]),
        ([(0, "Qualify", -10), (9, "Qualify", -10), (20, "Propose", 20)], [("qualification", 30)]),
        ([(0, "Qualify", -10)], []),
        ([(0, "Qualify", 30), (20, "Propose", 20)], []),
        ([(0, "Unmapped", -10), (20, "Propose", 20)], []),
    ],
    ids=[
        "the source tells both days",
        "the end is when the next stage was first seen",
        "nobody knows when the first stage seen began",
        "the second stage began when it was first seen",
        "an edit in a stage ends nothing",
        "an open stay is no completed one",
        "a stay that ends before it begins",
        "a stage nobody mapped",
    ],
)
def test_completed_stays(versions, expected):
    assert stays(deal(*versions)) == expected


def test_versions_of_two_deals_are_not_mixed():
    first = deal((0, "Qualify", -10), key="sf:opportunity:1")
    second = deal((5, "Propose", 0), (9, "Won", 9), key="sf:opportunity:2")
    assert stays(first, second) == [("proposal", 9)]


@pytest.mark.parametrize(("exits", "expected"), [(29, []), (30, [("proposal", 17)])])
def test_a_limit_is_learnt_once_a_stage_was_left_often_enough(exits, expected):
    """1.75 times ten days: a deal of eighteen days is slow, one of seventeen is not."""
    assert learnt_limits(of_days([10] * exits), HANDOFF).rows() == expected


@pytest.mark.parametrize(("multiple", "days", "expected"), [(1.75, 4, 7), (1.15, 20, 23), (1.1, 10, 11), (1.75, 0, 1)])
def test_a_limit_in_whole_days_is_exact(multiple, days, expected):
    age = HANDOFF.stage_age.model_copy(update={"multiple": multiple})
    agreed = HANDOFF.model_copy(update={"stage_age": age})
    assert learnt_limits(of_days([days] * 30), agreed).rows() == [("proposal", expected)]


def of_days(days):
    """Stays in one stage, of so many days each."""
    schema = {"canonical_stage": pl.String, "days": pl.Int32}
    return pl.DataFrame({"canonical_stage": ["proposal"] * len(days), "days": days}, schema=schema)


@given(st.lists(st.integers(0, 400), min_size=30, max_size=60), st.randoms(use_true_random=False))
def test_the_order_of_stays_does_not_matter(days, chance):
    shuffled = list(days)
    chance.shuffle(shuffled)
    one, other = (learnt_limits(of_days(values), HANDOFF).rows() for values in (days, shuffled))
    assert one == other
