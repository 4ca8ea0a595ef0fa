"""HubSpot's dialect: lists, batches, owners, limits, and how it refuses."""

import json

import polars as pl
import pytest

from sandbox.server.limits import Limits
from sandbox.server.sandbox_state import Sandbox
from sandbox.server.web import Request

MODIFIED = {"contacts": "lastmodifieddate", "companies": "hs_lastmodifieddate", "deals": "hs_lastmodifieddate"}


def ids_in(table, state):
    return table.filter(pl.col("_state") == state).sort("_rank")["_id"].to_list()


@pytest.mark.parametrize("limit", [1, 7, 100], ids=["one by one", "sevens", "hundreds"])
@pytest.mark.parametrize("kind", MODIFIED)
def test_a_list_gives_every_live_record_once_in_order_of_id(asker, company, kind, limit):
    listed = [record["id"] for record in asker.listed(kind, limit=limit)]
    assert listed == ids_in(company.hubspot[kind], "live")


@pytest.mark.parametrize("kind", ["contacts", "companies"])
def test_archived_records_are_in_a_list_of_their_own(asks, larger_company, kind):
    archived = asks(larger_company).listed(kind, archived="true")
    assert [record["id"] for record in archived] == ids_in(larger_company.hubspot[kind], "archived")
    assert archived
    assert all(record["archived"] and record["archivedAt"] for record in archived)


def test_merged_away_records_are_in_no_list(asks, larger_company):
    asker = asks(larger_company)
    shown = {record["id"] for archived in ("false", "true") for record in asker.listed("contacts", archived=archived)}
    absent = set(ids_in(larger_company.hubspot["contacts"], "absent"))
    assert absent
    assert not shown & absent


def test_the_last_page_has_no_paging(asker, company):
    last = ids_in(company.hubspot["deals"], "live")[-2]
    page = json.loads(asker.hubspot("/crm/objects/2026-03/deals", limit=1, after=last).body)
    assert list(page) == ["results"]
    assert len(page["results"]) == 1


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({}, {"firstname", "lastname", "email"}),
        ({"properties": "email,phone"}, {"email", "phone"}),
        ({"properties": ["email", "bant_need"]}, {"email", "bant_need"}),
        ({"properties": "email,no_such_property,_story"}, {"email"}),
    ],
    ids=["usual ones", "with commas", "repeated", "unknown and hidden ones are left out"],
)
def test_only_the_properties_asked_for_are_told(asker, asked, told):
    always = {"createdate", "lastmodifieddate", "hs_object_id"}
    record = json.loads(asker.hubspot("/crm/objects/2026-03/contacts", limit=1, **asked).body)["results"][0]
    assert set(record["properties"]) == told | always


def test_every_value_is_text_or_null(asks, larger_company):
    asker = asks(larger_company)
    names = json.loads(asker.hubspot("/crm/properties/2026-03/deals").body)["results"]
    records = asker.listed("deals", properties=",".join(name["name"] for name in names))
    values = [value for record in records for value in record["properties"].values()]
    assert {type(value) for value in values} == {str, type(None)}
    assert {record["properties"]["hs_is_closed"] for record in records} == {"true", "false"}
    assert not any(
        record["properties"]["amount"].endswith(".0") for record in records if record["properties"]["amount"]
    )
    assert all(record["properties"]["hs_object_id"] == record["id"] for record in records)


def test_the_old_paths_answer_alike(asker):
    new = asker.hubspot("/crm/objects/2026-03/contacts", limit=3, properties="email")
    old = asker.hubspot("/crm/v3/objects/contacts", limit=3, properties="email")
    assert json.loads(new.body)["results"] == json.loads(old.body)["results"]
    assert asker.hubspot("/crm/v3/owners").body == asker.hubspot("/crm/owners/2026-03").body
    assert asker.hubspot("/crm/v3/pipelines/deals").body == asker.hubspot("/crm/pipelines/2026-03/deals").body
    links = {"inputs": [{"id": new_id["id"]} for new_id in json.loads(new.body)["results"]]}
    old_links = asker.hubspot("/crm/v4/associations/contacts/companies/batch/read", links)
    assert old_links.body == asker.hubspot("/crm/associations/2026-03/contacts/companies/batch/read", links).body


def test_one_record_by_id_and_a_merged_id_finds_its_survivor(asks, larger_company):
    asker, contacts = asks(larger_company), larger_company.hubspot["contacts"]
    merged = contacts.filter(pl.col("hs_merged_object_ids").is_not_null() & (pl.col("_state") == "live")).row(
        0, named=True
    )
    old = merged["hs_merged_object_ids"].split(";")[0]
    read = asker.hubspot(f"/crm/objects/2026-03/contacts/{old}", properties="hs_merged_object_ids")
    assert json.loads(read.body)["id"] == merged["_id"]
    assert asker.hubspot("/crm/objects/2026-03/contacts/99").status == 404


# --- batches and associations


def test_a_batch_tells_what_it_did_not_find(asker, company):
    known = ids_in(company.hubspot["contacts"], "live")[:3]
    body = {"inputs": [{"id": one} for one in (*known, "7")], "properties": ["email"], "propertiesWithHistory": []}
    answer = asker.hubspot("/crm/objects/2026-03/contacts/batch/read", body)
    told = json.loads(answer.body)
    assert answer.status == 207
    assert {record["id"] for record in told["results"]} == set(known)
    assert told["numErrors"] == 1
    assert told["errors"][0]["context"]["ids"] == ["7"]
    body["inputs"].pop()
    assert asker.hubspot("/crm/objects/2026-03/contacts/batch/read", body).status == 200


def test_a_batch_of_more_than_a_hundred_is_refused(asker):
    body = {"inputs": [{"id": str(one)} for one in range(101)], "properties": []}
    assert asker.hubspot("/crm/objects/2026-03/contacts/batch/read", body).status == 400


def linked(asker, origin, target, ids):
    found = {}
    for start in range(0, len(ids), 500):
        body = {"inputs": [{"id": one} for one in ids[start : start + 500]]}
        told = json.loads(asker.hubspot(f"/crm/associations/2026-03/{origin}/{target}/batch/read", body).body)
        found |= {one["from"]["id"]: {other["toObjectId"] for other in one["to"]} for one in told["results"]}
    return found


@pytest.mark.parametrize(
    ("origin", "target"), [("deals", "contacts"), ("deals", "companies"), ("contacts", "companies")]
)
def test_associations_are_the_same_from_both_ends(asks, larger_company, origin, target):
    asker = asks(larger_company)
    there = linked(asker, origin, target, ids_in(larger_company.hubspot[origin], "live"))
    back = linked(asker, target, origin, ids_in(larger_company.hubspot[target], "live"))
    assert there
    assert {(a, b) for a, others in there.items() for b in others} == {
        (a, b) for b, others in back.items() for a in others
    }
    assert set(back) <= set(ids_in(larger_company.hubspot[target], "live"))


def test_a_record_without_associations_is_an_error_of_its_own(asks, larger_company):
    asker = asks(larger_company)
    alone = larger_company.hubspot["deals"].filter((pl.col("_people") == 0) & (pl.col("_state") == "live"))["_id"][0]
    some = asker.hubspot("/crm/associations/2026-03/deals/contacts/batch/read", {"inputs": [{"id": alone}]})
    told = json.loads(some.body)
    assert some.status == 207
    assert told["results"] == []
    assert told["errors"][0]["context"]["fromObjectId"] == [alone]


# --- the rest


def test_owners_who_left_are_only_in_the_archived_list(asker, company):
    for archived, state in (("false", "live"), ("true", "archived")):
        told = json.loads(asker.hubspot("/crm/owners/2026-03", archived=archived).body)["results"]
        expected = company.hubspot["owners"].filter(pl.col("_state") == state)["_id"]
        assert {owner["id"] for owner in told} == set(expected)
        assert all(owner["archived"] is (archived == "true") for owner in told)


def test_owners_come_in_pages(asker, company):
    seen, after = [], "0"
    while after:
        page = json.loads(asker.hubspot("/crm/owners/2026-03", limit=4, after=after).body)
        seen += [owner["id"] for owner in page["results"]]
        after = page.get("paging", {}).get("next", {}).get("after")
    assert sorted(seen) == sorted(company.hubspot["owners"].filter(pl.col("_state") == "live")["_id"])


def test_every_stage_of_a_deal_is_in_a_pipeline(asks, larger_company):
    told = json.loads(asks(larger_company).hubspot("/crm/pipelines/2026-03/deals").body)["results"]
    stages = {(pipeline["id"], stage["id"]) for pipeline in told for stage in pipeline["stages"]}
    used = set(larger_company.hubspot["deals"].select("pipeline", "dealstage").unique().iter_rows())
    assert used <= stages
    assert len({pipeline for pipeline, _ in used}) == 2


@pytest.mark.parametrize(
    ("path", "asked", "status", "category"),
    [
        ("/crm/objects/2026-03/contacts", {"limit": 101}, 400, "VALIDATION_ERROR"),
        ("/crm/objects/2026-03/contacts", {"limit": "many"}, 400, "VALIDATION_ERROR"),
        ("/crm/objects/2026-03/contacts", {"after": "x"}, 400, "VALIDATION_ERROR"),
        ("/crm/objects/2026-03/contacts", {"propertiesWithHistory": "email"}, 400, "VALIDATION_ERROR"),
        ("/crm/objects/2026-03/contacts", {"properties": "x" * 33_000}, 414, "URI_TOO_LONG"),
        ("/crm/objects/2026-03/spaceships", {}, 400, "VALIDATION_ERROR"),
        ("/crm/nothing", {}, 404, "OBJECT_NOT_FOUND"),
    ],
    ids=[
        "page too large",
        "limit no number",
        "cursor no number",
        "history",
        "too long",
        "unknown type",
        "unknown path",
    ],
)
def test_hubspot_refuses(asker, path, asked, status, category):
    answer = asker.hubspot(path, **asked)
    assert (answer.status, json.loads(answer.body)["category"]) == (status, category)


@pytest.mark.parametrize("token", ["", "wrong"])
def test_a_wrong_token_opens_nothing(asker, token):
    answer = asker.hubspot("/crm/objects/2026-03/contacts", token=token)
    assert answer.status == 401
    assert json.loads(answer.body)["category"] == "INVALID_AUTHENTICATION"


def test_a_body_that_is_no_json_is_refused(asker):
    sandbox: Sandbox = asker.sandbox
    headers = {"authorization": f"Bearer {sandbox.credentials.hubspot_token}"}
    request = Request(method="POST", path="/crm/objects/2026-03/contacts/search", headers=headers, body=b"{")
    assert sandbox.answer(request).status == 400


def test_the_ten_second_limit_and_its_headers(asks, company):
    asker = asks(company, limits=Limits(ten_secondly=3))
    answers = [asker.hubspot("/crm/owners/2026-03") for _ in range(4)]
    assert [answer.status for answer in answers] == [200, 200, 200, 429]
    assert [answer.headers["X-HubSpot-RateLimit-Remaining"] for answer in answers] == ["2", "1", "0", "0"]
    assert json.loads(answers[3].body)["policyName"] == "TEN_SECONDLY_ROLLING"
    search = asker.hubspot("/crm/objects/2026-03/contacts/search", {"limit": 1})
    assert search.status == 200
    assert "X-HubSpot-RateLimit-Max" not in search.headers
    asker.clock.seconds += 10.1
    assert asker.hubspot("/crm/owners/2026-03").status == 200


def test_the_search_limit_is_by_the_second(asks, company):
    asker = asks(company, limits=Limits(search_secondly=2))
    answers = [asker.hubspot("/crm/objects/2026-03/contacts/search", {"limit": 1}) for _ in range(3)]
    assert [answer.status for answer in answers] == [200, 200, 429]
    assert json.loads(answers[2].body)["message"] == "You have reached your secondly limit."
    asker.clock.seconds += 1.1
    assert asker.hubspot("/crm/objects/2026-03/contacts/search", {"limit": 1}).status == 200
