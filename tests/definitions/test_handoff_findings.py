"""What the profile that comes with the package finds wrong, at the number and one beside it, and how grave it is."""

# ruff: noqa: E501  # in a table, a case a line reads best

from decimal import Decimal
from typing import Any

import pytest

from definitions.schema.tables import DIM_PERSON, FCT_OPPORTUNITY
from tests.definitions.handoff_records import AS_OF, ASKED, CLOSED, HANDOFF, OPEN, PERSON, ago, frame
from transforms.classify.hygiene import findings
from transforms.classify.predicates import compile_predicate

FINDINGS = [
    ("OPP-01", {"close_date": ago(1)}, {"close_date": AS_OF}),
    ("OPP-02", {"close_date": None}, {}),
    ("OPP-04", {"close_date": ago(-366)}, {"close_date": ago(-365)}),
    ("OPP-05", {"push_count": 2}, {"push_count": 1}),
    ("OPP-07", {"stage_entered_on": ago(31)}, {"stage_entered_on": ago(30)}),
    ("OPP-08", {"last_activity_on": ago(15)}, {"last_activity_on": ago(15), "stage_order": 2}),
    ("OPP-08", {"last_activity_on": ago(15)}, {"last_activity_on": ago(14)}),
    ("OPP-09", {"last_meaningful_change_on": ago(180)}, {"last_meaningful_change_on": None}),
    ("OPP-09", {"last_meaningful_change_on": ago(180)}, {"last_meaningful_change_on": ago(179)}),
    ("OPP-09", {"last_activity_on": ago(90), "close_date": ago(30)}, {"last_activity_on": ago(89), "close_date": ago(30)}),
    ("OPP-09", {"last_activity_on": ago(90), "close_date": ago(30)}, {"last_activity_on": ago(90), "close_date": ago(29)}),
    ("OPP-10", {"next_step": None, "stage_order": 2}, {"next_step": None, "stage_order": 1}),
    ("OPP-12", {"amount": Decimal(0)}, {"amount": Decimal("0.01")}),
    ("OPP-12", {"amount": None}, {"amount": None, "stage_order": 2}),
    ("OPP-14", {"contact_count": 0}, {"contact_count": 1}),
    ("OPP-17", {"missing_criteria_count": 1}, {"missing_criteria_count": 0}),
    ("OPP-21", {**CLOSED, "pipeline_class": "closed_lost"}, {**CLOSED, "pipeline_class": "closed_lost", "loss_reason": "Price", "loss_family": "price"}),
    ("OPP-21", {**CLOSED, "pipeline_class": "closed_lost"}, {**CLOSED, "pipeline_class": "closed_lost", "loss_reason": "Rats", "loss_family": "unknown"}),
    ("OPP-21", {**CLOSED, "pipeline_class": "closed_lost", "loss_reason": "Other", "loss_family": "other"}, {**CLOSED, "pipeline_class": "closed_duplicate"}),
    ("OPP-27", {"account_id": None}, {}),
    ("OWN-01", {"owner_state": "queue"}, {}),
    ("OWN-02", {"owner_state": "inactive"}, {"owner_state": "none"}),
    ("LEAD-02", {"lifecycle_class": "mql", "mql_latest_on": ago(4)}, {"lifecycle_class": "mql", "mql_latest_on": ago(3)}),
    ("LEAD-02", {"lifecycle_class": "mql", "mql_latest_on": ago(2), **ASKED}, {"lifecycle_class": "sal", "mql_latest_on": ago(9), **ASKED}),
    ("LEAD-02", {"lifecycle_class": "mql", "mql_latest_on": ago(2), **ASKED}, {"lifecycle_class": "mql", "mql_latest_on": ago(1), **ASKED}),
    ("LEAD-02", {"lifecycle_class": "mql", **ASKED, "last_proactive_on": ago(2)}, {"lifecycle_class": "mql", **ASKED, "last_proactive_on": ago(1)}),
    ("LEAD-02", {"lifecycle_class": "mql", "last_inbound_on": ago(4)}, {"lifecycle_class": "mql", "last_inbound_on": ago(3)}),
    ("LEAD-05", {"lifecycle_class": "lead", "lead_status": "open", "last_activity_on": ago(31)}, {"lifecycle_class": "lead", "lead_status": "nurture", "last_activity_on": ago(31)}),
    ("LEAD-05", {"lifecycle_class": "lead", "lead_status": "open", "last_activity_on": ago(31)}, {"lifecycle_class": "lead", "lead_status": "open", "last_activity_on": ago(30)}),
    ("LEAD-06", {"lifecycle_class": "dead"}, {"lifecycle_class": "dormant"}),
    ("LEAD-09", {"lifecycle_class": "list_record", "claimed_class": "mql"}, {"lifecycle_class": "list_record"}),
    ("CON-01", {"is_email_valid": False, "email_normalised": "x"}, {"phone_e164": "+12025550100"}),
    ("CON-01", {}, {"is_email_valid": True, "email_normalised": "x"}),
    ("CON-04", {"record_count": 3, "source_count": 2}, {"record_count": 2, "source_count": 1, "is_converted": True}),
    ("CON-04", {"record_count": 2, "source_count": 1}, {"record_count": 2, "source_count": 2}),
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


GRAVITY = [
    ("OPP-01", {"close_date": ago(1)}, "critical"),
    ("OPP-02", {"close_date": None}, "critical"),
    ("OPP-04", {"close_date": ago(-366)}, "info"),
    ("OPP-05", {"push_count": 2}, "warning"),
    ("OPP-05", {"push_count": 3}, "critical"),
    ("OPP-07", {"stage_entered_on": ago(31)}, "warning"),
    ("OPP-08", {"last_activity_on": ago(15)}, "warning"),
    ("OPP-09", {"last_meaningful_change_on": ago(180)}, "critical"),
    ("OPP-10", {"next_step": None}, "warning"),
    ("OPP-12", {"amount": None}, "warning"),
    ("OPP-12", {"amount": None, "forecast_category": "best_case"}, "warning"),
    ("OPP-12", {"amount": None, "forecast_category": "commit"}, "critical"),
    ("OPP-14", {"contact_count": 0, "stage_order": 3}, "warning"),
    ("OPP-14", {"contact_count": 0, "stage_order": 4}, "critical"),
    ("OPP-17", {"missing_criteria_count": 1}, "warning"),
    ("OPP-21", {**CLOSED, "pipeline_class": "closed_lost"}, "warning"),
    ("OPP-27", {"account_id": None}, "critical"),
    ("OWN-01", {"owner_state": "none"}, "critical"),
    ("OWN-02", {"owner_state": "inactive"}, "critical"),
    ("LEAD-02", {"lifecycle_class": "mql", "mql_latest_on": ago(4)}, "critical"),
    ("LEAD-05", {"lifecycle_class": "lead", "lead_status": "new", "last_activity_on": ago(31)}, "warning"),
    ("LEAD-06", {"lifecycle_class": "dead"}, "warning"),
    ("LEAD-09", {"lifecycle_class": "list_record", "claimed_class": "lead"}, "warning"),
    ("CON-01", {"lifecycle_class": "lead"}, "warning"),
    ("CON-04", {"lifecycle_class": "lead", "record_count": 2}, "warning"),
    ("OWN-01", {"lifecycle_class": "sal", "owner_state": "none"}, "critical"),
    ("OWN-02", {"lifecycle_class": "sal", "owner_state": "inactive"}, "critical"),
]


@pytest.mark.parametrize(("rule_id", "told", "severity"), GRAVITY)
def test_how_grave_a_finding_is(rule_id: str, told: dict[str, Any], severity: str):
    if "lifecycle_class" in told:
        found = findings(frame(DIM_PERSON, PERSON | told).lazy(), HANDOFF, "person", AS_OF)
    else:
        deal = OPEN | {"pipeline_class": "active"} | told
        found = findings(frame(FCT_OPPORTUNITY, deal).lazy(), HANDOFF, "opportunity", AS_OF)
    assert dict(found.select("rule_id", "severity").collect().iter_rows())[rule_id] == severity


def test_every_rule_is_weighed_above():
    assert {(rule.rule, rule.on) for rule in HANDOFF.hygiene} == {
        (rule_id, "person" if "lifecycle_class" in told else "opportunity") for rule_id, told, _ in GRAVITY
    }
