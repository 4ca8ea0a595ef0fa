"""Salesforce's dialect: tokens, SOQL, paging, deletions, limits, and how it refuses."""

import json
from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from sandbox.server.limits import Limits


def test_a_token_request_is_answered_without_an_end(asker):
    told = json.loads(asker.log_in().body)
    assert set(told) == {"access_token", "signature", "scope", "instance_url", "id", "token_type", "issued_at"}


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"client_secret": "no"}, "invalid_client"),
        ({"client_id": "no"}, "invalid_client_id"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
    ],
)
def test_a_wrong_token_request_is_refused(asker, change, error):
    answer = asker.log_in(**change)
    assert (answer.status, json.loads(answer.body)["error"]) == (400, error)


def test_a_token_ends_after_its_lifetime_without_notice(asks, company):
    asker = asks(company, token_lifetime=60.0)
    assert asker.salesforce("/query", q="SELECT Id FROM User").status == 200
    asker.clock.seconds += 61
    ended = asker.salesforce("/query", q="SELECT Id FROM User")
    assert (ended.status, json.loads(ended.body)[0]["errorCode"]) == (401, "INVALID_SESSION_ID")
    asker.tokens.clear()
    assert asker.salesforce("/query", q="SELECT Id FROM User").status == 200


@pytest.mark.parametrize("options", ["batchSize=200", "batchSize=500", ""], ids=["200", "500", "2000"])
@pytest.mark.parametrize("kind", ["Lead", "Task", "OpportunityContactRole"])
def test_pages_give_every_record_once(asks, larger_company, kind, options):
    asker = asks(larger_company)
    found = asker.soql(f"SELECT Id FROM {kind} ORDER BY SystemModstamp, Id", everything=True, options=options)
    assert sorted(record["Id"] for record in found) == larger_company.salesforce[kind]["Id"].sort().to_list()


def test_a_page_holds_what_was_asked_and_no_more(asks, larger_company):
    asker = asks(larger_company)
    text = "SELECT Id FROM Task"
    for options, rows in (("batchSize=200", 200), ("batchSize=5", 200), ("batchSize=9000", 2000), ("", 2000)):
        page = json.loads(asker.salesforce("/query", q=text, options=options).body)
        assert len(page["records"]) == rows
        assert not page["done"]
        assert page["nextRecordsUrl"].endswith(f"-{rows}")


def test_a_keyset_walk_gives_every_record_once(asks, larger_company):
    asker, seen, where = asks(larger_company), [], ""
    while True:
        page = asker.soql(f"SELECT Id, SystemModstamp FROM Lead{where} ORDER BY SystemModstamp, Id LIMIT 97")
        seen += [record["Id"] for record in page]
        if len(page) < 97:
            break
        at, last = page[-1]["SystemModstamp"].replace("+0000", "Z"), page[-1]["Id"]
        where = f" WHERE SystemModstamp > {at} OR (SystemModstamp = {at} AND Id > '{last}')"
    live = larger_company.salesforce["Lead"].filter(pl.col("_state") == "live")
    assert sorted(seen) == live["Id"].sort().to_list()


def test_deleted_records_are_only_in_query_all(asks, larger_company):
    asker, leads = asks(larger_company), larger_company.salesforce["Lead"]
    live = {record["Id"] for record in asker.soql("SELECT Id, IsDeleted FROM Lead")}
    assert live == set(leads.filter(pl.col("_state") == "live")["Id"])
    binned = asker.soql("SELECT Id, MasterRecordId FROM Lead WHERE IsDeleted = true", everything=True)
    assert {record["Id"] for record in binned} == set(leads.filter(pl.col("_state") == "archived")["Id"])
    assert any(record["MasterRecordId"] for record in binned)
    assert asker.soql("SELECT Id FROM Lead WHERE IsDeleted = true") == []


def test_every_described_field_can_be_selected(asker, company):
    for kind, table in company.salesforce.items():
        described = json.loads(asker.salesforce(f"/sobjects/{kind}/describe").body)
        names = [one["name"] for one in described["fields"]]
        records = asker.soql(f"SELECT {', '.join(names)} FROM {kind}", everything=True)
        assert len(records) == table.filter(pl.col("_state") != "absent").height
        assert set(records[0]) == {"attributes", *names}
        assert records[0]["attributes"]["url"].endswith(f"/sobjects/{kind}/{records[0]['Id']}")


def test_values_are_json_and_moments_have_no_colon(asks, larger_company):
    record = asks(larger_company).soql(
        "SELECT IsClosed, Amount, PushCount, CloseDate, CreatedDate, NextStep FROM Opportunity "
        "WHERE Amount != null AND NextStep = null LIMIT 1"
    )[0]
    assert [type(record[name]) for name in ("IsClosed", "Amount", "PushCount")] == [bool, float, int]
    assert record["NextStep"] is None
    assert datetime.strptime(record["CloseDate"], "%Y-%m-%d")  # noqa: DTZ007 - a day has no zone
    assert record["CreatedDate"].endswith(".000+0000")


LEAD, OPPORTUNITY, CONTACT = "Lead", "Opportunity", "Contact"
CONDITIONS = {
    "text": (LEAD, "Status = 'Nurture'", pl.col("Status") == "Nurture"),
    "not equal keeps null": (LEAD, "Rating != 'Hot'", pl.col("Rating").ne_missing(pl.lit("Hot"))),
    "null": (LEAD, "Rating = null", pl.col("Rating").is_null()),
    "not null": (LEAD, "Rating <> null", pl.col("Rating").is_not_null()),
    "list": (LEAD, "Rating IN ('Hot', 'Warm')", pl.col("Rating").is_in(["Hot", "Warm"])),
    "not in list": (LEAD, "Status NOT IN ('Nurture')", pl.col("Status") != "Nurture"),
    "number": (
        OPPORTUNITY,
        "Amount >= 50000.5 AND PushCount > 0",
        (pl.col("Amount") >= 50000.5) & (pl.col("PushCount") > 0),
    ),
    "boolean": (OPPORTUNITY, "IsWon = TRUE", pl.col("IsWon")),
    "day": (OPPORTUNITY, "CloseDate < 2026-01-01", pl.col("CloseDate") < pl.date(2026, 1, 1)),
    "moment": (LEAD, "CreatedDate >= 2026-01-01T02:00:00+02:00", pl.col("_created") >= pl.datetime(2026, 1, 1)),
    "window": (
        LEAD,
        "SystemModstamp >= 2026-10-01T00:00:00Z AND SystemModstamp < 2026-11-01T00:00:00Z",
        (pl.col("_modified") >= pl.datetime(2026, 10, 1)) & (pl.col("_modified") < pl.datetime(2026, 11, 1)),
    ),
    "and before or": (
        LEAD,
        "Rating = 'Hot' OR Rating = 'Cold' AND Status = 'Nurture'",
        (pl.col("Rating") == "Hot") | ((pl.col("Rating") == "Cold") & (pl.col("Status") == "Nurture")),
    ),
    "brackets": (
        LEAD,
        "(Rating = 'Hot' OR Rating = 'Cold') AND Status = 'Nurture'",
        pl.col("Rating").is_in(["Hot", "Cold"]) & (pl.col("Status") == "Nurture"),
    ),
    "not": (LEAD, "NOT (Rating = 'Hot' OR Rating = null)", pl.col("Rating").is_in(["Warm", "Cold"])),
    "like": (LEAD, "Email LIKE '%@%.EXAMPLE'", pl.col("Email").str.contains(r"(?is)^.*@.*\.example$")),
    "case of names": ("lead", "status = 'Nurture'", pl.col("Status") == "Nurture"),
    "quote in text": (CONTACT, r"LastName = 'O\'Brien'", pl.col("LastName") == "O'Brien"),
}  # fmt: skip


@pytest.mark.parametrize("case", CONDITIONS)
def test_a_condition_finds_what_it_says(asks, larger_company, case):
    kind, condition, expected = CONDITIONS[case]
    found = asks(larger_company).soql(f"select Id from {kind} where {condition}")
    table = larger_company.salesforce[kind.title()].filter(pl.col("_state") == "live")
    matching = table.filter(expected.fill_null(value=False))["Id"]
    assert {record["Id"] for record in found} == set(matching)
    assert 0 < len(found) < table.height


def test_order_and_count(asks, larger_company):
    asker = asks(larger_company)
    rows = asker.soql("SELECT Amount FROM Opportunity ORDER BY Amount DESC NULLS LAST LIMIT 5")
    largest = larger_company.salesforce["Opportunity"].filter(pl.col("_state") == "live")["Amount"].drop_nulls()
    assert [row["Amount"] for row in rows] == largest.sort(descending=True).head(5).to_list()
    assert asker.soql("SELECT Amount FROM Opportunity ORDER BY Amount LIMIT 1")[0]["Amount"] is None
    counted = json.loads(asker.salesforce("/query", q="SELECT COUNT() FROM Lead").body)
    live = larger_company.salesforce["Lead"].filter(pl.col("_state") == "live").height
    assert counted == {"totalSize": live, "done": True, "records": []}


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("SELECT Foo FROM Lead", "INVALID_FIELD"),
        ("SELECT Id FROM Lead WHERE _story = 'x'", "INVALID_FIELD"),
        ("SELECT IsDeleted FROM User", "INVALID_FIELD"),
        ("SELECT Id FROM Spaceship", "INVALID_TYPE"),
        ("SELECT Id FRO Lead", "MALFORMED_QUERY"),
        ("SELECT FROM Lead", "MALFORMED_QUERY"),
        ("SELECT Id FROM Lead WHERE", "MALFORMED_QUERY"),
        ("SELECT Id FROM Lead WHERE Status = 'x", "MALFORMED_QUERY"),
        ("SELECT Id FROM Lead WHERE (Status = 'x'", "MALFORMED_QUERY"),
        ("SELECT Id FROM Lead LIMIT 5 nonsense", "MALFORMED_QUERY"),
        ("", "MALFORMED_QUERY"),
        ("SELECT Id FROM Lead WHERE CreatedDate > '2026-01-01'", "INVALID_FIELD"),
        ("SELECT Id FROM Lead WHERE CreatedDate > 2026-01-01", "INVALID_FIELD"),
        ("SELECT Id FROM Lead WHERE Status = 5", "INVALID_FIELD"),
        ("SELECT Id FROM Lead WHERE IsConverted = 'true'", "INVALID_FIELD"),
    ],
)
def test_a_bad_query_is_refused_with_an_array(asker, text, code):
    answer = asker.salesforce("/query", q=text)
    assert (answer.status, [one["errorCode"] for one in json.loads(answer.body)]) == (400, [code])


@pytest.mark.parametrize(
    ("path", "asked", "status", "code"),
    [
        ("/nothing", {}, 404, "NOT_FOUND"),
        ("/sobjects/Spaceship/describe", {}, 404, "NOT_FOUND"),
        ("/query/01g000-5", {}, 400, "INVALID_QUERY_LOCATOR"),
        ("/query", {"q": "SELECT " + "Id, " * 6000 + "Id FROM Lead"}, 414, "URI_TOO_LONG"),
    ],
    ids=["unknown path", "unknown type", "unknown locator", "too long"],
)
def test_salesforce_refuses(asker, path, asked, status, code):
    answer = asker.salesforce(path, **asked)
    assert (answer.status, json.loads(answer.body)[0]["errorCode"]) == (status, code)


def test_a_retired_version_is_gone(asker):
    asker.salesforce("/query", q="SELECT Id FROM User")
    answer = asker._ask("/services/data/v30.0/query", None, asker.tokens[-1], {"q": "SELECT Id FROM User"})
    assert answer.status == 410


def test_the_day_s_requests_run_out(asks, company):
    asker = asks(company, limits=Limits(salesforce_daily=2))
    answers = [asker.salesforce("/query", q="SELECT Id FROM User") for _ in range(3)]
    assert [answer.headers["Sforce-Limit-Info"] for answer in answers] == [
        "api-usage=1/2",
        "api-usage=2/2",
        "api-usage=2/2",
    ]
    assert [answer.status for answer in answers] == [200, 200, 403]
    assert json.loads(answers[2].body)[0]["errorCode"] == "REQUEST_LIMIT_EXCEEDED"


def test_a_locator_does_not_outlive_the_state_of_the_company(asks, larger_company):
    asker = asks(larger_company)
    page = json.loads(asker.salesforce("/query", q="SELECT Id FROM Task").body)
    asker.control("advance", {"days": 7})
    asker.salesforce("/query", q="SELECT Id FROM Lead", options="batchSize=200")
    late = asker.salesforce(page["nextRecordsUrl"].removeprefix("/services/data/v67.0"))
    assert (late.status, json.loads(late.body)[0]["errorCode"]) == (400, "INVALID_QUERY_LOCATOR")


def test_the_deleted_resource_reaches_back_fifteen_days(asks, larger_company):
    asker = asks(larger_company)
    asker.control("advance", {"days": 7})
    lately = datetime.combine(larger_company.as_of, datetime.min.time(), tzinfo=UTC)
    window = {"start": (lately - timedelta(days=1)).isoformat(), "end": (lately + timedelta(days=8)).isoformat()}
    told = json.loads(asker.salesforce("/sobjects/Lead/deleted/", **window).body)
    after = asker.sandbox.company.salesforce["Lead"]
    since = pl.col("_modified") > lately.replace(tzinfo=None) - timedelta(days=1)
    assert {one["id"] for one in told["deletedRecords"]} == set(
        after.filter((pl.col("_state") == "archived") & since)["Id"]
    )
    assert told["deletedRecords"]
    window["start"] = (lately - timedelta(days=30)).isoformat()
    assert asker.salesforce("/sobjects/Lead/deleted/", **window).status == 400
