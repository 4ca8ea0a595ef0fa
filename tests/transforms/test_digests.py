from decimal import Decimal

import polars as pl
import pytest

from flows.alerts.digests import REVOPS, body, readers, subject
from tests.transforms.issues import ANN, DRAFT, EDITION, MAX, digests_of, issues_of, owners_of


@pytest.mark.parametrize(
    ("owner", "manager", "reader", "whose"),
    [
        ({}, {}, "ann", None),
        ({"is_active": False}, {}, "max", "Ann Able"),
        ({"is_deleted": True}, {}, "max", "Ann Able"),
        ({"is_queue": True}, {}, "max", "Ann Able"),
        ({"owner_email": None}, {}, "max", "Ann Able"),
        ({"owner_email": ""}, {}, "max", "Ann Able"),
        ({"owner_email": "not an address"}, {}, "max", "Ann Able"),
        ({"owner_email": "ann%2Cevil@corp.example"}, {}, "max", "Ann Able"),
        ({"owner_email": "ann@corp.example,all@corp.example"}, {}, "max", "Ann Able"),
        ({"owner_email": "ann@corp.example\nBcc: all@corp.example"}, {}, "max", "Ann Able"),
        ({"owner_email": "ann@corp.example\n"}, {}, "max", "Ann Able"),
        ({"owner_email": "o'ann@corp.example"}, {}, "max", "Ann Able"),
        ({"owner_email": "ann/all@corp.example"}, {}, "max", "Ann Able"),
        ({"owner_email": f"{'a' * 65}@corp.example"}, {}, "max", "Ann Able"),
        ({"owner_email": f"{'a' * 64}@corp.example"}, {}, "ann", None),
        ({"owner_email": "Ann_A.B-C+deals@Corp-1.example"}, {}, "ann", None),
        ({"is_active": False}, {"is_active": False}, REVOPS, "Ann Able"),
        ({"is_active": False}, {"owner_email": None}, REVOPS, "Ann Able"),
        ({"is_active": False, "manager_id": None}, {}, REVOPS, "Ann Able"),
        ({"is_active": False, "manager_id": "nobody"}, {}, REVOPS, "Ann Able"),
        ({"is_active": False, "manager_id": "ann"}, {}, REVOPS, "Ann Able"),
    ],
    ids=str,
)
def test_the_reader_is_the_owner_then_the_manager_then_revops(owner, manager, reader, whose):
    told = readers(issues_of({}), owners_of(ANN | owner, MAX | manager)).row(0, named=True)
    assert (told["reader_id"], told["whose"]) == (reader, whose)
    assert (told["address"] is None) == (reader == REVOPS)


@pytest.mark.parametrize("owner_id", [None, "never seen"])
def test_an_issue_of_nobody_goes_to_revops(owner_id):
    told = readers(issues_of({"owner_id": owner_id}), owners_of(ANN, MAX)).row(0, named=True)
    assert (told["reader_id"], told["address"], told["whose"]) == (REVOPS, None, None)


def test_records_come_by_value_then_severity_then_name():
    told = issues_of(
        {"record_name": "small", "value_at_risk": Decimal(10)},
        {"record_name": "unknown, critical", "value_at_risk": None, "severity": "critical"},
        {"record_name": "great", "value_at_risk": Decimal(99)},
        {"record_name": "nothing", "value_at_risk": Decimal(0), "severity": "critical"},
        {"record_name": "unknown b", "value_at_risk": None},
        {"record_name": "unknown a", "value_at_risk": None},
        {"record_name": "small, critical", "value_at_risk": Decimal(10), "severity": "critical"},
    )
    (digest,) = digests_of(told, owners_of(ANN), limit=10)
    assert [line.record.removeprefix("Deal: ") for line in digest.lines] == [
        "great",
        "small, critical",
        "small",
        "nothing",
        "unknown, critical",
        "unknown a",
        "unknown b",
    ]


def test_a_record_failing_three_rules_is_one_line_with_one_action_and_its_value_once():
    deal = {"record_id": "d1", "record_name": "Acme", "value_at_risk": Decimal(500)}
    told = issues_of(
        deal | {"rule_id": "OPP-10", "says": "No next step.", "suggested_action": "Write it down."},
        deal | {"rule_id": "OPP-05", "severity": "critical", "says": "Moved.", "suggested_action": "Review."},
        deal | {"rule_id": "OPP-07", "severity": "info", "says": "Slow."},
    )
    (digest,) = digests_of(told, owners_of(ANN), limit=10)
    (line,) = digest.lines
    assert (line.says, line.action, line.also) == ("Moved.", "Review.", ("No next step.", "Slow."))
    assert sorted(line.issue_ids) == ["i0", "i1", "i2"]
    assert digest.value == Decimal(500)


def test_what_does_not_fit_is_counted_with_its_worth_and_not_told():
    told = issues_of(*({"value_at_risk": Decimal(100 - number)} for number in range(14)))
    (digest,) = digests_of(told, owners_of(ANN), limit=10)
    assert (digest.more, digest.more_value) == (4, Decimal(90 + 89 + 88 + 87))
    assert len(digest.issue_ids) == 10
    assert "And 4 more worth USD 354; they come in the next digest." in body(digest, EDITION)
    (rest,) = digests_of(told.filter(~pl.col("issue_id").is_in(digest.issue_ids)), owners_of(ANN), limit=10)
    assert {*rest.issue_ids, *digest.issue_ids} == set(told["issue_id"])
    assert rest.more == 0


def test_nothing_to_tell_makes_no_message():
    assert digests_of(issues_of(), owners_of(ANN), limit=10) == []


def test_a_digest_reads_as_its_owner_needs_it():
    told = issues_of(
        {"record_name": "Acme - renewal", "value_at_risk": Decimal("120000.40")},
        {"record_id": "r0", "rule_id": "OPP-10", "says": "No next step.", "value_at_risk": Decimal("120000.40")},
        {"record_kind": "person", "record_name": "Northwind", "says": "An MQL for 4 days.", "source_url": None},
    )
    (digest,) = digests_of(told, owners_of(ANN), limit=10)
    assert subject(digest, EDITION) == "2 records need your attention, USD 120,000 at risk"
    assert body(digest, EDITION) == (
        "As of 2026-11-22, worst first. Each issue is told once.\n"
        "\n"
        "1. Deal: Acme - renewal (USD 120,000 at risk)\n"
        "   The close date passed 0 days ago.\n"
        "   Also: No next step.\n"
        "   Do: Enter a new date.\n"
        "   Ask: When will they decide?\n"
        "   https://crm.example/0\n"
        "\n"
        "2. Lead: Northwind\n"
        "   An MQL for 4 days.\n"
        "   Do: Enter a new date.\n"
        "   Ask: When will they decide?\n"
        "   Record: r2"
    )


def test_definitions_that_nobody_signed_are_said_to_be_a_draft_before_all_else():
    (digest,) = digests_of(issues_of({}), owners_of(ANN), limit=10)
    assert subject(digest, DRAFT) == "[draft definitions] 1 record needs your attention"
    assert body(digest, DRAFT).startswith("DRAFT: marketing and sales have not signed the definitions handoff 2026.1")
    assert "draft" not in (subject(digest, EDITION) + body(digest, EDITION)).lower()


def test_a_manager_reads_whose_record_it_is():
    told = issues_of({"owner_id": "ann"}, {"owner_id": "max"})
    (digest,) = digests_of(told, owners_of(ANN | {"is_active": False}, MAX), limit=10)
    said = body(digest, EDITION)
    assert digest.address == "max@corp.example"
    assert "Some belong to people who report to you" in said
    assert said.count("Owner: Ann Able") == 1
