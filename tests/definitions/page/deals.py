"""Where an opportunity stands: for each class the records on both sides of its test, and of the sentences beside it."""

# ruff: noqa: E501  # in a table, a case a line reads best

from decimal import Decimal

import polars as pl

from tests.definitions.handoff_records import AS_OF, CLOSED, HANDOFF, OPEN, ago
from tests.definitions.page.classified import Told, both_sides, deal, deal_class, found, sentences
from tests.definitions.page.statements import POSITION, Statement, checks
from transforms.facets.person import with_deals

SECTION = "Where an opportunity stands"
_PERSON = {"person_id": pl.String, "account_id": pl.String, "claims_customer": pl.Boolean}
WON = {**CLOSED, "is_won": True}
DUPLICATE = {**CLOSED, "loss_family": "duplicate"}
UNQUALIFIED = {**CLOSED, "loss_family": "unqualified"}
UNTOUCHED = {"last_meaningful_change_on": ago(180)}
LATE_AND_QUIET = {"close_date": ago(30), "last_activity_on": ago(90)}
UNDATED = {"close_date": None}
LATE = {"close_date": ago(8)}
FAR = {"close_date": ago(-366)}
SLOW = {"stage_entered_on": ago(31)}
QUIET = {"last_activity_on": ago(15)}
MISSING = {"missing_criteria_count": 1}
NOTHING_KNOWN = {"need_status": None, "budget_status": None, "authority_status": None}

TESTS: dict[str, list[tuple[Told, str]]] = {
    "merged_or_deleted": [({**WON, "is_deleted": True}, "merged_or_deleted"), (WON, "closed_won")],
    "closed_won": [(WON, "closed_won"), (CLOSED, "closed_lost"), ({}, "active")],
    "closed_duplicate": [
        (DUPLICATE, "closed_duplicate"),
        (UNQUALIFIED, "closed_unqualified"),
        ({"loss_family": "duplicate"}, "active"),
    ],
    "closed_unqualified": [
        (UNQUALIFIED, "closed_unqualified"),
        (DUPLICATE, "closed_duplicate"),
        ({**CLOSED, "loss_family": "unknown"}, "closed_lost"),
        ({"loss_family": "unqualified"}, "active"),
    ],
    "closed_lost": [(CLOSED, "closed_lost"), ({**CLOSED, "loss_family": "other"}, "closed_lost"), ({}, "active")],
    "abandoned": [
        (UNTOUCHED, "abandoned"),
        ({**UNTOUCHED, **UNDATED}, "abandoned"),
        ({**UNDATED, "last_meaningful_change_on": ago(179)}, "no_close_date"),
        ({**UNDATED, "last_meaningful_change_on": None}, "no_close_date"),
        (LATE_AND_QUIET, "abandoned"),
        ({**LATE_AND_QUIET, "last_activity_on": ago(89)}, "overdue"),
        ({**LATE_AND_QUIET, "close_date": ago(29)}, "overdue"),
        ({**UNTOUCHED, **CLOSED, "last_meaningful_change_on": ago(999)}, "closed_lost"),
    ],
    "no_close_date": [(UNDATED, "no_close_date"), ({}, "active"), ({**CLOSED, **UNDATED}, "closed_lost")],
    "overdue": [
        (LATE, "overdue"),
        ({"close_date": ago(7)}, "active"),
        ({"close_date": AS_OF}, "active"),
        ({**CLOSED, **LATE}, "closed_lost"),
    ],
    "long_term": [
        (FAR, "long_term"),
        ({"close_date": ago(-365)}, "active"),
        ({"timeline_status": "far"}, "long_term"),
        ({"timeline_status": "near"}, "active"),
        ({**CLOSED, **FAR}, "closed_lost"),
    ],
    "stalled": [
        (SLOW, "stalled"),
        ({"stage_entered_on": ago(30)}, "active"),
        ({"stage_entered_on": None}, "active"),
        ({"stage_age_limit_days": None, "stage_entered_on": ago(999)}, "active"),
        (QUIET, "stalled"),
        ({"last_activity_on": ago(14)}, "active"),
        ({**QUIET, "stage_order": 2}, "active"),
        ({**CLOSED, **SLOW}, "closed_lost"),
    ],
    "unqualified_open": [
        (MISSING, "unqualified_open"),
        ({"need_status": "none"}, "unqualified_open"),
        ({"need_status": "unknown"}, "unqualified_open"),
        ({"authority_status": None}, "unqualified_open"),
        ({"authority_status": None, "purchase_date": ago(-90)}, "active"),
        ({"budget_status": "none", "authority_status": "contact_only"}, "unqualified_open"),
        ({**CLOSED, **MISSING}, "closed_lost"),
    ],
    "active": [({}, "active"), (UNDATED, "no_close_date"), (MISSING, "unqualified_open"), (SLOW, "stalled")],
}

# What a sentence of a class's row says, by records on both sides; after "leaves it when", those that left it.
SAID = {
    ("merged_or_deleted", "A deal that its system merged away or deleted."): [({"is_deleted": True}, "merged_or_deleted"), ({}, "active")],
    ("merged_or_deleted", "The deal is restored."): [({"is_deleted": True}, "merged_or_deleted"), ({"is_deleted": False}, "active")],
    ("closed_won", "The buyer bought."): [(WON, "closed_won"), (CLOSED, "closed_lost")],
    ("closed_won", "The deal is reopened."): [(WON, "closed_won"), (OPEN, "active")],
    ("closed_duplicate", "Closed because the same deal exists twice."): [(DUPLICATE, "closed_duplicate"), (CLOSED, "closed_lost")],
    ("closed_duplicate", "The deal is reopened or another reason is given."): [
        (DUPLICATE, "closed_duplicate"),
        ({**DUPLICATE, **OPEN}, "active"),
        ({**DUPLICATE, "loss_family": "price"}, "closed_lost"),
    ],
    ("closed_unqualified", "Closed because it never was an opportunity."): [(UNQUALIFIED, "closed_unqualified"), (CLOSED, "closed_lost")],
    ("closed_unqualified", "The deal is reopened or another reason is given."): [
        (UNQUALIFIED, "closed_unqualified"),
        ({**UNQUALIFIED, **OPEN}, "active"),
        ({**UNQUALIFIED, "loss_family": "budget"}, "closed_lost"),
    ],
    ("closed_lost", "The buyer decided against us, or not at all."): [
        ({**CLOSED, "loss_family": "price"}, "closed_lost"),
        ({**CLOSED, "loss_family": "no_decision"}, "closed_lost"),
        (WON, "closed_won"),
    ],
    ("closed_lost", "The deal is reopened."): [(CLOSED, "closed_lost"), (OPEN, "active")],
    ("abandoned", "Still open on paper; nobody is working on it."): [(UNTOUCHED, "abandoned"), (LATE_AND_QUIET, "abandoned"), ({}, "active")],
    (
        "abandoned",
        "Half a year without a change of stage, date or amount, or a quarter without activity and a month past its date (practice; calibrate from your own history).",
    ): [
        (UNTOUCHED, "abandoned"),
        ({"last_meaningful_change_on": ago(179)}, "active"),
        (LATE_AND_QUIET, "abandoned"),
        ({**LATE_AND_QUIET, "last_activity_on": ago(89)}, "overdue"),
        ({**LATE_AND_QUIET, "close_date": ago(29)}, "overdue"),
    ],
    ("abandoned", "Stage, close date or amount changes, or there is activity and a new date."): [
        (UNTOUCHED, "abandoned"),
        ({"last_meaningful_change_on": AS_OF}, "active"),
        (LATE_AND_QUIET, "abandoned"),
        ({"close_date": ago(-30), "last_activity_on": AS_OF}, "active"),
    ],
    ("no_close_date", "Open without a real date to decide."): [(UNDATED, "no_close_date"), ({}, "active"), ({**CLOSED, **UNDATED}, "closed_lost")],
    ("no_close_date", "S3 - a lead that became an opportunity has an expected close date."): [(UNDATED, "no_close_date"), ({}, "active")],
    ("no_close_date", "A real close date is entered."): [(UNDATED, "no_close_date"), ({"close_date": ago(-9)}, "active")],
    ("overdue", "Open, and the day to decide has passed."): [(LATE, "overdue"), ({"close_date": ago(-1)}, "active"), ({**CLOSED, **LATE}, "closed_lost")],
    ("overdue", "S1, S3 - a date in the past is not a plan."): [(LATE, "overdue"), ({"close_date": ago(-1)}, "active")],
    ("overdue", "One week of grace to update the record (practice)."): [(LATE, "overdue"), ({"close_date": ago(7)}, "active")],
    ("overdue", "The deal is dated again with evidence, or closed."): [
        (LATE, "overdue"),
        ({"close_date": ago(-9)}, "active"),
        ({**CLOSED, **LATE}, "closed_lost"),
    ],
    # On the very day that is a year away the test decides.
    ("long_term", "Real, but a year or more away."): [(FAR, "long_term"), ({"close_date": ago(-364)}, "active")],
    ("long_term", "S4 - track it and do not neglect it; S2 - another year is not an opportunity now."): [
        (FAR, "long_term"),
        ({"close_date": ago(-364)}, "active"),
        ({**FAR, **UNTOUCHED}, "abandoned"),
    ],
    ("long_term", "The date comes within a year."): [(FAR, "long_term"), ({"close_date": ago(-365)}, "active")],
    ("stalled", "Dated and real, but not moving."): [(SLOW, "stalled"), (QUIET, "stalled"), ({**SLOW, **UNDATED}, "no_close_date"), ({}, "active")],
    (
        "stalled",
        "Too long in its stage (see stage_age), or two weeks without activity from the meeting stage on (practice; calibrate from your own history).",
    ): [
        (SLOW, "stalled"),
        ({"stage_entered_on": ago(30)}, "active"),
        (QUIET, "stalled"),
        ({**QUIET, "stage_order": 2}, "active"),
        ({"last_activity_on": ago(13)}, "active"),
    ],
    ("stalled", "The stage changes, or there is activity."): [
        (SLOW, "stalled"),
        ({"stage_entered_on": AS_OF}, "active"),
        (QUIET, "stalled"),
        ({"last_activity_on": AS_OF}, "active"),
    ],
    ("unqualified_open", "In the pipeline before it qualifies."): [(MISSING, "unqualified_open"), (NOTHING_KNOWN, "unqualified_open"), ({}, "active")],
    ("unqualified_open", "S0, S2 - qualify first."): [(NOTHING_KNOWN, "unqualified_open"), ({}, "active")],
    (
        "unqualified_open",
        "The stages below say what each requires; a deal that no stage asks anything of yet must meet the policy.",
    ): [
        (MISSING, "unqualified_open"),
        ({"stage_order": 1, **NOTHING_KNOWN}, "unqualified_open"),
        ({"stage_order": 1}, "active"),
    ],
    ("unqualified_open", "What nobody asked is still missing."): [
        ({"need_status": "unknown"}, "unqualified_open"),
        ({"need_status": None}, "unqualified_open"),
        ({"need_status": "acknowledged"}, "active"),
    ],
    ("unqualified_open", "The missing questions are answered, or the deal goes back to nurture."): [
        (MISSING, "unqualified_open"),
        ({}, "active"),
        ({**MISSING, **UNQUALIFIED}, "closed_unqualified"),
    ],
    ("active", "Open, dated, near-term, qualified for its stage, and moving."): TESTS["active"] + [(FAR, "long_term"), (QUIET, "stalled"), (CLOSED, "closed_lost")],
    ("active", "Any of the above becomes true."): [
        ({}, "active"),
        *((next(told for told, expected in TESTS[name] if expected == name), name) for name in [*TESTS][:-1]),
    ],
}  # fmt: skip

sentences(SECTION, ("Means", "Why", "Leaves it when"), deal_class, SAID)


@checks(SECTION, columns=("Test",))
def a_test_gives_its_class_and_no_other(statement: Statement) -> None:
    both_sides(deal_class, statement.row, TESTS[statement.row])


@checks(SECTION, "Ask from the top.")
@checks(SECTION, columns=(POSITION,))
def classes_are_asked_in_the_order_of_the_page(statement: Statement) -> None:
    asked = [answer.split("=")[0] for answer in deal({})["class_reasons"].split("; ")]
    assert asked == [rule.name for rule in HANDOFF.opportunities]
    assert not statement.row or asked[int(statement.text) - 1] == statement.row


@checks(SECTION, "The first class whose test answers yes is the one; every opportunity is in exactly one.")
def the_first_yes_is_the_class(statement: Statement) -> None:
    several = deal({**WON, "is_deleted": True})
    assert several["class_reasons"] == "merged_or_deleted=true"
    for told, expected in (case for cases in TESTS.values() for case in cases):
        *before, last = deal(told)["class_reasons"].split("; ")
        assert (last, [answer for answer in before if answer.endswith("=true")]) == (f"{expected}=true", []), told


def one_of(name: str, **told: object) -> dict[str, object]:
    """A deal of a class, worth 1,000 at one chance in two."""
    inside = next(case for case, expected in TESTS[name] if expected == name)
    return deal({**inside, "amount_corporate": Decimal(1000), "probability": 0.5, **told})


@checks(SECTION, columns=("In the forecast",))
@checks(
    SECTION,
    "S2 - the forecast uses the value and probability of active opportunities and nothing else.",
    rows=("active",),
    columns=("Why",),
)
def a_class_is_forecast_as_the_page_says(statement: Statement) -> None:
    is_forecast = statement.row == "active"
    row = one_of(statement.row)
    assert (row["is_forecast_eligible"], row["weighted_amount"]) == (is_forecast, Decimal(500 if is_forecast else 0))
    assert statement.column == "Why" or statement.text == {"active": "yes", "closed_won": "booked"}.get(
        statement.row, "no"
    )


@checks(SECTION, columns=("Counts as open",))
def a_class_counts_as_open_as_the_page_says(statement: Statement) -> None:
    people = pl.DataFrame({"person_id": ["ada"], "account_id": [None], "claims_customer": [None]}, schema=_PERSON)
    deals = pl.DataFrame([{"person_id": "ada", "pipeline_class": statement.row, "is_won": False}])
    wanted = {"account_id": pl.String, "has_won_opportunity": pl.Boolean, "claims_customer": pl.Boolean}
    (row,) = with_deals(people, deals, pl.DataFrame(schema=wanted), HANDOFF.open_classes).to_dicts()
    assert row["has_open_opportunity"] is (statement.text == "yes")


@checks(
    SECTION,
    "It was never a deal of its own, so it is neither won nor lost.",
    rows=("closed_duplicate",),
    columns=("Why",),
)
@checks(
    SECTION,
    "S0 - a no-go is a verdict on the lead, not a lost deal; it tells of lead quality.",
    rows=("closed_unqualified",),
    columns=("Why",),
)
def what_was_no_deal_is_not_counted_as_won_or_lost(statement: Statement) -> None:
    assert one_of(statement.row)["is_win_rate_eligible"] is False
    assert [one_of(name)["is_win_rate_eligible"] for name in ("closed_won", "closed_lost")] == [True, True]


@checks(
    SECTION,
    "S4 - recorded with its reason, so that we learn; lost for budget or timing means stay in touch.",
    rows=("closed_lost",),
    columns=("Why",),
)
def a_lost_deal_without_a_reason_is_told_of(statement: Statement) -> None:
    lost = {**CLOSED, "pipeline_class": "closed_lost"}
    assert "OPP-21" in found("opportunity", lost)
    assert "OPP-21" not in found("opportunity", {**lost, "loss_reason": "No budget", "loss_family": "budget"})


@checks(SECTION, "S4 - deals are abandoned at any stage.", rows=("abandoned",), columns=("Why",))
def abandoned_at_any_stage(statement: Statement) -> None:
    untouched = [{**UNTOUCHED, "stage_order": order} for order in range(1, 6)]
    both_sides(deal_class, "abandoned", [*((told, "abandoned") for told in untouched), ({"stage_order": 1}, "active")])


@checks(SECTION, "We propose to close it and never close it ourselves.", rows=("abandoned",), columns=("Why",))
def an_abandoned_deal_stays_open(statement: Statement) -> None:
    row = one_of("abandoned")
    assert (row["is_open"], row["is_closed"]) == (True, False)
    assert found("opportunity", UNTOUCHED)["OPP-09"]["suggested_action"].startswith("Close it as lost with the reason")
