"""Digests as they are read: subject, lines, what else there is, and laws over any issues."""

from collections import Counter
from datetime import timedelta
from decimal import Decimal

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from definitions.schema.vocabulary import SEVERITY
from flows.alerts.digests import REVOPS, body, readers, subject
from tests.transforms.issues import ANN, DAY, DRAFT, EDITION, MAX, digests_of, issues_of, owners_of


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
    (digest,) = digests_of(told, owners_of(ANN | {"is_active": False, "owner_name": evil}, MAX), limit=10)
    said = body(digest, EDITION)
    assert "<!channel" not in said
    assert "](" not in said
    assert "https://evil" not in said.replace("%28https://evil", "")
    assert "\nDo: pay" not in said


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
            row = {"record_id": f"r{number}", "rule_id": rule, "severity": draw(st.sampled_from(SEVERITY.names))}
            rows.append(record | row | {"issue_id": f"r{number}|{rule}"})
    return issues_of(*draw(st.permutations(rows)))


@given(_issues(), _COMPANIES, st.integers(1, 3))
def test_every_issue_is_told_to_one_reader_or_left_for_the_next_digest(issues, owners, limit):
    made = digests_of(issues, owners, limit=limit)
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
    for digest in digests_of(issues, owners, limit=10):
        assert digest.reader_id in reachable | {REVOPS}
        assert (digest.address is None) == (digest.reader_id == REVOPS)


@given(_issues(), _COMPANIES, st.integers(1, 3))
def test_what_is_left_is_worth_no_more_than_what_is_told(issues, owners, limit):
    worth = dict(issues.select("issue_id", "value_at_risk").iter_rows())
    readers_of = dict(readers(issues, owners).select("issue_id", "reader_id").iter_rows())
    for digest in digests_of(issues, owners, limit=limit):
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
    made = digests_of(issues, owners, limit=limit)
    assert digests_of(issues.reverse(), owners.reverse(), limit=limit) == made
    assert [body(digest, DRAFT) for digest in made] == [
        body(digest, DRAFT) for digest in digests_of(issues.sort("issue_id"), owners, limit=limit)
    ]


@given(_issues(), _COMPANIES, st.integers(1, 3))
def test_digest_after_digest_tells_everything_once(issues, owners, limit):
    told: list[str] = []
    for _ in range(issues.height + 1):
        untold = issues.filter(~pl.col("issue_id").is_in(told))
        made = digests_of(untold, owners, limit=limit)
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
    (digest,) = digests_of(rows, owners_of(ANN), limit=10)
    assert digest.more == count - 10
    assert subject(digest, EDITION) == "100,000 records need your attention, USD 100,000 at risk"
    assert len(body(digest, EDITION)) < 3000
