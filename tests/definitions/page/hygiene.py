"""What we tell the owner of a record: each rule on both sides of its test, how grave, in which words, and why."""

# ruff: noqa: E501  # in a table, a case a line reads best

from collections.abc import Sequence
from decimal import Decimal

from flows.alerts.digests import readers
from tests.definitions.handoff_records import AS_OF, ASKED, CLOSED, HANDOFF, OPEN, PERSON, ago
from tests.definitions.page.classified import Told, deal, deal_class, found
from tests.definitions.page.deals import abandoned_at_any_stage
from tests.definitions.page.interest import silence_begins_when_all_limits_are_reached
from tests.definitions.page.names import world
from tests.definitions.page.stages import a_limit_is_learnt_from_thirty_stays
from tests.definitions.page.statements import Check, Statement, checks
from tests.definitions.page.words import these_close_dates_are_none
from tests.transforms.issues import ANN, MAX, issues_of, owners_of

SECTION = "What we tell the owner of a record"
Cases = Sequence[tuple[Told, str | None]]
LOST = {**CLOSED, "pipeline_class": "closed_lost"}
LATE_AND_QUIET = {"last_activity_on": ago(90), "close_date": ago(30)}
MQL = {"lifecycle_class": "mql"}
QUEUED = {**MQL, "owner_state": "queue"}
QUIET_LEAD = {"lifecycle_class": "lead", "lead_status": "open", "last_activity_on": ago(31)}

# By rule: records that fail it, with their gravity, and others that do not.
TESTS: dict[str, Cases] = {
    "OPP-01 of opportunity": [({"close_date": ago(1)}, "critical"), ({"close_date": AS_OF}, None), ({**CLOSED, "close_date": ago(1)}, None)],
    "OPP-02 of opportunity": [({"close_date": None}, "critical"), ({}, None), ({**CLOSED, "close_date": None}, None)],
    "OPP-04 of opportunity": [({"close_date": ago(-366)}, "info"), ({"close_date": ago(-365)}, None), ({**CLOSED, "close_date": ago(-366)}, None)],
    "OPP-05 of opportunity": [({"push_count": 2}, "warning"), ({"push_count": 3}, "critical"), ({"push_count": 1}, None), ({**CLOSED, "push_count": 3}, None)],
    "OPP-07 of opportunity": [({"stage_entered_on": ago(31)}, "warning"), ({"stage_entered_on": ago(30)}, None), ({**CLOSED, "stage_entered_on": ago(31)}, None)],
    "OPP-08 of opportunity": [({"last_activity_on": ago(15)}, "warning"), ({"last_activity_on": ago(14)}, None), ({"last_activity_on": ago(15), "stage_order": 2}, None), ({**CLOSED, "last_activity_on": ago(15)}, None)],
    "OPP-09 of opportunity": [
        ({"last_meaningful_change_on": ago(180)}, "critical"),
        ({"last_meaningful_change_on": ago(179)}, None),
        ({"last_meaningful_change_on": None}, None),
        (LATE_AND_QUIET, "critical"),
        ({**LATE_AND_QUIET, "last_activity_on": ago(89)}, None),
        ({**LATE_AND_QUIET, "close_date": ago(29)}, None),
        ({**CLOSED, "last_meaningful_change_on": ago(180)}, None),
    ],
    "OPP-10 of opportunity": [({"next_step": None, "stage_order": 2}, "warning"), ({"next_step": None, "stage_order": 1}, None), ({}, None), ({**CLOSED, "next_step": None}, None)],
    "OPP-12 of opportunity": [
        ({"amount": None}, "warning"),
        ({"amount": Decimal(0), "forecast_category": "best_case"}, "warning"),
        ({"amount": Decimal(0), "forecast_category": "commit"}, "critical"),
        ({"amount": Decimal("0.01"), "forecast_category": "commit"}, None),
        ({"amount": None, "stage_order": 2}, None),
        ({**CLOSED, "amount": None}, None),
    ],
    "OPP-14 of opportunity": [({"contact_count": 0, "stage_order": 3}, "warning"), ({"contact_count": 0, "stage_order": 4}, "critical"), ({"contact_count": 1}, None), ({**CLOSED, "contact_count": 0}, None)],
    "OPP-17 of opportunity": [({"missing_criteria_count": 1}, "warning"), ({"missing_criteria_count": 0}, None), ({**CLOSED, "missing_criteria_count": 1}, None)],
    "OPP-21 of opportunity": [
        (LOST, "warning"),
        ({**LOST, "loss_reason": "Other", "loss_family": "other"}, "warning"),
        ({**LOST, "loss_reason": "Price", "loss_family": "price"}, None),
        ({**LOST, "loss_reason": "Rats", "loss_family": "unknown"}, None),
        ({**CLOSED, "pipeline_class": "closed_duplicate"}, None),
    ],
    "OPP-27 of opportunity": [({"account_id": None}, "critical"), ({}, None), ({**CLOSED, "account_id": None}, None)],
    "OWN-01 of opportunity": [({"owner_state": "none"}, "critical"), ({"owner_state": "queue"}, "critical"), ({"owner_state": "inactive"}, None), ({**CLOSED, "owner_state": "none"}, None)],
    "OWN-02 of opportunity": [({"owner_state": "inactive"}, "critical"), ({"owner_state": "none"}, None), ({**CLOSED, "owner_state": "inactive"}, None)],
    "LEAD-02 of person": [
        ({**MQL, "mql_latest_on": ago(4)}, "critical"),
        ({**MQL, "mql_latest_on": ago(3)}, None),
        ({**MQL, **ASKED, "mql_latest_on": ago(2)}, "critical"),
        ({**MQL, **ASKED, "mql_latest_on": ago(1)}, None),
        ({**MQL, **ASKED, "last_proactive_on": ago(2)}, "critical"),
        ({**MQL, **ASKED, "last_proactive_on": ago(1)}, None),
        ({**MQL, "last_inbound_on": ago(4)}, "critical"),
        ({**MQL, "last_inbound_on": ago(3)}, None),
        ({**ASKED, "lifecycle_class": "sal", "mql_latest_on": ago(9)}, None),
    ],
    "LEAD-05 of person": [
        *(({**QUIET_LEAD, "lifecycle_class": name}, "warning") for name in ("dormant", "sql", "sal", "mql", "lead")),
        *(({**QUIET_LEAD, "lead_status": status}, "warning") for status in ("new", "open", "working")),
        ({**QUIET_LEAD, "lifecycle_class": "recycled"}, None),
        ({**QUIET_LEAD, "lead_status": "nurture"}, None),
        ({**QUIET_LEAD, "last_activity_on": ago(30)}, None),
    ],
    "LEAD-06 of person": [({"lifecycle_class": "dead"}, "warning"), ({"lifecycle_class": "dormant"}, None)],
    "LEAD-09 of person": [
        *(({"lifecycle_class": "list_record", "claimed_class": claim}, "warning") for claim in ("lead", "mql", "sal", "sql")),
        ({"lifecycle_class": "list_record"}, None),
        ({"lifecycle_class": "lead", "claimed_class": "mql"}, None),
    ],
    "CON-01 of person": [
        ({}, "warning"),
        ({"is_email_valid": False, "email_normalised": "x", "phone_e164": "+12025550100"}, "warning"),
        ({"phone_e164": "+12025550100"}, None),
        ({"is_email_valid": True, "email_normalised": "x"}, None),
    ],
    "CON-04 of person": [
        ({"record_count": 2, "source_count": 1}, "warning"),
        ({"record_count": 3, "source_count": 2}, "warning"),
        ({"record_count": 3, "source_count": 1, "is_converted": True}, "warning"),
        ({"record_count": 2, "source_count": 2}, None),
        ({"record_count": 2, "source_count": 1, "is_converted": True}, None),
        ({"record_count": 3, "source_count": 2, "is_converted": True}, None),
    ],
    "OWN-01 of person": [
        *(({"lifecycle_class": name, "owner_state": "none"}, "critical") for name in ("mql", "sal", "sql")),
        ({"lifecycle_class": "lead", "owner_state": "none"}, None),
        ({**QUEUED, "mql_latest_on": ago(2)}, "critical"),
        ({**QUEUED, "mql_latest_on": ago(1)}, None),
        ({**QUEUED, "last_proactive_on": ago(2)}, "critical"),
        ({**QUEUED, "last_proactive_on": ago(1)}, None),
        ({**QUEUED, "last_inbound_on": ago(2)}, "critical"),
        ({**QUEUED, "last_inbound_on": ago(1)}, None),
    ],
    "OWN-02 of person": [
        *(({"lifecycle_class": name, "owner_state": "inactive"}, "critical") for name in ("mql", "sal", "sql", "in_opportunity")),
        ({"lifecycle_class": "dead", "owner_state": "inactive"}, None),
        ({**MQL, "owner_state": "active"}, None),
    ],
}  # fmt: skip

# What a rule says of one record that fails it.
SAYS: dict[str, tuple[Told, str]] = {
    "OPP-01 of opportunity": ({"close_date": ago(12)}, "The close date passed 12 days ago."),
    "OPP-02 of opportunity": ({"close_date": None}, "The deal has no real close date."),
    "OPP-04 of opportunity": ({"close_date": ago(-400)}, "The close date is 400 days away."),
    "OPP-05 of opportunity": ({"push_count": 4}, "The close date was moved to a later month 4 times."),
    "OPP-07 of opportunity": ({"stage_entered_on": ago(40), "stage_name": "Offer"}, "In stage Offer for 40 days; deals usually leave it within 30."),
    "OPP-08 of opportunity": ({"last_activity_on": ago(20), "stage_name": "Offer"}, "No activity for 20 days in stage Offer."),
    "OPP-09 of opportunity": ({"last_meaningful_change_on": ago(200)}, "Nobody works on this deal - last change 200 days ago, last activity 3 days ago."),
    "OPP-10 of opportunity": ({"next_step": None}, "No next step is written down."),
    "OPP-12 of opportunity": ({"amount": None, "stage_name": "Offer"}, "The deal has no amount in stage Offer."),
    "OPP-14 of opportunity": ({"contact_count": 0}, "No person of the buyer is on the deal."),
    "OPP-17 of opportunity": ({"missing_criteria_count": 2, "missing_criteria": "need, budget", "stage_name": "Offer"}, "Stage Offer requires answers that are missing - need, budget."),
    "OPP-21 of opportunity": (LOST, "The deal was lost and nobody said why."),
    "OPP-27 of opportunity": ({"account_id": None}, "The deal belongs to no account."),
    "OWN-01 of opportunity": ({"owner_state": "queue"}, "No person owns the deal; its owner is queue."),
    "OWN-02 of opportunity": ({"owner_state": "inactive"}, "The owner of the deal no longer works here."),
    "LEAD-02 of person": ({**MQL, "mql_latest_on": ago(4)}, "Sales has neither accepted nor returned this MQL - days since it became one 4, since it last asked for something unknown."),
    "LEAD-05 of person": (QUIET_LEAD, "The status says open, but nothing has happened for 31 days."),
    "LEAD-06 of person": ({"lifecycle_class": "dead", "silent_since_on": AS_OF, "last_activity_on": ago(99)}, "Silent since 2026-01-31, or out of reach (ok); days since the last activity 99."),
    "LEAD-09 of person": ({"lifecycle_class": "list_record", "claimed_class": "mql"}, "The system says mql, but the person has never shown interest."),
    "CON-01 of person": ({}, "There is no usable e-mail or phone, or the e-mail address is not valid."),
    "CON-04 of person": ({"record_count": 3, "source_count": 2}, "One person stands in 3 records in 2 systems."),
    "OWN-01 of person": ({**MQL, "owner_state": "none"}, "No person owns the lead; its owner is none."),
    "OWN-02 of person": ({**MQL, "owner_state": "inactive"}, "The owner of the lead no longer works here."),
}  # fmt: skip

# Reasons that state a number or a limit, which the records of TESTS hold at both sides.
LIMITS = {
    "OPP-01 of opportunity": ["S1, S3; a deal due today is not late."],
    "OPP-02 of opportunity": ["S3 - an opportunity has an expected close date."],
    "OPP-04 of opportunity": ["S2, S4 - more than a year is not a current opportunity."],
    "OPP-05 of opportunity": ["Twice is a warning, three times critical (practice; calibrate from your own history)."],
    "OPP-08 of opportunity": ["Fourteen days from the meeting stage on (practice)."],
    "OPP-09 of opportunity": ["180 days, or 90 without activity and 30 past the date (practice)."],
    "OPP-14 of opportunity": ["Critical from the proposal on (practice)."],
    "LEAD-02 of person": [
        "One day for a direct ask, three for others (practice).",
        "Where no source says since when, the days count from the last ask, else from the last move.",
    ],
    "LEAD-05 of person": ["Thirty days without activity (practice)."],
    "LEAD-09 of person": ["S3 - a list is not a lead."],
    "CON-01 of person": ["S4 - stay in touch; a person without a channel cannot be."],
    "CON-04 of person": ["A converted lead and its contact are one record each of one system, and no duplicates."],
    "OWN-01 of person": [
        "S2 - what marketing hands over must have a taker.",
        "One day in a queue is allowed (practice).",
    ],
    "OWN-02 of person": ["S2 - what marketing hands over must have a taker."],
}


def gravity(row: str, told: Told) -> str | None:
    rule_id, kind = row.split(" of ")
    finding = found(kind, told).get(rule_id)
    return finding["severity"] if finding else None


@checks(SECTION, columns=("Test",))
def a_rule_finds_what_its_test_says_and_nothing_else(statement: Statement) -> None:
    cases = TESTS[statement.row]
    assert {expected is None for _, expected in cases} == {True, False}
    assert [(told, gravity(statement.row, told)) for told, _ in cases] == list(cases)


for _row, _sentences in LIMITS.items():
    checks(SECTION, *_sentences, rows=(_row,), columns=("Why",))(a_rule_finds_what_its_test_says_and_nothing_else)


# Reasons that tell of a limit of another section, by the check of that section.
ELSEWHERE: dict[tuple[str, str], Check] = {
    ("OPP-02 of opportunity", "Dates ten or more years ahead are placeholders (practice)."): these_close_dates_are_none,
    (
        "OPP-07 of opportunity",
        "1.75 times the median stay, or 30 days (practice; see stage_age).",
    ): a_limit_is_learnt_from_thirty_stays,
    ("OPP-09 of opportunity", "S4 - deals are abandoned at any stage."): abandoned_at_any_stage,
    ("LEAD-06 of person", "180, 180 and 90 days (practice; see silence)."): silence_begins_when_all_limits_are_reached,
}
for (_row, _sentence), _check in ELSEWHERE.items():
    checks(SECTION, _sentence, rows=(_row,), columns=("Why",))(_check)


@checks(
    SECTION,
    "S2 - the forecast uses value and probability; without an amount there is no value.",
    rows=("OPP-12 of opportunity",),
    columns=("Why",),
)
def a_deal_without_an_amount_adds_nothing_to_the_forecast(statement: Statement) -> None:
    worth = {"amount_corporate": Decimal(1000), "probability": 0.5}
    values = [deal({**worth, **lacking})["weighted_amount"] for lacking in ({}, {"amount_corporate": None})]
    assert values == [Decimal(500), None]


@checks(SECTION, "None of these stops a refresh.")
def findings_of_every_gravity_are_published_beside_the_rest(statement: Statement) -> None:
    tables = world().made.tables
    assert set(tables["fct_hygiene_issue"]["severity"]) >= {"critical", "warning"}
    assert [name for name in ("dim_person", "fct_opportunity", "dim_account") if tables[name].is_empty()] == []


@checks(SECTION, columns=("How bad",))
def a_finding_is_as_grave_as_the_page_says(statement: Statement) -> None:
    usual, _, critical = statement.text.partition("; critical when ")
    told = {expected for _, expected in TESTS[statement.row]} - {None}
    assert told == {usual, *(["critical"] if critical else [])}


@checks(SECTION, columns=("It says",))
def a_finding_says_the_sentence_with_its_numbers(statement: Statement) -> None:
    rule_id, kind = statement.row.split(" of ")
    told, expected = SAYS[statement.row]
    assert found(kind, told)[rule_id]["says"] == expected
    fixed = [part for part in statement.text.replace("}", "{").split("{")[::2] if part.strip(" .")]
    assert all(part.strip() in expected for part in fixed)


@checks(SECTION, "Each names one thing to ask and one to do.")
@checks(SECTION, columns=("Ask", "Do"))
def a_finding_asks_and_proposes_what_the_page_says(statement: Statement) -> None:
    for row in [statement.row] if statement.row else SAYS:
        rule_id, kind = row.split(" of ")
        finding = found(kind, SAYS[row][0])[rule_id]
        assert finding["question"].endswith("?")
        assert finding["suggested_action"].endswith(".")
        asked = {"Ask": finding["question"], "Do": finding["suggested_action"]}.get(statement.column, "")
        assert statement.text in asked or not statement.column


@checks(SECTION, "The class changes only after a week of grace.", rows=("OPP-01 of opportunity",), columns=("Why",))
def a_deal_is_overdue_a_week_after_it_is_found(statement: Statement) -> None:
    for days, name in ((1, "active"), (7, "active"), (8, "overdue")):
        told = {"close_date": ago(days)}
        assert (gravity(statement.row, told), deal_class(told)) == ("critical", name)


@checks(
    SECTION,
    "Assign an active owner; the manager is told.",
    rows=("OWN-02 of opportunity", "OWN-02 of person"),
    columns=("Do",),
)
def the_manager_of_an_owner_who_left_is_told(statement: Statement) -> None:
    issues = issues_of({"rule_id": "OWN-02", "owner_id": "ann"})
    here, gone = (readers(issues, owners_of({**ANN, "is_active": is_here}, MAX)) for is_here in (True, False))
    assert (here["reader_id"].item(), gone["reader_id"].item()) == ("ann", "max")


@checks(SECTION, "Records in merged_or_deleted and excluded are not checked.")
def deleted_and_excluded_records_are_not_checked(statement: Statement) -> None:
    wrong = {"owner_state": "inactive", "close_date": None}
    for name, is_checked in (("merged_or_deleted", False), ("no_close_date", True)):
        assert bool(found("opportunity", {**wrong, "pipeline_class": name})) is is_checked
    for name, is_checked in (("merged_or_deleted", False), ("excluded", False), ("mql", True)):
        assert bool(found("person", {**wrong, "lifecycle_class": name})) is is_checked
    assert set(HANDOFF.not_checked) == {"merged_or_deleted", "excluded"}
    assert (OPEN["owner_state"], PERSON["owner_state"]) == ("active", "active")
