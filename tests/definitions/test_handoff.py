"""The profile that comes with the package says what the articles say, record by record."""

from collections.abc import Sequence
from typing import Any

import pytest

from definitions.agreement.model import ClassRule
from definitions.schema import vocabulary as words
from definitions.schema.tables import DIM_PERSON, FCT_OPPORTUNITY, Table
from tests.definitions.handoff_records import (
    ACCEPTED,
    AS_OF,
    ASKED,
    CLOSED,
    ENGAGED,
    HANDOFF,
    OPEN,
    PERSON,
    ago,
    frame,
)
from transforms.classify.predicates import compile_predicate


def class_of(rules: Sequence[ClassRule], table: Table, row: dict[str, Any]) -> str:
    record = frame(table, row)
    return next(
        rule.name
        for rule in rules
        if rule.when is None or record.select(answer=compile_predicate(rule.when, AS_OF)).item() is True
    )


DATED = {"purchase_date": ago(-90)}
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
    ("not a month late and a quarter quiet", {"close_date": ago(29), "last_activity_on": ago(90)}, "overdue"),
    ("due today", {"close_date": AS_OF}, "active"),
    ("a week late", {"close_date": ago(7)}, "active"),
    ("eight days late", {"close_date": ago(8)}, "overdue"),
    ("a year ahead", {"close_date": ago(-365)}, "active"),
    ("more than a year ahead", {"close_date": ago(-366)}, "long_term"),
    ("the buyer says far", {"timeline_status": "far"}, "long_term"),
    ("slow in its stage", {"stage_entered_on": ago(31)}, "stalled"),
    ("as long in its stage as deals usually are", {"stage_entered_on": ago(30)}, "active"),
    ("nobody knows how long in its stage", {"stage_entered_on": None}, "active"),
    ("no limit for its stage", {"stage_age_limit_days": None, "stage_entered_on": ago(999)}, "active"),
    ("more than two weeks quiet in the meeting stage", {"last_activity_on": ago(15)}, "stalled"),
    ("two weeks quiet in the meeting stage", {"last_activity_on": ago(14)}, "active"),
    ("more than two weeks quiet while qualifying", {"last_activity_on": ago(15), "stage_order": 2}, "active"),
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
    ("no way to reach them for a month", {"reachability": "no_channel", "unreachable_since_on": ago(30)}, "dead"),
    ("asked not to be written to", {"reachability": "opted_out", "unreachable_since_on": ago(99)}, "list_record"),
    ("bounced nobody knows when", {"reachability": "hard_bounced"}, "list_record"),
    ("returned", {"recycled_on": ago(5), **ACCEPTED}, "recycled"),
    ("returned and asked since", {"recycled_on": ago(15), **ASKED}, "mql"),
    ("returned and an MQL since", {"recycled_on": ago(15), "mql_latest_on": ago(10), **ENGAGED}, "mql"),
    ("returned the day it became an MQL", {"recycled_on": ago(10), "mql_latest_on": ago(10), **ENGAGED}, "recycled"),
    ("returned and accepted again", {"recycled_on": ago(15), **ACCEPTED}, "sal"),
    ("in nurture by its status", {"lead_status": "nurture", **ENGAGED}, "recycled"),
    ("quiet for a quarter", {"engagement_level": "passive", "last_inbound_on": ago(90)}, "dormant"),
    ("asked, and quiet for a quarter since", {**ASKED, "last_inbound_on": ago(90)}, "dormant"),
    ("quiet for a day less", {"engagement_level": "passive", "last_inbound_on": ago(89)}, "lead"),
    ("accepted", ACCEPTED, "sal"),
    ("accepted and spoken with", {"has_discovery": True, **ACCEPTED}, "sql"),
    (
        "accepted, need and budget known",
        {"need_status": "acknowledged", "budget_status": "identified", **ACCEPTED},
        "sql",
    ),
    ("accepted, only the need known", {"need_status": "acknowledged", **ACCEPTED}, "sal"),
    ("accepted, spoken with, does not fit", {"has_discovery": True, "icp_fit": "fail", **ACCEPTED}, "sal"),
    ("asked for a demo", ASKED, "mql"),
    ("asked for a demo and does not fit", {"icp_fit": "fail", **ASKED}, "lead"),
    ("scores on both axes", {"fit_score": 60, "engagement_score": 50, **ENGAGED}, "mql"),
    ("scores on one axis", {"fit_score": 100, "engagement_score": 49, **ENGAGED}, "lead"),
    ("scores on the other axis", {"fit_score": 59, "engagement_score": 100, **ENGAGED}, "lead"),
    ("the source says MQL", {"mql_latest_on": ago(5), **ENGAGED}, "mql"),
    ("reads the newsletter", ENGAGED, "lead"),
    ("fits and is pursued", {"icp_fit": "pass", "last_outbound_on": ago(5)}, "suspect"),
    ("fits and is not pursued", {"icp_fit": "pass"}, "list_record"),
]


@pytest.mark.parametrize(("told", "expected"), [case[1:] for case in PEOPLE], ids=[case[0] for case in PEOPLE])
def test_where_a_person_stands(told, expected):
    assert class_of(HANDOFF.people, DIM_PERSON, PERSON | told) == expected


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
        ({"purchase_date": ago(-365)}, True),
        ({"purchase_date": ago(-366)}, False),
        ({"timeline_status": "near"}, True),
        ({"timeline_status": "far"}, False),
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


def test_each_stage_asks_what_must_be_known_by_then():
    three = ("need", "authority", "budget")
    decided = ("need", "decision_maker_involved", "budget_allocated")
    asked = {stage.stage: tuple(stage.requires) for stage in HANDOFF.stages}
    assert asked == {
        "initial_contact": (),
        "qualification": three,
        "meeting_discovery": three,
        "proposal": decided,
        "closing": decided,
        "closed_won": (),
        "closed_lost": (),
    }


def test_every_number_says_where_it_comes_from():
    for rule in (*HANDOFF.people, *HANDOFF.opportunities):
        if rule.when is not None and any(char.isdigit() for char in rule.when.text):
            assert "practice" in rule.because or any(source in rule.because for source in HANDOFF.sources), rule.name
    for rule in HANDOFF.hygiene:
        assert "practice" in rule.source or any(source in rule.source for source in HANDOFF.sources), rule.rule


def test_it_is_a_draft_until_it_is_signed():
    assert HANDOFF.is_draft
    assert HANDOFF.version == "2026.1"
