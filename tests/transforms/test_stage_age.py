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


@pytest.mark.parametrize(("exits", "expected"), [(29, []), (30, [("proposal", 18)])])
def test_a_limit_is_learnt_once_enough_deals_have_left_the_stage(exits, expected):
    told = pl.DataFrame(
        {"canonical_stage": ["proposal"] * exits, "days": [10] * exits}, schema_overrides={"days": pl.Int32}
    )
    assert learnt_limits(told, HANDOFF).rows() == expected


@given(st.lists(st.integers(0, 400), min_size=30, max_size=60), st.randoms(use_true_random=False))
def test_the_order_of_stays_does_not_matter(days, chance):
    def limit(values):
        told = pl.DataFrame(
            {"canonical_stage": ["proposal"] * len(values), "days": values}, schema_overrides={"days": pl.Int32}
        )
        return learnt_limits(told, HANDOFF).rows()

    shuffled = list(days)
    chance.shuffle(shuffled)
    assert limit(days) == limit(shuffled)
