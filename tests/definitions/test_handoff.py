"""The profile that comes with the package says what the articles say, record by record."""

# ruff: noqa: E501  # in a table, a case a line reads best

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import polars as pl
import pytest

from definitions import vocabulary as words
from definitions.load import load_definitions
from definitions.model import ClassRule
from definitions.tables import DIM_PERSON, FCT_OPPORTUNITY, Table
from transforms.frames import schema_of
from transforms.predicates import compile_predicate

AS_OF = date(2026, 1, 31)
HANDOFF = load_definitions("handoff")


def ago(days: int) -> date:
    return AS_OF - timedelta(days=days)


def frame(table: Table, row: dict[str, Any]) -> pl.DataFrame:
    return pl.DataFrame([row], schema=schema_of(table.columns))


def class_of(rules: Sequence[ClassRule], table: Table, row: dict[str, Any]) -> str:
    record = frame(table, row)
    return next(
        rule.name
        for rule in rules
        if rule.when is None or record.select(answer=compile_predicate(rule.when, AS_OF)).item() is True
    )


OPEN = {
    "is_open": True, "is_closed": False, "is_won": False, "is_deleted": False, "close_date": ago(-30), "stage_order": 3,
    "last_meaningful_change_on": ago(10), "last_activity_on": ago(3), "stage_entered_on": ago(10),
    "stage_age_limit_days": 30, "missing_criteria_count": 0, "push_count": 0, "contact_count": 2, "amount": Decimal(1),
    "next_step": "Send the quote", "account_id": "a", "owner_state": "active", "need_status": "acknowledged",
    "budget_status": "identified", "authority_status": "dm_aware",
}  # fmt: skip
DATED = {"purchase_date": ago(-90)}
CLOSED = OPEN | {"is_open": False, "is_closed": True}
DEALS = [
    ("open, dated, moving", {}, "active"),
    ("deleted", {"is_deleted": True}, "merged_or_deleted"),
    ("won", {**CLOSED, "is_won": True}, "closed_won"),
    ("lost as a duplicate", {**CLOSED, "loss_family": "duplicate"}, "closed_duplicate"),
    ("lost as unqualified", {**CLOSED, "loss_family": "unqualified"}, "closed_unqualified"),
    ("lost without a reason", CLOSED, "closed_lost"),
    ("no date", {"close_date": None}, "no_close_date"),
    ("no date and half a year unchanged", {"close_date": None, "last_meaningful_change_on": ago(180)}, "abandoned"),
    (
        "no date and unchanged for a day less",
        {"close_date": None, "last_meaningful_change_on": ago(179)},
        "no_close_date",
    ),
    (
        "no date and nobody knows when it changed",
        {"close_date": None, "last_meaningful_change_on": None},
        "no_close_date",
    ),
    ("a month late and a quarter quiet", {"close_date": ago(30), "last_activity_on": ago(90)}, "abandoned"),
    ("a month late and not so quiet", {"close_date": ago(30), "last_activity_on": ago(89)}, "overdue"),
    ("due today", {"close_date": AS_OF}, "active"),
    ("a week late", {"close_date": ago(7)}, "active"),
    ("eight days late", {"close_date": ago(8)}, "overdue"),
    ("a year ahead", {"close_date": ago(-365)}, "active"),
    ("more than a year ahead", {"close_date": ago(-366)}, "long_term"),
    ("the buyer says far", {"timeline_status": "far"}, "long_term"),
    ("slow in its stage", {"stage_entered_on": ago(31)}, "stalled"),
    ("nobody knows how long in its stage", {"stage_entered_on": None}, "active"),
    ("no limit for its stage", {"stage_age_limit_days": None, "stage_entered_on": ago(999)}, "active"),
    ("two weeks quiet in the meeting stage", {"last_activity_on": ago(15)}, "stalled"),
    ("two weeks quiet while qualifying", {"last_activity_on": ago(15), "stage_order": 2}, "active"),
    ("an answer is missing", {"missing_criteria_count": 1}, "unqualified_open"),
    ("known to have no need", {"need_status": "none"}, "unqualified_open"),
    ("nobody asked about the need", {"need_status": "unknown"}, "unqualified_open"),
    ("need and budget, the rest is pending", {"authority_status": None}, "unqualified_open"),
    ("need, budget and a date in time, who decides is pending", {**DATED, "authority_status": None}, "active"),
    (
        "a first contact of which nothing is known",
        {"stage_order": 1, "need_status": None, "budget_status": None, "authority_status": None},
        "unqualified_open",
    ),
    (
        "need, but neither budget nor authority",
        {"need_status": "acknowledged", "budget_status": "none", "authority_status": "contact_only"},
        "unqualified_open",
    ),
]


@pytest.mark.parametrize(("told", "expected"), [case[1:] for case in DEALS], ids=[case[0] for case in DEALS])
def test_where_a_deal_stands(told, expected):
    assert class_of(HANDOFF.opportunities, FCT_OPPORTUNITY, OPEN | told) == expected


PERSON = {
    "is_deleted": False, "has_identity": True, "has_won_opportunity": False, "has_open_opportunity": False,
    "engagement_level": "none", "reachability": "ok", "owner_state": "active", "record_count": 1, "source_count": 1,
    "fit_score": 0, "engagement_score": 0, "has_discovery": False, "lead_since_on": ago(50),
}  # fmt: skip
ENGAGED = {"engagement_level": "passive", "last_inbound_on": ago(10)}
ASKED = {"engagement_level": "proactive", "last_inbound_on": ago(10), "last_proactive_on": ago(10)}
ACCEPTED = {**ENGAGED, "sales_accepted_on": ago(5)}
PEOPLE = [
    ("nothing to know them by", {"has_identity": False}, "unclassifiable"),
    ("a name on a list", {}, "list_record"),
    ("deleted", {"is_deleted": True}, "merged_or_deleted"),
    ("a sample record", {"email_normalised": "bh@hubspot.com"}, "excluded"),
    ("a tester", {"email_normalised": "ada+test3@firm.example"}, "excluded"),
    ("a student", {"title": "Student", **ASKED}, "excluded"),
    ("at an account that bought", {"has_won_opportunity": True, "has_open_opportunity": True}, "customer"),
    ("a source says customer", {"claims_customer": True}, "customer"),
    ("on an open deal", {"has_open_opportunity": True, **ACCEPTED}, "in_opportunity"),
    ("refused", {"lead_status": "disqualified", **ENGAGED}, "disqualified"),
    ("refused on a day, no status known", {"disqualified_on": ago(20), **ENGAGED}, "disqualified"),
    ("refused once, working again", {"disqualified_on": ago(20), "lead_status": "working", **ENGAGED}, "lead"),
    ("refused, asked since and fits", {"disqualified_on": ago(20), "icp_fit": "pass", **ASKED}, "mql"),
    (
        "refused, asked since and nobody knows the fit",
        {"disqualified_on": ago(20), "icp_fit": "unknown", **ASKED},
        "disqualified",
    ),
    ("refused, asked before", {"disqualified_on": ago(5), "icp_fit": "pass", **ASKED}, "disqualified"),
    ("silent", {"silent_since_on": AS_OF, **ENGAGED}, "dead"),
    ("silent from tomorrow", {"silent_since_on": ago(-1), **ENGAGED}, "lead"),
    ("bounced for a month", {"reachability": "hard_bounced", "unreachable_since_on": ago(30)}, "dead"),
    ("bounced for less", {"reachability": "hard_bounced", "unreachable_since_on": ago(29)}, "list_record"),
    ("bounced nobody knows when", {"reachability": "hard_bounced"}, "list_record"),
    ("returned", {"recycled_on": ago(5), **ACCEPTED}, "recycled"),
    ("returned and asked since", {"recycled_on": ago(15), **ASKED}, "mql"),
    ("returned and accepted again", {"recycled_on": ago(15), **ACCEPTED}, "sal"),
    ("in nurture by its status", {"lead_status": "nurture", **ENGAGED}, "recycled"),
    ("quiet for a quarter", {"engagement_level": "passive", "last_inbound_on": ago(90)}, "dormant"),
    ("quiet for a day less", {"engagement_level": "passive", "last_inbound_on": ago(89)}, "lead"),
    ("accepted", ACCEPTED, "sal"),
    ("accepted and spoken with", {"has_discovery": True, **ACCEPTED}, "sql"),
    (
        "accepted, need and budget known",
        {"need_status": "acknowledged", "budget_status": "identified", **ACCEPTED},
        "sql",
    ),
    ("accepted, spoken with, does not fit", {"has_discovery": True, "icp_fit": "fail", **ACCEPTED}, "sal"),
    ("asked for a demo", ASKED, "mql"),
    ("asked for a demo and does not fit", {"icp_fit": "fail", **ASKED}, "lead"),
    ("scores on both axes", {"fit_score": 60, "engagement_score": 50, **ENGAGED}, "mql"),
    ("scores on one axis", {"fit_score": 100, "engagement_score": 49, **ENGAGED}, "lead"),
    ("the source says MQL", {"mql_latest_on": ago(5), **ENGAGED}, "mql"),
    ("reads the newsletter", ENGAGED, "lead"),
    ("fits and is pursued", {"icp_fit": "pass", "last_outbound_on": ago(5)}, "suspect"),
    ("fits and is not pursued", {"icp_fit": "pass"}, "list_record"),
]


@pytest.mark.parametrize(("told", "expected"), [case[1:] for case in PEOPLE], ids=[case[0] for case in PEOPLE])
def test_where_a_person_stands(told, expected):
    assert class_of(HANDOFF.people, DIM_PERSON, PERSON | told) == expected


FINDINGS = [
    ("OPP-01", {"close_date": ago(1)}, {"close_date": AS_OF}),
    ("OPP-02", {"close_date": None}, {}),
    ("OPP-04", {"close_date": ago(-366)}, {"close_date": ago(-365)}),
    ("OPP-05", {"push_count": 2}, {"push_count": 1}),
    ("OPP-07", {"stage_entered_on": ago(31)}, {"stage_entered_on": ago(30)}),
    ("OPP-08", {"last_activity_on": ago(15)}, {"last_activity_on": ago(15), "stage_order": 2}),
    ("OPP-09", {"last_meaningful_change_on": ago(180)}, {"last_meaningful_change_on": None}),
    ("OPP-10", {"next_step": None}, {"next_step": None, "stage_order": 1}),
    ("OPP-12", {"amount": Decimal(0)}, {"amount": Decimal("0.01")}),
    ("OPP-12", {"amount": None}, {"amount": None, "stage_order": 2}),
    ("OPP-14", {"contact_count": 0}, {}),
    ("OPP-17", {"missing_criteria_count": 2}, {}),
    ("OPP-21", {**CLOSED, "pipeline_class": "closed_lost"}, {**CLOSED, "pipeline_class": "closed_lost", "loss_reason": "Price", "loss_family": "price"}),
    ("OPP-21", {**CLOSED, "pipeline_class": "closed_lost"}, {**CLOSED, "pipeline_class": "closed_lost", "loss_reason": "Rats", "loss_family": "unknown"}),
    ("OPP-21", {**CLOSED, "pipeline_class": "closed_lost", "loss_reason": "Other", "loss_family": "other"}, {**CLOSED, "pipeline_class": "closed_duplicate"}),
    ("OPP-27", {"account_id": None}, {}),
    ("OWN-01", {"owner_state": "queue"}, {}),
    ("OWN-02", {"owner_state": "inactive"}, {"owner_state": "none"}),
    ("LEAD-02", {"lifecycle_class": "mql", "mql_latest_on": ago(4)}, {"lifecycle_class": "mql", "mql_latest_on": ago(3)}),
    ("LEAD-02", {"lifecycle_class": "mql", "mql_latest_on": ago(2), **ASKED}, {"lifecycle_class": "sal", "mql_latest_on": ago(9), **ASKED}),
    ("LEAD-02", {"lifecycle_class": "mql", **ASKED}, {"lifecycle_class": "mql", **ASKED, "last_proactive_on": ago(1)}),
    ("LEAD-02", {"lifecycle_class": "mql", "last_inbound_on": ago(4)}, {"lifecycle_class": "mql", "last_inbound_on": ago(3)}),
    ("LEAD-05", {"lifecycle_class": "lead", "lead_status": "open", "last_activity_on": ago(31)}, {"lifecycle_class": "lead", "lead_status": "nurture", "last_activity_on": ago(31)}),
    ("LEAD-06", {"lifecycle_class": "dead"}, {"lifecycle_class": "dormant"}),
    ("LEAD-09", {"lifecycle_class": "list_record", "claimed_class": "mql"}, {"lifecycle_class": "list_record"}),
    ("CON-01", {"is_email_valid": False, "email_normalised": "x"}, {"phone_e164": "+12025550100"}),
    ("CON-01", {}, {"is_email_valid": True, "email_normalised": "x"}),
    ("CON-04", {"record_count": 3, "source_count": 2}, {"record_count": 2, "source_count": 1, "is_converted": True}),
    ("CON-04", {"record_count": 3, "source_count": 1, "is_converted": True}, {"record_count": 3, "source_count": 2, "is_converted": True}),
    ("OWN-01", {"lifecycle_class": "mql", "owner_state": "queue", "last_proactive_on": ago(2)}, {"lifecycle_class": "mql", "owner_state": "queue", "last_proactive_on": ago(1)}),
    ("OWN-01", {"lifecycle_class": "mql", "owner_state": "none"}, {"lifecycle_class": "lead", "owner_state": "none"}),
    ("OWN-01", {"lifecycle_class": "sql", "owner_state": "queue", "mql_latest_on": ago(2)}, {"lifecycle_class": "sql", "owner_state": "queue", "mql_latest_on": ago(1)}),
    ("OWN-02", {"lifecycle_class": "in_opportunity", "owner_state": "inactive"}, {"lifecycle_class": "dead", "owner_state": "inactive"}),
]  # fmt: skip


@pytest.mark.parametrize(
    ("rule_id", "failing", "holding"), FINDINGS, ids=[f"{case[0]}-{n}" for n, case in enumerate(FINDINGS)]
)
def test_a_rule_finds_what_it_says_and_nothing_else(rule_id, failing, holding):
    on = "person" if {"lifecycle_class", "record_count", "is_email_valid"} & {*failing, *holding} else "opportunity"
    (rule,) = (rule for rule in HANDOFF.hygiene if (rule.rule, rule.on) == (rule_id, on))
    table, usual = (DIM_PERSON, PERSON) if on == "person" else (FCT_OPPORTUNITY, OPEN)
    test = compile_predicate(rule.when, AS_OF)
    assert frame(table, usual | failing).select(answer=test).item() is True
    assert frame(table, usual | holding).select(answer=test).item() is not True


def test_every_rule_is_tried_above():
    assert {rule.rule for rule in HANDOFF.hygiene} == {case[0] for case in FINDINGS}


@pytest.mark.parametrize("status", ["budget_status", "authority_status", "need_status"])
def test_what_nobody_asked_is_unknown_and_never_a_no(status):
    for word in ("unknown", None):
        for criterion in HANDOFF.criteria.values():
            if criterion.evidence == status:
                record = frame(FCT_OPPORTUNITY, OPEN | {status: word})
                assert record.select(answer=compile_predicate(criterion.met, AS_OF)).item() is None


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ({}, None),
        ({"purchase_date": AS_OF}, True),
        ({"purchase_date": ago(-366), "timeline_status": "near"}, False),
        ({"purchase_date": ago(1)}, False),
        ({"timeline_status": "agreed"}, True),
        ({"timeline_status": "none"}, False),
        ({"timeline_status": "unknown"}, None),
    ],
)
def test_the_date_the_buyer_named_wins_over_the_status(told, expected):
    met = compile_predicate(HANDOFF.criteria["timeline"].met, AS_OF)
    for table in (DIM_PERSON, FCT_OPPORTUNITY):
        assert frame(table, told).select(answer=met).item() is expected


@pytest.mark.parametrize(
    ("rules", "vocabulary"),
    [(HANDOFF.people, words.PERSON_CLASS), (HANDOFF.opportunities, words.OPPORTUNITY_CLASS)],
    ids=["people", "opportunities"],
)
def test_precedence_is_that_of_the_vocabulary(rules, vocabulary):
    names = [rule.name for rule in rules]
    assert names == [name for name in vocabulary if name in names]


def test_the_only_class_left_out_is_the_one_a_passive_lead_makes_unreachable():
    assert set(words.PERSON_CLASS) - {rule.name for rule in HANDOFF.people} == {"inquiry"}
    assert set(words.OPPORTUNITY_CLASS) == {rule.name for rule in HANDOFF.opportunities}


def test_stages_are_all_there_and_ask_for_more_as_they_go_on():
    assert tuple(stage.stage for stage in HANDOFF.stages) == words.CANONICAL_STAGE
    assert [stage.order for stage in HANDOFF.stages] == list(range(1, 8))
    probabilities = [stage.probability for stage in HANDOFF.stages[:6]]
    assert probabilities == sorted(probabilities)
    asked = [len(stage.requires) for stage in HANDOFF.stages[:5]]
    assert asked == sorted(asked)


def test_every_number_says_where_it_comes_from():
    for rule in (*HANDOFF.people, *HANDOFF.opportunities):
        if rule.when is not None and any(char.isdigit() for char in rule.when.text):
            assert "practice" in rule.because or any(source in rule.because for source in HANDOFF.sources), rule.name
    for rule in HANDOFF.hygiene:
        assert "practice" in rule.source or any(source in rule.source for source in HANDOFF.sources), rule.rule


def test_it_is_a_draft_until_it_is_signed():
    assert HANDOFF.is_draft
    assert HANDOFF.version == "2026.1"
