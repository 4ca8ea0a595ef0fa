import json
from datetime import date
from decimal import Decimal

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from definitions.agreement.load import load_definitions
from definitions.agreement.model import NAMED_IN_BRACES, HygieneRule
from definitions.polars_types import schema_of
from definitions.predicates.predicate import parse
from definitions.schema.columns import columns_named
from definitions.schema.facets import DERIVED
from definitions.schema.tables import FCT_HYGIENE_ISSUE
from transforms.classify.hygiene import FINDING, findings
from transforms.classify.predicates import compile_predicate
from transforms.frames import conformed, empty
from transforms.history.changes import issue_lives

AS_OF = date(2026, 3, 31)
DEAL = columns_named(
    """opportunity_id name owner_id is_open close_date amount amount_corporate probability push_count next_step
    is_won last_activity_at pipeline_class source_url"""
)
PERSON = columns_named(
    """person_id first_name email phone company_name lead_source owner_id lead_since_on reachability lifecycle_class
    source_url"""
)


def rule(name: str, when: str, says: str, **other: object) -> HygieneRule:
    subject = other.get("on", "opportunity")
    told = {"on": subject, "severity": "warning", "ask": "Why?", "action": "Ask.", "source": "S3"} | other
    if "critical_when" in told:
        told["critical_when"] = parse(told["critical_when"], subject)
    return HygieneRule(rule=name, when=parse(when, subject), says=says, **told)


OVERDUE = rule(
    "OPP-01",
    "is_open and days_overdue > 0",
    "Close date passed {days_overdue} days ago; worth {amount}.",
    severity="critical",
    ask="What must happen before {close_date}?",
    action="Move on from {close_date}.",
)
PUSHED = rule("OPP-05", "push_count >= 2", "Pushed {push_count} times.", critical_when="push_count >= 3")
NO_STEP = rule("OPP-10", "is_open and next_step is null", "No next step ({probability}, {is_won}, {last_activity_at}).")
UNREACHABLE = rule(
    "CON-01",
    "reachability = 'no_channel' and email is null",
    "No way to reach {first_name} for {days_in_lead_phase} days.",
    on="person",
)


@pytest.fixture(scope="module")
def rules(agreed):
    return agreed(hygiene=(PUSHED, OVERDUE, NO_STEP, UNREACHABLE), not_checked=("merged_or_deleted", "excluded"))


def deal(**told: object) -> dict[str, object]:
    clean = {"is_open": True, "close_date": date(2026, 6, 30), "push_count": 0, "next_step": "Demo on Friday"}
    value = {"amount": Decimal("1234567.50"), "amount_corporate": Decimal("1000000.00")}
    named = {"opportunity_id": "d", "name": "Big deal", "owner_id": "o", "source_url": "https://crm.example/d"}
    return named | clean | value | {"pipeline_class": "active"} | told


def found(rules, *rows: dict[str, object]) -> pl.DataFrame:
    return findings(pl.LazyFrame(list(rows), schema=schema_of(DEAL)), rules, "opportunity", AS_OF).collect()


def people_found(rules, *rows: dict[str, object]) -> pl.DataFrame:
    return findings(pl.LazyFrame(list(rows), schema=schema_of(PERSON)), rules, "person", AS_OF).collect()


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ({}, []),
        ({"close_date": date(2026, 3, 31)}, []),
        ({"close_date": date(2026, 3, 30)}, [("OPP-01", "critical")]),
        ({"close_date": date(2026, 3, 30), "is_open": False}, []),
        ({"close_date": date(2026, 3, 30), "pipeline_class": "merged_or_deleted"}, []),
        ({"push_count": 2}, [("OPP-05", "warning")]),
        ({"push_count": 3}, [("OPP-05", "critical")]),
        ({"push_count": None}, []),
        ({"push_count": 9, "next_step": None}, [("OPP-05", "critical"), ("OPP-10", "warning")]),
    ],
    ids=[
        "clean",
        "due today",
        "overdue",
        "closed",
        "not checked",
        "pushed",
        "worse",
        "unknown is no finding",
        "two rules",
    ],
)
def test_a_finding_for_each_rule_that_fails(rules, told, expected):
    assert found(rules, deal(**told)).select("rule_id", "severity").rows() == expected


def test_a_finding_says_what_is_wrong_in_numbers(rules):
    (row,) = found(rules, deal(close_date=date(2026, 3, 19))).to_dicts()
    assert row == {
        "rule_id": "OPP-01",
        "severity": "critical",
        "record_kind": "opportunity",
        "record_id": "d",
        "record_name": "Big deal",
        "owner_id": "o",
        "value_at_risk": Decimal("1000000.00"),
        "amount": Decimal("1000000.00"),
        "says": "Close date passed 12 days ago; worth 1,234,568.",
        "question": "What must happen before 2026-03-19?",
        "suggested_action": "Move on from 2026-03-19.",
        "evidence": '{"days_overdue":12,"is_open":true}',
        "source_url": "https://crm.example/d",
    }


@pytest.mark.parametrize(
    ("amount", "said"),
    [
        (Decimal("0.40"), "0"),
        (Decimal("999.50"), "1,000"),
        (Decimal(100), "100"),
        (Decimal("-1234.00"), "-1,234"),
        (Decimal("1234567890.00"), "1,234,567,890"),
        (None, "unknown"),
    ],
    ids=["cents", "rounded", "hundreds", "negative", "milliards", "unknown"],
)
def test_money_is_read_in_whole_units(rules, amount, said):
    (row,) = found(rules, deal(close_date=date(2026, 3, 19), amount=amount)).to_dicts()
    assert row["says"].endswith(f"worth {said}.")


def test_what_is_not_known_is_said_to_be_unknown(rules):
    (row,) = found(rules, deal(next_step=None, probability=0.30000000000000004, is_won=None)).to_dicts()
    assert row["says"] == "No next step (0.3, unknown, unknown)."


def test_a_person_is_never_named(rules):
    told = {"person_id": "p", "reachability": "no_channel", "first_name": "Ada", "phone": "1", "owner_id": "o"}
    person = told | {"lead_since_on": date(2026, 3, 1), "lifecycle_class": "lead"}
    found_people = people_found(
        rules, person | {"company_name": "Acme"}, person | {"lead_source": "Trade fair"}, person
    )
    assert found_people["record_name"].to_list() == ["Acme", "Trade fair", None]
    assert set(found_people["says"]) == {"No way to reach not shown for 30 days."}
    assert set(found_people["evidence"]) == {'{"reachability":"no_channel"}'}
    assert found_people["value_at_risk"].null_count() == 3


def test_no_rules_no_findings(agreed):
    assert found(agreed(), deal(push_count=9)).schema == schema_of(FINDING)
    assert people_found(agreed(hygiene=(PUSHED,))).height == 0


def test_findings_become_issues_that_fit_their_table(rules):
    before = empty(FCT_HYGIENE_ISSUE.columns)
    lives = issue_lives(before, found(rules, deal(push_count=2)).lazy(), as_of=AS_OF, is_baseline=True)
    (issue,) = conformed(lives, FCT_HYGIENE_ISSUE).collect().to_dicts()
    assert (issue["issue_id"], issue["amount_at_open"]) == ("d|OPP-05|2026-03-31", Decimal(1000000))


@settings(max_examples=30, deadline=None)
@given(data=st.data())
def test_findings_are_exactly_the_records_that_fail_in_any_order(rules, rows_of, data):
    rows = data.draw(rows_of(DEAL, frozenset({"pipeline_class"})))
    frame = pl.LazyFrame(rows, schema=schema_of(DEAL))
    all_found = findings(frame, rules, "opportunity", AS_OF).collect()
    expected = [
        (record, each.rule)
        for each in rules.hygiene
        if each.on == "opportunity"
        for record in frame.filter(
            compile_predicate(each.when, AS_OF), pl.col("pipeline_class") != "merged_or_deleted"
        ).collect()["opportunity_id"]
    ]
    assert all_found.select("record_id", "rule_id").rows() == sorted(expected)
    assert findings(frame.reverse(), rules, "opportunity", AS_OF).collect().equals(all_found)
    for row in all_found.to_dicts():
        assert isinstance(json.loads(row["evidence"]), dict)
        assert "{" not in row["says"]


@pytest.fixture(scope="module")
def handoff():
    return load_definitions("handoff")


@pytest.mark.parametrize("kind", ["person", "opportunity"])
@settings(max_examples=10, deadline=None)
@given(data=st.data())
def test_every_finding_of_the_hand_off_profile_can_be_read_and_has_its_evidence(handoff, rows_of, kind, data):
    rules = {rule.rule: rule for rule in handoff.hygiene if rule.on == kind}
    told = [NAMED_IN_BRACES.findall(f"{rule.says} {rule.ask} {rule.action}") for rule in rules.values()]
    read = {DERIVED[name].column if name in DERIVED else name for names in told for name in names}
    read |= set().union(*(rule.when.columns for rule in rules.values()))
    read |= set().union(*(rule.critical_when.columns for rule in rules.values() if rule.critical_when))
    columns = columns_named(f"{kind}_id {' '.join(sorted(read | set(NAMED[kind].split())))}")
    required = frozenset({"pipeline_class", "lifecycle_class"})
    frame = pl.LazyFrame(data.draw(rows_of(columns, required, 5)), schema=schema_of(columns))
    for row in findings(frame, handoff, kind, AS_OF).collect().to_dicts():
        rule = rules[row["rule_id"]]
        assert "{" not in f"{row['says']}{row['question']}{row['suggested_action']}"
        assert set(json.loads(row["evidence"])) <= rule.when.names | (
            rule.critical_when.names if rule.critical_when else set()
        )
        assert row["severity"] in {rule.severity, "critical"}


NAMED = {
    "person": "company_name lead_source owner_id source_url lifecycle_class",
    "opportunity": "name amount_corporate owner_id source_url pipeline_class",
}
