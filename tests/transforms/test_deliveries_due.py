"""Which issue goes to which target, and what a journal remembers."""

from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest

from flows.alerts.deliveries import SentMessage, due, remembered, with_remembered
from flows.alerts.digests import REVOPS, body, digests, readers
from flows.alerts.message_keys import finding_key
from flows.alerts.message_text import REPETITION
from tests.transforms.issues import ANN, DAY, EDITION, digests_of, issues_of, owners_of

KNOWN = {
    "issue_id": pl.String,
    "target": pl.String,
    "message_key": pl.String,
    "is_settled": pl.Boolean,
    "may_have_arrived": pl.Boolean,
}
TARGETS = pl.DataFrame(
    [("ann", "to ann"), (REVOPS, "one"), (REVOPS, "two")], schema=["reader_id", "target"], orient="row"
)
SETTLED, PENDING, MAY_BE_THERE = (True, False), (False, False), (False, True)


def known(*rows: tuple[str, str, tuple[bool, bool]]) -> pl.DataFrame:
    whole = [(issue, target, f"key of {target}", *how_far) for issue, target, how_far in rows]
    return pl.DataFrame(whole, schema=KNOWN, orient="row")


def targets_of(owner_id: str | None, *deliveries: tuple[str, str, tuple[bool, bool]]) -> list[tuple]:
    issues = readers(issues_of({"owner_id": owner_id}), owners_of(ANN))
    return due(issues, known(*deliveries), TARGETS).select("target", "repeats").rows()


@pytest.mark.parametrize(
    ("owner_id", "deliveries", "expected"),
    [
        ("ann", [], [("to ann", None)]),
        ("ann", [("to ann", PENDING)], [("to ann", None)]),
        ("ann", [("to ann", SETTLED)], []),
        ("ann", [("to ann", MAY_BE_THERE)], [("to ann", "key of to ann")]),
        ("ann", [("to bob", MAY_BE_THERE)], [("to ann", None)]),
        ("ann", [("earlier", SETTLED)], []),
        (None, [], [("one", None), ("two", None)]),
        (None, [("one", SETTLED)], []),
        (None, [("one", SETTLED), ("two", PENDING)], [("two", None)]),
        (None, [("one", SETTLED), ("two", MAY_BE_THERE)], [("two", "key of two")]),
        (None, [("one", PENDING)], [("one", None), ("two", None)]),
        (None, [("gone", PENDING), ("to ann", SETTLED)], []),
    ],
    ids=str,
)
def test_an_issue_goes_to_all_targets_or_to_those_it_is_owed_to(owner_id, deliveries, expected):
    assert targets_of(owner_id, *(("i0", target, how_far) for target, how_far in deliveries)) == expected


def test_a_reader_without_a_target_is_not_forgotten():
    issues = readers(issues_of({}), owners_of(ANN))
    assert due(issues, known(), TARGETS.clear()).select("issue_id", "target").rows() == [("i0", None)]


def test_a_repeated_message_tells_of_what_it_told_and_comes_first():
    issues = readers(issues_of(*({} for _ in range(5))), owners_of(ANN))
    sent = known(*((f"i{number}", "to ann", MAY_BE_THERE) for number in (1, 3, 4)))
    again, new = digests(due(issues, sent, TARGETS), limit=1)
    assert (again.repeats, set(again.issue_ids), again.more) == ("key of to ann", {"i1", "i3", "i4"}, 0)
    assert (new.repeats, len(new.issue_ids), new.more) == (None, 1, 1)
    assert body(again, EDITION).startswith(REPETITION)
    assert REPETITION not in body(new, EDITION)


def test_a_hundred_thousand_findings_are_a_few_lines_with_a_true_total():
    many = (
        issues_of({})
        .select(pl.exclude("issue_id", "record_id"))
        .join(
            pl.DataFrame({"issue_id": [f"i{number}" for number in range(100_000)]}).with_columns(record_id="issue_id"),
            how="cross",
        )
    )
    (digest,) = digests_of(many, owners_of(ANN), limit=10)
    assert (len(digest.lines), digest.more) == (10, 99_990)
    assert "And 99,990 more" in body(digest, EDITION)


# The journal


def sent(run_id: str, opened_on: date = DAY, target: str = "to ann", record: str = "r0") -> SentMessage:
    at = datetime(2026, 11, 22, tzinfo=UTC)
    findings = ((finding_key("opportunity", record, "OPP-01"), opened_on),)
    return SentMessage(
        kind="digest", key="k", target=target, run_id=run_id, told_for=DAY, sent_at=at, findings=findings
    )


def runs(*rows: tuple[str, date]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema={"run_id": pl.String, "as_of": pl.Date}, orient="row")


YESTERDAY, TOMORROW = DAY - timedelta(days=1), DAY + timedelta(days=1)


@pytest.mark.parametrize(
    ("opened_on", "message", "warehouse", "is_told"),
    [
        (DAY, sent("2"), [("1", DAY), ("2", DAY)], True),
        (DAY, sent("2"), [("1", DAY)], True),
        (DAY, sent("2", record="r1"), [("1", DAY)], False),
        (TOMORROW, sent("2"), [("1", DAY), ("2", DAY), ("3", TOMORROW)], False),
        (TOMORROW, sent("2"), [("1", DAY), ("3", TOMORROW)], True),
        (TOMORROW, sent("2"), [("1", YESTERDAY), ("3", DAY), ("4", TOMORROW)], False),
        (TOMORROW, sent("2"), [("3", TOMORROW), ("4", TOMORROW)], False),
        (TOMORROW, sent("2"), [("3", DAY), ("4", TOMORROW)], False),
    ],
    ids=[
        "this life was told",
        "this life was told by a run that is lost",
        "another record",
        "an earlier life, of which the warehouse knows",
        "a life of which the warehouse does not know any more, found anew",
        "a run after the lost one did not find it",
        "a new warehouse: the first run did not find it",
        "a new warehouse, some days later",
    ],
)
def test_the_journal_remembers_lives_and_not_every_failure_of_a_rule(opened_on, message, warehouse, is_told):
    issues = issues_of({"opened_on": opened_on})
    told = remembered(issues, [message], runs(*warehouse))
    assert told == ([("i0", message)] if is_told else [])


def test_what_the_journal_remembers_counts_as_told_and_stays_owed_to_other_targets_of_revops():
    message = sent("2", target="one")
    added = with_remembered(known(("i0", "one", MAY_BE_THERE)), [("i0", message)], ["one", "two"])
    assert added.rows() == [("i0", "one", "k", True, False), ("i0", "two", None, False, False)]
    owner = with_remembered(known(), [("i0", sent("2"))], ["one", "two"])
    assert owner.rows() == [("i0", "to ann", "k", True, False)]
