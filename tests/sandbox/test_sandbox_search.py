"""HubSpot's search: windows, filters, order, the cap, and how it refuses."""

import json
from datetime import UTC

import polars as pl
import pytest


def ids_in(table, state):
    return table.filter(pl.col("_state") == state).sort("_rank")["_id"].to_list()


def filters(*conditions):
    return [{"filters": [dict(zip(("propertyName", "operator", "value"), one, strict=False)) for one in conditions]}]


def milliseconds(moment):
    return str(int(moment.replace(tzinfo=UTC).timestamp() * 1000))


@pytest.mark.parametrize("sort", ["lastmodifieddate", {"propertyName": "lastmodifieddate", "direction": "ASCENDING"}])
def test_a_search_by_window_finds_what_the_window_holds_in_order(asker, company, sort):
    live = company.hubspot["contacts"].filter(pl.col("_state") == "live").sort("_modified")
    low, high = live["_modified"][100], live["_modified"][300]
    window = [
        {
            "propertyName": "lastmodifieddate",
            "operator": "BETWEEN",
            "value": milliseconds(low),
            "highValue": milliseconds(high),
        }
    ]
    found = asker.searched("contacts", filterGroups=[{"filters": window}], sorts=[sort], properties=["email"])
    inside = live.filter(pl.col("_modified").is_between(low, high))
    assert sorted(record["id"] for record in found) == sorted(inside["_id"])
    stamps = [record["properties"]["lastmodifieddate"] for record in found]
    assert stamps == sorted(stamps)


@pytest.mark.parametrize(
    ("operator", "value", "expected"),
    [
        ("EQ", "true", pl.col("hs_is_closed")),
        ("NEQ", "true", ~pl.col("hs_is_closed")),
    ],
)
def test_search_compares_booleans(asker, company, operator, value, expected):
    found = asker.searched("deals", filterGroups=filters(("hs_is_closed", operator, value)))
    table = company.hubspot["deals"].filter((pl.col("_state") == "live") & expected)
    assert {record["id"] for record in found} == set(table["_id"])


@pytest.mark.parametrize(
    ("operator", "expected"),
    [
        ("GT", slice(51, None)),
        ("GTE", slice(50, None)),
        ("LT", slice(0, 50)),
        ("LTE", slice(0, 51)),
        ("EQ", slice(50, 51)),
    ],
)
def test_search_bounds_are_as_written(asker, company, operator, expected):
    ids = ids_in(company.hubspot["contacts"], "live")
    found = asker.searched(
        "contacts", filterGroups=filters(("hs_object_id", operator, ids[50])), sorts=["hs_object_id"]
    )
    assert [record["id"] for record in found] == ids[expected]


def test_search_walks_ids_above_one(asker, company):
    ids = ids_in(company.hubspot["contacts"], "live")
    conditions = filters(("hs_object_id", "GT", ids[50]), ("createdate", "GTE", "2000-01-01T00:00:00.000Z"))
    found = asker.searched("contacts", filterGroups=conditions, sorts=["hs_object_id"])
    assert [record["id"] for record in found] == ids[51:]


def test_search_groups_are_or_and_filters_are_and(asker, company):
    groups = filters(("lifecyclestage", "EQ", "lead"), ("hs_lead_status", "HAS_PROPERTY")) + filters(
        ("lifecyclestage", "EQ", "customer")
    )
    found = asker.searched("contacts", filterGroups=groups)
    stage, status = pl.col("lifecyclestage"), pl.col("hs_lead_status")
    expected = company.hubspot["contacts"].filter(
        (pl.col("_state") == "live") & (((stage == "lead") & status.is_not_null()) | (stage == "customer"))
    )
    assert {record["id"] for record in found} == set(expected["_id"])
    assert found


def test_search_never_shows_archived_records(asks, larger_company):
    found = asks(larger_company).searched("deals", filterGroups=[])
    assert sorted(record["id"] for record in found) == sorted(ids_in(larger_company.hubspot["deals"], "live"))


REFUSED_SEARCHES = {
    "beyond ten thousand": {"after": "9900", "limit": 101},
    "page too large": {"limit": 201},
    "no page": {"limit": 0},
    "offset no number": {"after": "abc"},
    "unknown property": {"filterGroups": filters(("nothing", "EQ", "1"))},
    "hidden property": {"filterGroups": filters(("_story", "EQ", "1"))},
    "unknown operator": {"filterGroups": filters(("email", "LIKE", "1"))},
    "value of another type": {"filterGroups": filters(("createdate", "GT", "yesterday"))},
    "no value": {"filterGroups": filters(("email", "EQ"))},
    "six groups": {"filterGroups": filters(("email", "EQ", "1")) * 6},
    "seven filters": {"filterGroups": filters(*[("email", "EQ", "1")] * 7)},
    "two sorts": {"sorts": ["email", "createdate"]},
    "sort by nothing": {"sorts": ["nothing"]},
}


@pytest.mark.parametrize("body", REFUSED_SEARCHES.values(), ids=REFUSED_SEARCHES)
def test_search_refuses(asker, body):
    answer = asker.hubspot("/crm/objects/2026-03/contacts/search", {"limit": 10, **body})
    told = json.loads(answer.body)
    assert answer.status == 400
    assert told["category"] == "VALIDATION_ERROR"
    assert told["message"]


def test_exactly_ten_thousand_is_allowed(asker):
    assert asker.hubspot("/crm/objects/2026-03/contacts/search", {"after": "9900", "limit": 100}).status == 200


@pytest.mark.parametrize("unsteady", [False, True], ids=["steady", "unsteady"])
def test_ties_come_in_another_order_only_if_told_to(asks, larger_company, unsteady):
    asker = asks(larger_company, unsteady_ties=unsteady)
    body = {"limit": 200, "sorts": ["lastmodifieddate"], "filterGroups": [], "properties": []}
    tie = larger_company.hubspot["contacts"].filter(pl.col("_state") == "live").group_by("_modified").len().sort("len")
    at = milliseconds(tie["_modified"][-1])
    body["filterGroups"] = filters(("lastmodifieddate", "EQ", at))
    pages = [asker.hubspot("/crm/objects/2026-03/contacts/search", body).body for _ in range(2)]
    assert (pages[0] != pages[1]) is unsteady
    assert json.loads(pages[0])["total"] == tie["len"][-1]
