from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from definitions.polars_types import MOMENT, MONEY, schema_of
from definitions.schema.classified import GONE
from definitions.schema.columns import columns_named
from definitions.schema.tables import FCT_CLASSIFICATION_CHANGE, FCT_HYGIENE_ISSUE
from transforms.frames import conformed, empty
from transforms.history.changes import class_changes, class_since, issue_lives

DAY = date(2026, 3, 2)


START = datetime(2026, 3, 2, tzinfo=UTC)


CLASSES = ["lead", "mql", "dead"]


FEW = settings(max_examples=60, deadline=None)


def days(count: int) -> timedelta:
    return timedelta(days=count)


def before(classes: dict[str, str]) -> pl.LazyFrame:
    return pl.LazyFrame(
        {"record_id": list(classes), "class": list(classes.values())},
        schema={"record_id": pl.String, "class": pl.String},
    )


def after(classes: dict[str, str], claims: dict[str, str] | None = None) -> pl.LazyFrame:
    claimed = claims or {}
    rows = {
        "record_id": list(classes),
        "class": list(classes.values()),
        "claimed_class": [claimed.get(record) for record in classes],
        "rule": [f"handoff/1/{name}" for name in classes.values()],
        "reason": [f"because {name}" for name in classes.values()],
        "value": [None for _ in classes],
    }
    schema = dict.fromkeys(rows, pl.String) | {"value": MONEY}
    return pl.LazyFrame(rows, schema=schema)


def changes_of(was: pl.LazyFrame, now: pl.LazyFrame, as_of: date = DAY, run_id: str = "r1") -> pl.DataFrame:
    return class_changes(was, now, kind="person", as_of=as_of, profile="handoff", run_id=run_id).collect()


@pytest.mark.parametrize(
    ("was", "now", "claims", "expected"),
    [
        ({"a": "lead"}, {"a": "lead"}, {}, []),
        ({"a": GONE}, {"a": "mql"}, {"a": "sql"}, [("a", GONE, "mql", "class", "handoff/1/mql")]),
        ({"a": GONE}, {}, {}, []),
        ({"a": "lead"}, {"a": "mql"}, {}, [("a", "lead", "mql", "class", "handoff/1/mql")]),
        ({}, {"a": "lead"}, {}, []),
        ({}, {"a": "lead"}, {"a": "lead"}, []),
        ({}, {"a": "dead"}, {"a": "sql"}, [("a", "sql", "dead", "claim", "handoff/1/dead")]),
        ({"a": "lead"}, {"a": "lead"}, {"a": "sql"}, []),
        ({"a": "lead"}, {}, {}, [("a", "lead", "merged_or_deleted", "class", "handoff/merged_or_deleted")]),
        ({"a": "merged_or_deleted"}, {}, {}, []),
    ],
    ids=[
        "same class",
        "gone once and back",
        "gone and still gone",
        "another class",
        "first seen, nothing claimed",
        "first seen, claim holds",
        "first seen, claim does not hold",
        "a claim matters once only",
        "absorbed",
        "deleted before, erased now",
    ],
)
def test_a_change_is_recorded_when_the_class_is_another(was, now, claims, expected):
    found = changes_of(before(was), after(now, claims))
    assert found.select("record_id", "from_class", "to_class", "from_kind", "rule").rows() == expected


def test_changes_fit_the_ledger_and_name_record_day_and_run():
    found = changes_of(before({"a": "lead"}), after({"a": "mql"}))
    assert conformed(found.lazy(), FCT_CLASSIFICATION_CHANGE).collect().height == 1
    assert found.row(0, named=True) == {
        "change_id": "person|a|2026-03-02|r1",
        "record_kind": "person",
        "record_id": "a",
        "from_class": "lead",
        "to_class": "mql",
        "from_kind": "class",
        "rule": "handoff/1/mql",
        "reason": "because mql",
        "changed_on": DAY,
        "value_at_risk": None,
    }


STATES = st.dictionaries(st.sampled_from("abcd"), st.sampled_from(CLASSES))


def classes_at(present, changes, day):
    """Classes as they stood at the end of a day: (record_id, class, class_kind), by walking the ledger backwards.

    The class is the one before the first change after the day, else the present one; `class_kind` "claim" says that
    the record was not classified by then and gives what its sources claimed. `present` is (record_id, class),
    `changes` the published ledger. Records first seen after the day are the caller's to leave out.
    """
    next_change = (
        changes.filter(pl.col("changed_on") > day)
        .sort("changed_on", "loaded_at", "change_id")
        .group_by("record_id", maintain_order=True)
        .first()
        .select("record_id", "from_class", "from_kind")
    )
    return (
        present.select("record_id", "class")
        .join(next_change, on="record_id", how="full", coalesce=True)
        .select(
            "record_id",
            pl.coalesce("from_class", "class").alias("class"),
            class_kind=pl.col("from_kind").fill_null("class"),
        )
        .sort("record_id")
    )


@FEW
@given(st.lists(st.tuples(st.integers(0, 2), STATES), min_size=1, max_size=6))
def test_walking_the_ledger_backwards_restores_every_day(runs):
    """Runs may share a day; records come, go and come back. Each day's last state must come back."""
    ledger, published, as_of, seen = empty(FCT_CLASSIFICATION_CHANGE.columns).collect(), {}, DAY, []
    for number, (step, state) in enumerate(runs):
        as_of += days(step)
        found = changes_of(before(published), after(state), as_of, f"run{number}")
        stamp = pl.lit(START + timedelta(hours=number), dtype=MOMENT)
        stamped = conformed(found.lazy().with_columns(loaded_at=stamp), FCT_CLASSIFICATION_CHANGE)
        ledger = pl.concat([ledger, stamped.collect()])
        gone = {record: GONE for record in published if record not in state}
        published = gone | state
        seen = [(day, held) for day, held in seen if day != as_of] + [(as_of, published)]
    assert ledger["change_id"].is_unique().all()
    for day, state in seen:
        restored = classes_at(before(published), ledger.lazy(), day).collect()
        at_day = {row["record_id"]: row["class"] for row in restored.to_dicts()}
        # A record that was there keeps its place in the ledger, whatever became of it.
        assert {record: at_day[record] for record in state} == state


def test_the_day_before_it_was_first_seen_a_record_had_only_its_claim():
    ledger = changes_of(before({}), after({"a": "dead"}, {"a": "sql"})).lazy().with_columns(loaded_at=pl.lit(START))
    present = before({"a": "dead"})
    assert classes_at(present, ledger, DAY - days(1)).collect().rows() == [("a", "sql", "claim")]
    assert classes_at(present, ledger, DAY).collect().rows() == [("a", "dead", "class")]


def test_class_since_moves_only_with_the_class():
    was = before({"a": "lead", "b": "lead", "gone": "lead"}).with_columns(class_since=pl.lit(DAY - days(9)))
    since = class_since(was, before({"a": "lead", "b": "mql", "new": "lead"}), DAY).sort("record_id").collect()
    assert since.rows() == [("a", DAY - days(9)), ("b", DAY), ("new", DAY)]


def findings(failing: set[tuple[str, str]], amount: int = 100) -> pl.LazyFrame:
    rows = [
        {
            "rule_id": rule,
            "severity": "critical",
            "record_kind": "opportunity",
            "record_id": record,
            "record_name": "Deal",
            "owner_id": "o",
            "value_at_risk": Decimal(amount),
            "amount": Decimal(amount),
            "says": f"worth {amount}",
            "question": "When?",
            "suggested_action": "Re-date.",
            "evidence": "{}",
            "source_url": None,
        }
        for record, rule in sorted(failing)
    ]
    names = """rule_id severity record_kind record_id record_name owner_id value_at_risk amount says question
    suggested_action evidence source_url"""
    return pl.LazyFrame(rows, schema=schema_of(columns_named(names)))


NO_ISSUES = empty(FCT_HYGIENE_ISSUE.columns).select(FCT_HYGIENE_ISSUE.content).collect()


def written(table: pl.DataFrame, failing: set[tuple[str, str]], as_of: date, amount: int = 100) -> pl.DataFrame:
    """The issue table after a run: rows with a known id are replaced, the others added."""
    rows = issue_lives(table.lazy(), findings(failing, amount), as_of=as_of, is_baseline=table.is_empty()).collect()
    return pl.concat([table.join(rows, on="issue_id", how="anti"), rows]).sort("issue_id")


LIFE = ["issue_id", "state", "opened_on", "last_seen_on", "resolved_on"]


def test_an_issue_is_opened_seen_resolved_and_opened_anew():
    issue = {("d", "OPP-01")}
    table = written(NO_ISSUES, issue, DAY)
    assert table.select(LIFE).rows() == [("d|OPP-01|2026-03-02", "open", DAY, DAY, None)]
    table = written(table, issue, DAY + days(1))
    assert table.select(LIFE).rows() == [("d|OPP-01|2026-03-02", "open", DAY, DAY + days(1), None)]
    table = written(table, set(), DAY + days(2))
    resolved = ("d|OPP-01|2026-03-02", "resolved", DAY, DAY + days(1), DAY + days(2))
    assert table.select(LIFE).rows() == [resolved]
    table = written(table, issue, DAY + days(5))
    assert table.select(LIFE).rows() == [resolved, ("d|OPP-01|2026-03-07", "open", DAY + days(5), DAY + days(5), None)]


def test_what_was_true_at_the_opening_stays_and_the_rest_is_refreshed():
    issue = {("d", "OPP-01")}
    table = written(written(NO_ISSUES, issue, DAY, amount=100), issue, DAY + days(3), amount=70)
    assert table.select("amount_at_open", "value_at_risk", "says", "is_baseline").rows() == [
        (Decimal(100), Decimal(70), "worth 70", True)
    ]


def test_failing_again_on_the_day_of_the_resolution_is_the_same_life():
    issue = {("d", "OPP-01")}
    first = written(NO_ISSUES, issue, DAY)
    assert_frame_equal(written(written(first, set(), DAY), issue, DAY), first)
    older = written(first, issue, DAY + days(1))
    assert_frame_equal(written(written(older, set(), DAY + days(1)), issue, DAY + days(1)), older)


FAILING = st.sets(st.tuples(st.sampled_from("ab"), st.sampled_from(["OPP-01", "OPP-02"])))


@FEW
@given(st.lists(st.tuples(st.integers(0, 2), FAILING), min_size=1, max_size=7))
def test_open_issues_are_the_findings_and_a_second_run_changes_nothing(runs):
    table, as_of = NO_ISSUES, DAY
    for step, failing in runs:
        as_of += days(step)
        table = written(table, failing, as_of)
        still_open = table.filter(pl.col("state") == "open")
        assert set(still_open.select("record_id", "rule_id").rows()) == failing
        assert still_open.height == len(failing)
        assert table["issue_id"].is_unique().all()
        assert table.select((pl.col("opened_on") <= pl.col("last_seen_on")).all()).item()
        assert table.select((pl.col("last_seen_on") <= pl.col("resolved_on").fill_null(as_of)).all()).item()
        assert_frame_equal(written(table, failing, as_of), table)
