"""HubSpot records in, canonical records out; the records are written as the documentation shows them."""

import json
from datetime import UTC, date, datetime
from decimal import Decimal

import polars as pl
import pytest

from definitions.records import OPPORTUNITY, PERSON
from transforms.conform import hubspot, hubspot_links
from transforms.conform.hubspot_merges import merges_of, with_survivors
from transforms.conform.meaning import Meaning
from transforms.conform.readings import READINGS, read_kinds
from transforms.frames import schema_of
from transforms.versions import Envelope, folded, opened

MEANING = Meaning(
    source="hubspot",
    time_zone="America/New_York",
    currency="USD",
    twin="salesforce",
    record_url={"deal": "https://app.hubspot.com/contacts/1/record/0-3/{}"},
    stages={"appointmentscheduled": "meeting_discovery", "renewals/77": "proposal", "closedwon": "closed_won"},
    fields={"contact": {"budget_status": "bant_budget", "purchase_date": "buys_on"}},
    lifecycle_stages={"4711": "customer"},
    activity_types={"demo request": "demo_request"},
)


OBJECT = Envelope(id="id", version="updatedAt", deleted="archived")


def state(*records, envelope=OBJECT, keeps_versions=False):
    raw = [record if isinstance(record, str) else json.dumps(record) for record in records]
    lines = pl.LazyFrame({"raw": raw, "location": [f"run1/page:{place}" for place, _ in enumerate(raw)]})
    return folded([opened(lines, envelope)], keeps_versions=keeps_versions).lazy()


def hubspot_object(number, properties, *, updated="2026-11-01T00:00:00.000Z", archived=False):
    return {
        "id": str(number),
        "properties": properties,
        "createdAt": "2026-01-01T12:00:00.000Z",
        "updatedAt": updated,
        "archived": archived,
    }


def deal(properties, **rest):
    given = {"dealname": "Deal", "pipeline": "default", "dealstage": "appointmentscheduled", **properties}
    return read("deals", hubspot_object(1, given, **rest), keeps_versions=True)["opportunity"]


def contact(*many):
    return read("contacts", *(hubspot_object(number, given) for number, given in many))["person"]


def read(stream, *records, **told):
    known = state(*records, **told)
    return read_kinds(READINGS["hubspot"][stream], with_survivors(known, merges_of(known, stream)), MEANING, stream)


@pytest.mark.parametrize(
    ("closedate", "day"),
    [
        ("2026-11-23T03:30:00Z", date(2026, 11, 22)),
        ("2026-07-01T03:59:59.999Z", date(2026, 6, 30)),
        ("1795404600000", date(2026, 11, 22)),
        (None, None),
        ("", None),
    ],
    ids=["late evening in New York", "summer time", "epoch milliseconds", "null", "blank"],
)
def test_the_close_day_is_the_portals_day(closedate, day):
    conformed = deal({"closedate": closedate})
    assert conformed.records["source_close_date"].to_list() == [day]
    assert conformed.quarantined.height == 0


def test_a_deal_keeps_its_money_to_the_cent_and_its_links():
    conformed = deal({"amount": "1234567890123.10", "hubspot_owner_id": "42", "hs_salesforceopportunityid": "006A"})
    row = conformed.records.row(0, named=True)
    assert row["amount"] == Decimal("1234567890123.10")
    assert (row["owner_key"], row["same_as_keys"]) == ("hubspot:owner:42", ["salesforce:opportunity:006A"])
    assert (row["source_url"], row["currency_code"]) == (
        "https://app.hubspot.com/contacts/1/record/0-3/1",
        "USD",
    )
    assert conformed.records.schema == schema_of(OPPORTUNITY.fields)


@pytest.mark.parametrize(
    ("properties", "reason", "field"),
    [
        ({"amount": "a lot"}, "unreadable_value", "amount"),
        ({"closedate": "soon"}, "unreadable_value", "source_close_date"),
        ({"dealstage": "999"}, "unmapped_value", "source_stage"),
        ({"hs_deal_stage_probability": "20"}, "unreadable_value", "probability"),
        ({"hs_manual_forecast_category": "MAYBE"}, "unmapped_value", "source_forecast_category"),
    ],
)
def test_a_deal_that_cannot_be_read_is_set_aside_with_its_field(properties, reason, field):
    conformed = deal(properties)
    assert conformed.records.height == 0
    row = conformed.quarantined.row(0, named=True)
    assert (row["record_key"], row["reason_code"], row["field_name"]) == ("hubspot:deal:1", reason, field)
    assert row["location"] == "run1/page:0"


def test_a_stage_may_belong_to_one_pipeline_only():
    assert deal({"pipeline": "renewals", "dealstage": "77"}).quarantined.height == 0
    assert deal({"pipeline": "default", "dealstage": "77"}).quarantined.height == 1


def test_every_version_of_a_deal_is_kept_and_the_latest_stands():
    old = hubspot_object(1, {"pipeline": "default", "dealstage": "appointmentscheduled", "amount": "1"})
    new = hubspot_object(
        1, {"pipeline": "default", "dealstage": "closedwon", "amount": "2"}, updated="2026-11-02T00:00:00.000Z"
    )
    conformed = read("deals", new, old, keeps_versions=True)["opportunity"]
    assert conformed.records["amount"].to_list() == [Decimal(2)]
    assert sorted(conformed.versions["amount"]) == [Decimal(1), Decimal(2)]


def test_a_merged_contact_names_its_survivor():
    conformed = contact((1, {"email": "a@b.co"}), (2, {"hs_merged_object_ids": "1; 7"}))
    assert conformed.records.select("record_key", "merged_into_key").rows() == [
        ("hubspot:contact:1", "hubspot:contact:2"),
        ("hubspot:contact:2", None),
    ]


def test_a_contact_in_shared_words():
    conformed = contact(
        (
            5,
            {
                "email": " Ada@Example.com ",
                "lifecyclestage": "marketingqualifiedlead",
                "hs_lead_status": "IN_PROGRESS",
                "hs_email_optout": "true",
                "bant_budget": "Allocated",
                "salesforceleadid": "00QX",
                "associatedcompanyid": "9",
            },
        )
    )
    assert conformed.quarantined.height == 0
    row = conformed.records.row(0, named=True)
    assert (row["claimed_class"], row["lead_status"], row["budget_status"]) == ("mql", "working", "allocated")
    assert (row["same_as_keys"], row["account_key"]) == (["salesforce:lead:00QX"], "hubspot:company:9")
    assert row["has_opted_out_of_email"] is True
    assert row["source_created_at"] == datetime(2026, 1, 1, 12, tzinfo=UTC)
    assert conformed.records.schema == schema_of(PERSON.fields)


@pytest.mark.parametrize("told", ["2026-11-22", "2026-11-22T00:00:00Z", "1795305600000"])
def test_a_calendar_day_is_that_day_wherever_the_portal_is(told):
    assert contact((5, {"buys_on": told})).records["purchase_date"].to_list() == [date(2026, 11, 22)]


@pytest.mark.parametrize(
    ("stage", "claims"),
    [("customer", True), ("Evangelist", True), ("4711", True), ("lead", False), ("other", None), (None, None)],
)
def test_a_stage_that_means_customer_claims_one(stage, claims):
    assert contact((5, {"lifecyclestage": stage})).records["claims_customer"].to_list() == [claims]


def test_an_unknown_lifecycle_stage_is_set_aside_and_named():
    row = contact((5, {"lifecyclestage": "9912345"})).quarantined.row(0, named=True)
    assert (row["field_name"], row["detail"]) == ("source_lifecycle_stage", "the settings map no word 9912345")


@pytest.mark.parametrize("word", ["ann@corp.example", " +1 202 555 0100"])
def test_a_word_that_is_an_address_or_a_number_is_not_repeated(word):
    row = contact((5, {"lifecyclestage": word})).quarantined.row(0, named=True)
    assert row["field_name"] == "source_lifecycle_stage"
    assert not {"ann", "corp", "202"} & set(row["detail"].replace("@", " ").replace(".", " ").split())


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
def test_a_date_of_a_move_that_cannot_be_read_sets_the_contact_aside(date):
    conformed = contact((5, {date: "last week"}), (6, {date: " "}), (7, {date: None}), (8, {date: "1795404600000"}))
    assert conformed.quarantined.select("record_key", "reason_code", "field_name", "detail").rows() == [
        ("hubspot:contact:5", "unreadable_value", date, "not a moment within its limits")
    ]
    assert conformed.records["source_id"].to_list() == ["6", "7", "8"]


def test_owners_that_left_are_kept_as_inactive():
    active = {"id": "1", "email": "a@b.co", "firstName": "Ada", "lastName": "L", "archived": False}
    gone = {"id": "2", "email": "c@b.co", "firstName": "", "lastName": "C", "archived": True}
    owners = hubspot.owners(state(active, gone), MEANING).records
    assert owners.select("owner_name", "is_active", "is_deleted").rows() == [
        ("Ada L", True, False),
        ("C", False, False),
    ]


def test_pipelines_give_stages_and_won_is_what_closes_with_certainty():
    pipeline = {
        "id": "default",
        "label": "Sales",
        "stages": [
            {"id": "appointmentscheduled", "label": "Meeting", "displayOrder": 0,
             "metadata": {"isClosed": "false", "probability": "0.2"}},
            {"id": "closedwon", "label": "Won", "displayOrder": 1,
             "metadata": {"isClosed": "true", "probability": "1.0"}},
            {"id": "closedlost", "label": "Lost", "displayOrder": 2,
             "metadata": {"isClosed": "true", "probability": "0.0"}},
        ],
    }  # fmt: skip
    stages = hubspot_links.pipelines(state(pipeline), MEANING)
    assert stages.quarantined.height == 0
    assert stages.records.sort("display_order").select(
        "stage_name", "canonical_stage", "is_closed", "is_won"
    ).rows() == [
        ("Meeting", "meeting_discovery", False, False),
        ("Won", "closed_won", True, True),
        ("Lost", None, True, False),
    ]


def test_associations_give_links_with_role_and_primary():
    answer = {
        "from": {"id": "1"},
        "to": [
            {"toObjectId": 5, "associationTypes": [{"label": None}, {"label": "Decision maker"}]},
            {"toObjectId": 6, "associationTypes": [{"label": "Primary"}]},
        ],
    }
    links = hubspot_links.associations(state(answer, envelope=Envelope(id="from.id")), MEANING, stream="deals_contacts")
    assert links.quarantined.height == 0
    assert links.records.select("from_key", "to_key", "role", "is_primary").rows() == [
        ("hubspot:deal:1", "hubspot:contact:5", "Decision maker", False),
        ("hubspot:deal:1", "hubspot:contact:6", None, True),
    ]
