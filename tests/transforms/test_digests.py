from collections import Counter
from datetime import date, timedelta
from decimal import Decimal

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from definitions.fields import fields
from definitions.tables import FCT_HYGIENE_ISSUE
from definitions.vocabulary import SEVERITY
from transforms.digests import REVOPS, body, digests, readers, subject
from transforms.frames import schema_of
from transforms.message_text import Edition

DAY = date(2026, 11, 22)
EDITION = Edition(as_of=DAY, currency="USD", definitions="handoff 2026.1", is_draft=False)
DRAFT = Edition(as_of=DAY, currency="USD", definitions="handoff 2026.1", is_draft=True)
_OWNER = fields("owner_id owner_name owner_email is_active is_queue is_deleted manager_id team")


def owners_of(*rows: dict) -> pl.DataFrame:
    usual = {"is_active": True, "is_queue": False, "is_deleted": False}
    return pl.DataFrame([{**usual, **row} for row in rows], schema=schema_of(_OWNER))


def issues_of(*rows: dict) -> pl.DataFrame:
    whole = []
    for number, row in enumerate(rows):
        usual = {
            "issue_id": f"i{number}",
            "rule_id": "OPP-01",
            "severity": "warning",
            "record_kind": "opportunity",
            "record_id": f"r{number}",
            "record_name": f"Deal {number}",
            "owner_id": "ann",
            "state": "open",
            "opened_on": DAY,
            "last_seen_on": DAY,
            "is_baseline": False,
            "says": f"The close date passed {number} days ago.",
            "question": "When will they decide?",
            "suggested_action": "Enter a new date.",
            "source_url": f"https://crm.example/{number}",
        }
        whole.append({**usual, **row})
    columns = [field for field in FCT_HYGIENE_ISSUE.columns if field.name in FCT_HYGIENE_ISSUE.content]
    return pl.DataFrame(whole, schema=schema_of(columns))


ANN = {"owner_id": "ann", "owner_name": "Ann Able", "owner_email": "ann@corp.example", "manager_id": "max"}
MAX = {"owner_id": "max", "owner_name": "Max Boss", "owner_email": "max@corp.example"}


# Who reads


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


# What is in a message


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
    (digest,) = digests(told, owners_of(ANN), limit=10)
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
    (digest,) = digests(told, owners_of(ANN), limit=10)
    (line,) = digest.lines
    assert (line.says, line.action, line.also) == ("Moved.", "Review.", ("No next step.", "Slow."))
    assert sorted(line.issue_ids) == ["i0", "i1", "i2"]
    assert digest.value == Decimal(500)


def test_what_does_not_fit_is_counted_with_its_worth_and_not_told():
    told = issues_of(*({"value_at_risk": Decimal(100 - number)} for number in range(14)))
    (digest,) = digests(told, owners_of(ANN), limit=10)
    assert (digest.more, digest.more_value) == (4, Decimal(90 + 89 + 88 + 87))
    assert len(digest.issue_ids) == 10
    assert "And 4 more worth USD 354; they come in the next digest." in body(digest, EDITION)
    (rest,) = digests(told.filter(~pl.col("issue_id").is_in(digest.issue_ids)), owners_of(ANN), limit=10)
    assert {*rest.issue_ids, *digest.issue_ids} == set(told["issue_id"])
    assert rest.more == 0


def test_nothing_to_tell_makes_no_message():
    assert digests(issues_of(), owners_of(ANN), limit=10) == []


# How it reads


def test_a_digest_reads_as_its_owner_needs_it():
    told = issues_of(
        {"record_name": "Acme - renewal", "value_at_risk": Decimal("120000.40")},
        {"record_id": "r0", "rule_id": "OPP-10", "says": "No next step.", "value_at_risk": Decimal("120000.40")},
        {"record_kind": "person", "record_name": "Northwind", "says": "An MQL for 4 days.", "source_url": None},
    )
    (digest,) = digests(told, owners_of(ANN), limit=10)
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
    (digest,) = digests(issues_of({}), owners_of(ANN), limit=10)
    assert subject(digest, DRAFT) == "[draft definitions] 1 record needs your attention"
    assert body(digest, DRAFT).startswith("DRAFT: marketing and sales have not signed the definitions handoff 2026.1")
    assert "draft" not in (subject(digest, EDITION) + body(digest, EDITION)).lower()


def test_a_manager_reads_whose_record_it_is():
    told = issues_of({"owner_id": "ann"}, {"owner_id": "max"})
    (digest,) = digests(told, owners_of(ANN | {"is_active": False}, MAX), limit=10)
    said = body(digest, EDITION)
    assert digest.address == "max@corp.example"
    assert "Some belong to people who report to you" in said
    assert said.count("Owner: Ann Able") == 1


def test_foreign_text_is_harmless_wherever_it_stands():
    evil = "<!channel> [Pay](https://evil.example)\nDo: pay"
    told = issues_of(
        {
            "record_name": evil,
            "says": evil,
            "question": evil,
            "suggested_action": evil,
            "source_url": "https://crm.example/> [Pay](https://evil.example)",
        },
        {"record_id": "r0", "rule_id": "OPP-02", "says": evil},
    )
    (digest,) = digests(told, owners_of(ANN | {"is_active": False, "owner_name": evil}, MAX), limit=10)
    said = body(digest, EDITION)
    assert "<!channel" not in said
    assert "](" not in said
    assert "https://evil" not in said.replace("%28https://evil", "")
    assert "\nDo: pay" not in said


# Laws

_PEOPLE = ["ann", "bob", "cat", "max", None, "never seen"]
_OWNERS = st.fixed_dictionaries(
    {
        "is_active": st.booleans(),
        "is_queue": st.booleans(),
        "is_deleted": st.booleans(),
        "owner_email": st.none() | st.sampled_from(["x@corp.example", "", "no address"]),
        "manager_id": st.sampled_from(_PEOPLE),
    }
)
_COMPANIES = st.tuples(_OWNERS, _OWNERS, _OWNERS, _OWNERS).map(
    lambda drawn: owners_of(*({"owner_id": who, **one} for who, one in zip(_PEOPLE, drawn, strict=False)))
)


@st.composite
def _issues(draw):
    """Issues of at most six records; a record has one owner, one name and one value, and fails any rules."""
    records = draw(
        st.lists(
            st.fixed_dictionaries(
                {
                    "owner_id": st.sampled_from(_PEOPLE),
                    "record_kind": st.sampled_from(["person", "opportunity"]),
                    "record_name": st.none() | st.sampled_from(["Acme", "<!here>", "Zeta"]),
                    "value_at_risk": st.none() | st.integers(0, 3).map(Decimal),
                    "source_url": st.none() | st.just("https://crm.example/1"),
                }
            ),
            max_size=12,
        )
    )
    rows = []
    for number, record in enumerate(records):
        for rule in draw(st.sets(st.sampled_from(["OPP-01", "OPP-02", "OPP-05"]), min_size=1)):
            row = {"record_id": f"r{number}", "rule_id": rule, "severity": draw(st.sampled_from(SEVERITY))}
            rows.append(record | row | {"issue_id": f"r{number}|{rule}"})
    return issues_of(*draw(st.permutations(rows)))


@given(_issues(), _COMPANIES, st.integers(1, 3))
def test_every_issue_is_told_to_one_reader_or_left_for_the_next_digest(issues, owners, limit):
    made = digests(issues, owners, limit=limit)
    told = Counter(issue for digest in made for issue in digest.issue_ids)
    assert not told or max(told.values()) == 1
    left = set(issues["issue_id"]) - set(told)
    records_left = issues.filter(pl.col("issue_id").is_in(list(left))).select("record_kind", "record_id").n_unique()
    assert records_left == sum(digest.more for digest in made)
    assert len({digest.reader_id for digest in made}) == len(made)
    for digest in made:
        assert 1 <= len(digest.lines) <= limit
        assert digest.more == 0 or len(digest.lines) == limit


@given(_issues(), _COMPANIES)
def test_nobody_who_left_or_cannot_be_reached_is_written_to(issues, owners):
    reachable = set(
        owners.filter("is_active", ~pl.col("is_queue"), ~pl.col("is_deleted"), owner_email="x@corp.example")["owner_id"]
    )
    for digest in digests(issues, owners, limit=10):
        assert digest.reader_id in reachable | {REVOPS}
        assert (digest.address is None) == (digest.reader_id == REVOPS)


@given(_issues(), _COMPANIES, st.integers(1, 3))
def test_what_is_left_is_worth_no_more_than_what_is_told(issues, owners, limit):
    worth = dict(issues.select("issue_id", "value_at_risk").iter_rows())
    readers_of = dict(readers(issues, owners).select("issue_id", "reader_id").iter_rows())
    for digest in digests(issues, owners, limit=limit):
        values = [line.value_at_risk for line in digest.lines]
        known = [value for value in values if value is not None]
        assert known == sorted(known, reverse=True)
        assert values == [*known, *[None] * (len(values) - len(known))]
        left = [
            worth[issue]
            for issue, reader in readers_of.items()
            if reader == digest.reader_id and issue not in digest.issue_ids and worth[issue] is not None
        ]
        assert all(value <= min(known, default=Decimal(-1)) for value in left)
        assert not (left and None in values)


@given(_issues(), _COMPANIES, st.integers(1, 3))
def test_the_order_of_the_rows_changes_nothing(issues, owners, limit):
    made = digests(issues, owners, limit=limit)
    assert digests(issues.reverse(), owners.reverse(), limit=limit) == made
    assert [body(digest, DRAFT) for digest in made] == [
        body(digest, DRAFT) for digest in digests(issues.sort("issue_id"), owners, limit=limit)
    ]


@given(_issues(), _COMPANIES, st.integers(1, 3))
def test_digest_after_digest_tells_everything_once(issues, owners, limit):
    told: list[str] = []
    for _ in range(issues.height + 1):
        untold = issues.filter(~pl.col("issue_id").is_in(told))
        made = digests(untold, owners, limit=limit)
        if not made:
            break
        told += [issue for digest in made for issue in digest.issue_ids]
    assert sorted(told) == sorted(issues["issue_id"])


def test_a_hundred_thousand_findings_are_a_handful_of_short_messages():
    count = 100_000
    rows = pl.DataFrame({"number": range(count)}).select(
        issue_id=pl.format("i{}", "number"),
        rule_id=pl.lit("OPP-01"),
        severity=pl.lit("warning"),
        record_kind=pl.lit("opportunity"),
        record_id=pl.format("r{}", "number"),
        record_name=pl.lit("Acme"),
        owner_id=pl.lit("ann"),
        value_at_risk=pl.lit(Decimal(1)).cast(pl.Decimal(18, 2)),
        says=pl.lit("The close date passed 3 days ago."),
        question=pl.lit(None, pl.String),
        suggested_action=pl.lit("Enter a new date."),
        source_url=pl.lit(None, pl.String),
        opened_on=pl.lit(DAY - timedelta(days=1)),
    )
    (digest,) = digests(rows, owners_of(ANN), limit=10)
    assert digest.more == count - 10
    assert subject(digest, EDITION) == "100,000 records need your attention, USD 100,000 at risk"
    assert len(body(digest, EDITION)) < 3000
