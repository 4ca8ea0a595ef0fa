"""The words HubSpot uses, and the dates of moves it keeps on a contact, in shared words."""

import pytest

from connectors.hubspot import mapping as hubspot
from tests.transforms.hubspot_records import contact, deal, hubspot_object, read

LEAD_STATUSES = {
    "NEW": "new",
    "OPEN": "open",
    "IN_PROGRESS": "working",
    "OPEN_DEAL": "converted",
    "UNQUALIFIED": "disqualified",
    "ATTEMPTED_TO_CONTACT": "working",
    "CONNECTED": "working",
    "BAD_TIMING": "nurture",
}
LIFECYCLE_CLAIMS = {
    "subscriber": "inquiry",
    "lead": "lead",
    "marketingqualifiedlead": "mql",
    "salesqualifiedlead": "sql",
    "opportunity": "in_opportunity",
    "customer": "customer",
    "evangelist": "customer",
    "other": None,
}
FORECAST_CATEGORIES = {
    "OMIT": "omitted",
    "OMITTED": "omitted",
    "PIPELINE": "pipeline",
    "BEST_CASE": "best_case",
    "BESTCASE": "best_case",
    "MOST_LIKELY": "most_likely",
    "COMMIT": "commit",
    "CLOSED": "closed",
}


@pytest.mark.parametrize(("word", "status"), LEAD_STATUSES.items())
def test_what_hubspot_calls_a_lead_status(word, status):
    assert contact((5, {"hs_lead_status": word})).records["lead_status"].to_list() == [status]


@pytest.mark.parametrize(("word", "claim"), LIFECYCLE_CLAIMS.items())
def test_what_hubspot_claims_of_a_person_by_the_lifecycle_stage(word, claim):
    assert contact((5, {"lifecyclestage": word})).records["claimed_class"].to_list() == [claim]


@pytest.mark.parametrize(("word", "category"), FORECAST_CATEGORIES.items())
def test_what_hubspot_calls_a_forecast_category(word, category):
    assert deal({"hs_manual_forecast_category": word}).records["forecast_category"].to_list() == [category]


@pytest.mark.parametrize(
    ("tried", "known"),
    [
        (LEAD_STATUSES, hubspot.LEAD_STATUSES),
        (LIFECYCLE_CLAIMS, hubspot.LIFECYCLE_CLAIMS),
        (FORECAST_CATEGORIES, hubspot.FORECAST_CATEGORIES),
    ],
    ids=["status", "lifecycle stage", "forecast category"],
)
def test_every_word_hubspot_is_known_to_use_is_tried_above(tried, known):
    assert {word.lower() for word in tried} == set(known)


@pytest.mark.parametrize(
    ("stage", "claims"),
    [("customer", True), ("Evangelist", True), ("4711", True), ("lead", False), ("other", None), (None, None)],
)
def test_a_stage_that_means_customer_claims_one(stage, claims):
    assert contact((5, {"lifecyclestage": stage})).records["claims_customer"].to_list() == [claims]


@pytest.mark.parametrize(
    ("stage", "claims"), [("customer", True), ("Evangelist", True), ("4711", True), ("lead", False), (None, None)]
)
def test_a_company_in_such_a_stage_claims_one_too(stage, claims):
    accounts = read("companies", hubspot_object(1, {"name": "Acme", "lifecyclestage": stage}))["account"].records
    assert accounts["claims_customer"].to_list() == [claims]


def test_an_unknown_lifecycle_stage_claims_nothing_and_is_named():
    conformed = contact((5, {"lifecyclestage": "9912345"}))
    row = conformed.value_faults.row(0, named=True)
    assert (row["field_name"], row["detail"]) == ("source_lifecycle_stage", "9912345")
    columns = ["source_lifecycle_stage", "claimed_class", "claims_customer"]
    assert conformed.records.select(columns).rows() == [("9912345", None, None)]


@pytest.mark.parametrize("word", ["ann@corp.example", " +1 202 555 0100"])
def test_a_word_that_is_an_address_or_a_number_is_not_repeated(word):
    conformed = contact((5, {"lifecyclestage": word}))
    row = conformed.value_faults.row(0, named=True)
    assert (row["reason_code"], row["field_name"], row["detail"]) == ("unmapped_value", "source_lifecycle_stage", None)
    assert conformed.records["source_lifecycle_stage"].to_list() == [None]


def test_dates_on_a_contact_become_activities():
    given = {
        "recent_conversion_date": "2026-10-01T08:00:00Z",
        "recent_conversion_event_name": "Demo request",
        "hs_email_last_click_date": "2026-10-02T08:00:00Z",
        "notes_last_contacted": "2026-10-03T08:00:00Z",
    }
    acts = read("contacts", hubspot_object(5, given))["activity"].records.sort("occurred_at")
    assert acts.select("activity_type", "direction", "person_key").rows() == [
        ("demo_request", "inbound", "hubspot:contact:5"),
        ("email_click", "inbound", "hubspot:contact:5"),
        ("sales_touch", "outbound", "hubspot:contact:5"),
    ]
    assert acts["is_inferred"].all()


@pytest.mark.parametrize("date", ["recent_conversion_date", "first_conversion_date", "notes_last_contacted"])
def test_a_date_of_a_move_that_cannot_be_read_costs_the_move_and_not_the_contact(date):
    conformed = contact((5, {date: "last week"}), (6, {date: " "}), (7, {date: None}), (8, {date: "1795404600000"}))
    assert conformed.value_faults.select("record_key", "reason_code", "field_name", "expected", "detail").rows() == [
        ("hubspot:contact:5", "unreadable_value", date, "moment", None)
    ]
    assert conformed.records["source_id"].to_list() == ["5", "6", "7", "8"]


@pytest.mark.parametrize(
    ("first", "recent", "kinds"),
    [
        ("Demo request", "Newsletter", ["demo_request", "form_submission"]),
        ("Newsletter", "Demo request", ["form_submission", "demo_request"]),
        ("Demo request", None, ["demo_request", "form_submission"]),
    ],
)
def test_each_form_is_known_by_its_own_name(first, recent, kinds):
    given = {
        "first_conversion_date": "2026-01-01T08:00:00Z",
        "first_conversion_event_name": first,
        "recent_conversion_date": "2026-02-01T08:00:00Z",
        "recent_conversion_event_name": recent,
    }
    acts = read("contacts", hubspot_object(5, given))["activity"].records
    assert acts.sort("occurred_at")["activity_type"].to_list() == kinds
