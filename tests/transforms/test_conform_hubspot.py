"""HubSpot records in, canonical records out; the records are written as the documentation shows them."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from definitions.mapping.envelope import Envelope
from definitions.polars_types import schema_of
from definitions.schema.records import OPPORTUNITY, PERSON
from tests.transforms.hubspot_records import MEANING, contact, deal, hubspot_object, read


@pytest.mark.parametrize(
    ("closedate", "day"),
    [
        ("2026-11-23T03:30:00Z", date(2026, 11, 22)),
        ("2026-07-01T03:59:59.999Z", date(2026, 6, 30)),
        ("1795404600000", date(2026, 11, 22)),
        ("0001-01-01T00:00:00Z", date(1, 1, 1)),
        (None, None),
        ("", None),
    ],
    ids=["late evening in New York", "summer time", "epoch milliseconds", "the first moment", "null", "blank"],
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
        ({"amount": "1" + "0" * 400}, "unreadable_value", "amount"),
        ({"dealstage": "999"}, "unmapped_value", "source_stage"),
        ({"hs_deal_stage_probability": "20"}, "unreadable_value", "probability"),
        ({"hs_manual_forecast_category": "MAYBE"}, "unmapped_value", "source_forecast_category"),
    ],
)
def test_a_value_that_cannot_be_read_is_named_and_its_deal_stays(properties, reason, field):
    conformed = deal(properties)
    assert conformed.quarantined.is_empty()
    row = conformed.value_faults.row(0, named=True)
    assert (row["record_key"], row["reason_code"], row["field_name"]) == ("hubspot:deal:1", reason, field)
    (value,) = conformed.records[field]
    assert value == (next(iter(properties.values())) if reason == "unmapped_value" else None)


def test_several_odd_values_of_one_deal_are_each_named():
    conformed = deal({"amount": "a lot", "closedate": "soon", "hs_manual_forecast_category": "MAYBE"})
    named = ["amount", "source_close_date", "source_forecast_category"]
    assert sorted(conformed.value_faults["field_name"]) == named
    assert conformed.records.select("amount", "source_close_date", "forecast_category").rows() == [(None, None, None)]


def test_a_field_may_be_declared_to_cost_its_deal():
    meaning = replace(MEANING, on_unreadable={"deal": {"amount": "quarantine"}})
    given = [hubspot_object(number, {"amount": amount, "closedate": "soon"}) for number, amount in ((1, "5"), (2, "?"))]
    conformed = read("deals", *given, meaning=meaning)["opportunity"]
    assert conformed.records["source_id"].to_list() == ["1"]
    assert conformed.quarantined.select("record_key", "field_name", "location").rows() == [
        ("hubspot:deal:2", "amount", "run1/page:1")
    ]
    assert conformed.value_faults.select("record_key", "field_name").rows() == [("hubspot:deal:1", "source_close_date")]


def test_a_deleted_deal_has_no_odd_values_to_correct():
    conformed = deal({"amount": "a lot"}, archived=True)
    assert conformed.records.select("amount", "is_deleted").rows() == [(None, True)]
    assert conformed.value_faults.is_empty()


def test_a_version_that_cannot_be_read_is_no_change_of_the_deal():
    days = ("2026-11-01T00:00:00.000Z", "2026-11-02T00:00:00.000Z", "2026-11-03T00:00:00.000Z")
    told = zip(("1", "a lot", "1"), days, strict=True)
    given = [hubspot_object(1, {"dealstage": "nobody's", "amount": one}, updated=day) for one, day in told]
    conformed = read("deals", *given, keeps_versions=True)["opportunity"]
    assert conformed.versions["amount"].to_list() == [Decimal(1), Decimal(1)]


def test_a_stage_may_belong_to_one_pipeline_only():
    assert deal({"pipeline": "renewals", "dealstage": "77"}).value_faults.height == 0
    assert deal({"pipeline": "default", "dealstage": "77"}).value_faults.height == 1


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
    ("given", "domain"),
    [
        ({"domain": "acme.com", "website": "https://blog.other.com"}, "acme.com"),
        ({"domain": " ", "website": "other.com"}, "other.com"),
        ({"domain": None, "website": None}, None),
    ],
)
def test_the_domain_of_a_company_goes_before_its_website(given, domain):
    accounts = read("companies", hubspot_object(1, {"name": "Acme", **given}))["account"].records
    assert accounts["domain"].to_list() == [domain]


def test_owners_that_left_are_kept_as_inactive():
    active = {"id": "1", "email": "a@b.co", "firstName": "Ada", "lastName": "L", "archived": False}
    gone = {"id": "2", "email": "c@b.co", "firstName": "", "lastName": "C", "archived": True}
    owners = read("owners", active, gone)["owner"].records
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
    stages = read("pipelines", pipeline)["stage"]
    assert stages.quarantined.height == 0
    assert stages.records.sort("display_order").select(
        "stage_name", "canonical_stage", "is_closed", "is_won"
    ).rows() == [
        ("Meeting", "meeting_discovery", False, False),
        ("Won", "closed_won", True, True),
        ("Lost", None, True, False),
    ]


@pytest.mark.parametrize(("pipeline", "stage"), [(True, False), (False, True), (False, False)])
def test_a_stage_is_gone_with_its_pipeline_or_alone(pipeline, stage):
    told = {"id": "77", "label": "Offer", "archived": stage, "metadata": {"isClosed": "false", "probability": "0.5"}}
    renewals = {"id": "renewals", "archived": pipeline, "updatedAt": "2026-01-01T00:00:00Z", "stages": [told]}
    assert read("pipelines", renewals)["stage"].records["is_deleted"].to_list() == [pipeline or stage]


def test_associations_give_links_with_role_and_primary():
    answer = {
        "from": {"id": "1"},
        "to": [
            {"toObjectId": 5, "associationTypes": [{"label": None}, {"label": "Decision maker"}]},
            {"toObjectId": 6, "associationTypes": [{"label": "Primary"}]},
        ],
    }
    links = read("deals_contacts", answer, envelope=Envelope(id="from.id"))["association"]
    assert links.quarantined.height == 0
    assert links.records.select("from_key", "to_key", "role", "is_primary").rows() == [
        ("hubspot:deal:1", "hubspot:contact:5", "Decision maker", False),
        ("hubspot:deal:1", "hubspot:contact:6", None, True),
    ]


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ("a@old.example;b@home.example", ["a@old.example", "b@home.example"]),
        ("a@old.example", ["a@old.example"]),
        ("", None),
        (None, None),
    ],
)
def test_a_contact_keeps_its_further_addresses(told, expected):
    conformed = contact((1, {"email": "ada@acme.com", "hs_additional_emails": told}))
    assert conformed.records["further_emails"].to_list() == [expected]
