from decimal import Decimal

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from definitions.polars_types import MONEY, schema_of
from definitions.schema.columns import columns_named
from transforms.reconcile.metrics import at_risk, class_counts, moved, pipeline, top_findings

DEAL = columns_named(
    "opportunity_id is_open pipeline_class claimed_class amount_corporate probability is_forecast_eligible rule"
)
FINDING = columns_named("record_id rule_id record_kind severity value_at_risk")


def deals(*rows: tuple[object, ...]) -> pl.LazyFrame:
    """(class, claimed class, amount, probability)."""
    told = [
        {
            "opportunity_id": f"d{number}",
            "is_open": not str(name).startswith("closed"),
            "pipeline_class": name,
            "claimed_class": claimed,
            "amount_corporate": None if amount is None else Decimal(amount),
            "probability": chance,
            "is_forecast_eligible": name == "active",
            "rule": f"handoff/1/{name}",
        }
        for number, (name, claimed, amount, chance) in enumerate(rows)
    ]
    return pl.LazyFrame(told, schema=schema_of(DEAL))


def pipelines(*rows: tuple[object, ...]) -> dict[str, dict[str, object]]:
    return {row["basis"]: row for row in pipeline(deals(*rows)).collect().to_dicts()}


def test_the_pipeline_as_reported_and_as_agreed():
    found = pipelines(
        ("active", None, 100, 0.5),
        ("active", None, 200, None),
        ("active", None, None, 0.5),
        ("overdue", None, 700, 0.9),
        ("closed_won", None, 5000, 1.0),
        ("merged_or_deleted", None, 900, 0.5),
    )
    assert found["reported"] == {
        "basis": "reported",
        "deals": 4,
        "amount": Decimal(1000),
        "without_amount": 1,
        "weighted_amount": Decimal(680),
        "without_weight": 2,
        "share_of_reported": 1.0,
    }
    assert found["eligible"] == {
        "basis": "eligible",
        "deals": 3,
        "amount": Decimal(300),
        "without_amount": 1,
        "weighted_amount": Decimal(50),
        "without_weight": 2,
        "share_of_reported": 0.3,
    }


@pytest.mark.parametrize(
    ("rows", "amounts", "shares"),
    [
        ([], (Decimal(0), Decimal(0)), (None, None)),
        ([("overdue", None, 700, 0.9)], (Decimal(700), Decimal(0)), (1.0, 0.0)),
        ([("active", None, None, 0.9)], (None, None), (None, None)),
        ([("active", None, 0, 0.9)], (Decimal(0), Decimal(0)), (None, None)),
        ([("closed_won", None, 700, 1.0)], (Decimal(0), Decimal(0)), (None, None)),
    ],
    ids=["no deals", "none eligible", "no amount known", "worth nothing", "nothing open"],
)
def test_a_share_of_nothing_is_unknown(rows, amounts, shares):
    found = pipelines(*rows)
    assert (found["reported"]["amount"], found["eligible"]["amount"]) == amounts
    assert (found["reported"]["share_of_reported"], found["eligible"]["share_of_reported"]) == shares


def test_classes_are_counted_as_claimed_and_as_assessed_in_the_order_of_the_ladder():
    people = pl.LazyFrame(
        {
            "claimed_class": ["sql", "sql", "sql", None, "something else"],
            "lifecycle_class": ["dead", "sql", "lead", "lead", "lead"],
        }
    )
    assert class_counts(people, "person", ["dead", "sql", "lead"]).collect().rows() == [
        ("dead", 0, 1, 1),
        ("sql", 3, 1, -2),
        ("lead", 0, 3, 3),
        ("something else", 1, 0, -1),
        (None, 1, 0, -1),
    ]


def test_what_the_run_moved_comes_from_its_ledger():
    ledger = pl.LazyFrame(
        {
            "record_kind": ["opportunity", "person"],
            "from_class": ["active", "sql"],
            "to_class": ["overdue", "dead"],
            "rule": ["r", "r"],
            "value_at_risk": pl.Series([Decimal(5), None], dtype=MONEY),
        }
    )
    assert moved(ledger, "opportunity", ["active", "overdue"]).collect().rows() == [
        ("active", "overdue", "r", 1, Decimal(5), 0)
    ]


def findings(*rows: tuple[str, str, str, int | None]) -> pl.LazyFrame:
    """(record, rule, severity, value)."""
    told = [
        {
            "record_id": record,
            "rule_id": rule,
            "record_kind": "opportunity" if rule.startswith("OPP") else "person",
            "severity": severity,
            "value_at_risk": None if value is None else Decimal(value),
        }
        for record, rule, severity, value in rows
    ]
    return pl.LazyFrame(told, schema=schema_of(FINDING))


def test_the_worst_findings_come_first():
    found = findings(
        ("d1", "OPP-09", "info", 9000),
        ("d1", "OPP-05", "warning", 100),
        ("d2", "OPP-05", "critical", 10),
        ("d1", "OPP-01", "critical", 100),
        ("d2", "OPP-01", "critical", None),
        ("p1", "LEAD-01", "critical", None),
    )
    assert top_findings(found).collect().rows() == [
        ("critical", "OPP-01", "opportunity", 2, Decimal(100), 1),
        ("critical", "OPP-05", "opportunity", 1, Decimal(10), 0),
        ("critical", "LEAD-01", "person", 1, None, 1),
        ("warning", "OPP-05", "opportunity", 1, Decimal(100), 0),
        ("info", "OPP-09", "opportunity", 1, Decimal(9000), 0),
    ]


def test_a_deal_at_risk_by_two_rules_is_at_risk_once():
    found = findings(
        ("d1", "OPP-01", "critical", 100),
        ("d1", "OPP-05", "warning", 100),
        ("d2", "OPP-01", "critical", None),
        ("p1", "LEAD-01", "critical", None),
    )
    assert at_risk(found).collect().rows() == [("opportunity", 2, Decimal(100), 1), ("person", 1, None, 1)]


CLASSES = st.sampled_from(["active", "overdue", "stalled", "closed_won", "merged_or_deleted"])
AMOUNTS = st.none() | st.integers(0, 10_000)
CHANCES = st.none() | st.sampled_from([0.0, 0.25, 1.0])


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(CLASSES, st.none() | CLASSES, AMOUNTS, CHANCES), max_size=8), st.randoms())
def test_eligible_is_part_of_reported_and_order_does_not_matter(rows, random):
    found = pipelines(*rows)
    assert found["eligible"]["deals"] <= found["reported"]["deals"]
    assert found["eligible"]["without_amount"] <= found["eligible"]["deals"]
    shuffled = [*rows]
    random.shuffle(shuffled)
    assert pipelines(*shuffled) == found
    frame, other = deals(*rows), deals(*shuffled)
    counts = class_counts(frame, "opportunity", ["active", "overdue"]).collect()
    assert counts.equals(class_counts(other, "opportunity", ["active", "overdue"]).collect())
    assert counts["claimed"].sum() == counts["assessed"].sum() == len(rows)
