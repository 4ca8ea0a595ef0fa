"""Salesforce records in, canonical records out; the records are written as the REST query answers them."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import polars as pl
import pytest

from connectors.salesforce import mapping as salesforce
from connectors.salesforce.streams import STREAMS
from definitions.mapping.envelope import Envelope
from definitions.mapping.source_mapping import SourceMapping
from definitions.polars_types import schema_of
from definitions.schema.records import ACTIVITY, OPPORTUNITY, PERSON
from transforms.conform.records import conform_stream
from transforms.state.versions import compact, parsed_versions

MEANING = SourceMapping(
    source="sf",
    time_zone="America/New_York",
    currency="USD",
    stages={"Prospecting": "initial_contact", "Proposal/Price Quote": "proposal", "Closed Won": "closed_won"},
    fields={"lead": {"mql_at": "MQL_Date__c"}, "opportunity": {"loss_reason": "Loss_Reason__c"}},
    activity_types={"inbound call": "reply"},
    origins={"trade show": "event_scan"},
    statuses={"warm": "open", "bought before": "customer"},
)
STATUSES = [
    ("Open - Not Contacted", "new", "lead"),
    ("Working - Contacted", "working", "lead"),
    ("Marketing Qualified", "marketing_qualified", "mql"),
    ("Sales Accepted", "sales_accepted", "sal"),
    ("Sales Qualified", "sales_qualified", "sql"),
    ("Nurture", "nurture", "recycled"),
    ("Closed - Converted", "converted", "in_opportunity"),
    ("Closed - Not Converted", "disqualified", "disqualified"),
]
FORECAST_CATEGORIES = {
    "Omitted": "omitted",
    "Pipeline": "pipeline",
    "BestCase": "best_case",
    "MostLikely": "most_likely",
    "Forecast": "commit",
    "Closed": "closed",
}
ENVELOPE = Envelope(id="Id", version="SystemModstamp", deleted="IsDeleted")


def state(*records, keeps_versions=False):
    given = [{"SystemModstamp": "2026-11-01T00:00:00.000+0000", "IsDeleted": False, **record} for record in records]
    lines = pl.LazyFrame({"raw": [json.dumps(record) for record in given], "location": ["run1/a:1"] * len(given)})
    return compact([parsed_versions(lines, ENVELOPE)], keeps_versions=keeps_versions).lazy()


def read(stream, known, meaning=MEANING):
    mapping = next(one.mapping for one in STREAMS if one.name == stream)
    return conform_stream(known, mapping, meaning, stream=stream)[mapping.kind.name]


def opportunity(**given):
    record = {"Id": "006A", "Name": "Big", "StageName": "Prospecting", **given}
    return read("opportunity", state(record, keeps_versions=True))


def lead(**given):
    return read("lead", state({"Id": "00QA", "LastName": "Lovelace", **given}))


@pytest.mark.parametrize(("percent", "chance"), [(20, 0.2), (0, 0.0), (100, 1.0), (None, None)])
def test_probability_is_a_share(percent, chance):
    conformed = opportunity(Probability=percent)
    assert conformed.records["probability"].to_list() == [chance]


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"Probability": 120}, "probability"),
        ({"CloseDate": "31.12.2026"}, "source_close_date"),
        ({"Amount": "12,3x"}, "amount"),
        ({"IsClosed": "perhaps"}, "is_closed"),
    ],
)
def test_a_value_that_cannot_be_read_is_null_and_named_and_its_opportunity_stays(given, field):
    conformed = opportunity(**given)
    assert conformed.quarantined.is_empty()
    assert conformed.records[field].to_list() == [None]
    assert conformed.value_faults.select("record_key", "field_name").rows() == [("sf:opportunity:006A", field)]


@pytest.mark.parametrize(
    ("given", "field", "shared"),
    [
        ({"StageName": "Waiting"}, "source_stage", None),
        ({"ForecastCategory": "Maybe"}, "source_forecast_category", "forecast_category"),
    ],
)
def test_a_word_that_nobody_mapped_stays_the_sources_and_is_no_shared_one(given, field, shared):
    conformed = opportunity(**given)
    assert conformed.records[field].to_list() == list(given.values())
    assert shared is None or conformed.records[shared].to_list() == [None]
    assert conformed.value_faults.select("reason_code", "field_name").rows() == [("unmapped_value", field)]


def test_an_opportunity_in_shared_words():
    conformed = opportunity(
        AccountId="001A",
        OwnerId="005A",
        Amount=1234.5,
        CloseDate="2026-12-31",
        StageName="Closed Won",
        IsClosed=True,
        IsWon=True,
        ForecastCategory="Forecast",
        Loss_Reason__c="Price",
        PushCount=2,
    )
    row = conformed.records.row(0, named=True)
    assert (row["account_key"], row["owner_key"], row["amount"]) == (
        "sf:account:001A",
        "sf:user:005A",
        Decimal("1234.5"),
    )
    assert (row["source_close_date"], row["forecast_category"], row["push_count"]) == (date(2026, 12, 31), "commit", 2)
    assert row["closed_at"] == datetime(2026, 12, 31, 5, tzinfo=UTC)
    assert (row["loss_reason"], row["currency_code"], row["is_won"]) == ("Price", "USD", True)
    assert conformed.records.schema == schema_of(OPPORTUNITY.fields)


def test_a_queue_owns_as_a_queue():
    assert lead(OwnerId="00G1").records["owner_key"].to_list() == ["sf:queue:00G1"]


@pytest.mark.parametrize(
    ("status", "shared", "claim"),
    [
        *STATUSES,
        ("Warm", "open", "lead"),
        ("Bought before", "customer", "customer"),
        (None, None, None),
    ],
)
def test_a_lead_status_in_shared_words(status, shared, claim):
    says = None if shared is None else shared == "customer"
    told = lead(Status=status).records.select("lead_status", "claimed_class", "claims_customer")
    assert told.rows() == [(shared, claim, says)]


@pytest.mark.parametrize(("word", "category"), FORECAST_CATEGORIES.items())
def test_what_salesforce_calls_a_forecast_category(word, category):
    assert opportunity(ForecastCategory=word).records["forecast_category"].to_list() == [category]


def test_every_word_salesforce_is_known_to_use_is_tried_above():
    assert {status.lower() for status, _, _ in STATUSES} == set(salesforce.LEAD_STATUSES)
    assert {word.lower() for word in FORECAST_CATEGORIES} == set(salesforce.FORECAST_CATEGORIES)


def test_a_converted_lead_names_what_it_became():
    conformed = lead(
        Status="Closed - Converted",
        IsConverted=True,
        ConvertedDate="2026-10-01",
        ConvertedContactId="003A",
        ConvertedAccountId="001A",
        ConvertedOpportunityId=None,
        MQL_Date__c="2026-09-01",
        LeadSource="Trade Show",
        Phone=None,
        MobilePhone="+1 202 555 0143",
    )
    row = conformed.records.row(0, named=True)
    assert (row["converted_person_key"], row["converted_opportunity_key"]) == ("sf:contact:003A", None)
    assert row["converted_at"] == datetime(2026, 10, 1, 4, tzinfo=UTC)
    assert (row["origin_activity_type"], row["phone"]) == ("event_scan", "+1 202 555 0143")
    assert conformed.records.schema == schema_of(PERSON.fields)


def test_a_merged_contact_names_the_winner():
    conformed = read("contact", state({"Id": "003B", "IsDeleted": True, "MasterRecordId": "003A"}))
    assert conformed.records.select("is_deleted", "merged_into_key").rows() == [(True, "sf:contact:003A")]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"TaskSubtype": "Call", "IsClosed": True, "ActivityDate": "2026-10-01"}, ("call", "outbound")),
        ({"Type": "Inbound call", "TaskSubtype": "Call", "IsClosed": True}, ("reply", "inbound")),
        ({"IsClosed": False, "ActivityDate": "2026-12-01"}, ("task", "outbound")),
    ],
    ids=["our call", "their call", "still to do"],
)
def test_a_task_is_ours_unless_the_settings_say_theirs(given, expected):
    acts = read(
        "task",
        state(
            {"Id": "00TA", "WhoId": "00QA", "WhatId": "006A", "CreatedDate": "2026-09-01T00:00:00.000+0000", **given}
        ),
    ).records
    row = acts.row(0, named=True)
    assert (row["activity_type"], row["direction"]) == expected
    assert (row["person_key"], row["opportunity_key"], row["account_key"]) == (
        "sf:lead:00QA",
        "sf:opportunity:006A",
        None,
    )
    assert (row["occurred_at"] is None) == (not given["IsClosed"])
    assert acts.schema == schema_of(ACTIVITY.fields)


def test_a_task_took_place_when_it_was_completed_whatever_day_it_was_planned_for():
    done = {"Id": "00TA", "IsClosed": True, "ActivityDate": "2026-11-30"}
    done["CompletedDateTime"] = "2026-11-20T15:00:00.000+0000"
    acts = read("task", state(done)).records
    assert acts["occurred_at"].to_list() == [datetime(2026, 11, 20, 15, tzinfo=UTC)]


def test_stages_carry_their_own_word_on_closed_and_won():
    record = {
        "Id": "01JA",
        "ApiName": "Closed Won",
        "MasterLabel": "Closed Won",
        "DefaultProbability": 100,
        "ForecastCategory": "Closed",
        "IsClosed": True,
        "IsWon": True,
        "SortOrder": 6,
    }
    stages = read("opportunity_stage", state(record)).records
    assert stages.select("source_stage", "canonical_stage", "probability", "forecast_category", "is_won").rows() == [
        ("Closed Won", "closed_won", 1.0, "closed", True)
    ]


def test_the_probability_of_a_stage_does_not_depend_on_how_many_stages_there_are():
    record = {"IsClosed": False, "IsWon": False}
    rows = [{"Id": f"01J{n}", "ApiName": f"Stage {n}", "DefaultProbability": n, **record} for n in range(101)]
    stages = read("opportunity_stage", state(*rows)).records
    alone = [read("opportunity_stage", state(row)).records["probability"].item() for row in rows[30:40]]
    assert stages["probability"].to_list() == [n / 100 for n in range(101)]
    assert alone == [n / 100 for n in range(30, 40)]


def test_a_stage_that_is_mapped_for_one_record_type_has_a_row_of_its_own():
    meaning = replace(MEANING, stages={"Review": "proposal", "012A/review": "closing", "Price/Review": "closing"})
    flags = {"IsClosed": False, "IsWon": False}
    rows = [{"Id": "01JA", "ApiName": "Review", **flags}, {"Id": "01JB", "ApiName": "Price/Review", **flags}]
    stages = read("opportunity_stage", state(*rows), meaning).records
    told = stages.filter(pl.col("pipeline_id").is_null() | (pl.col("pipeline_id") == "012A"))
    assert told.sort("record_key").select("pipeline_id", "source_stage", "canonical_stage").rows() == [
        (None, "Review", "proposal"),
        ("012A", "Review", "closing"),
        (None, "Price/Review", "closing"),
    ]


def test_contact_roles_tie_a_deal_to_a_contact():
    record = {"Id": "00KA", "OpportunityId": "006A", "ContactId": "003A", "Role": "Decision Maker", "IsPrimary": True}
    links = read("opportunity_contact_role", state(record)).records
    assert links.select("from_key", "to_key", "role", "is_primary").rows() == [
        ("sf:opportunity:006A", "sf:contact:003A", "Decision Maker", True)
    ]
