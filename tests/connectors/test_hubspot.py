"""HubSpot: nothing lost and nothing doubled, whatever its lists, its search and its archive do."""

import json
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from definitions.errors import ConfigurationError, SourceAnswerUnusableError, SourceRefusedError

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def test_the_first_pull_lists_every_live_and_archived_contact_verbatim(crm, pull_crm):
    crm.add(*range(1, 26), modified=NOON - timedelta(days=3))
    crm.add(*range(100, 113), modified=NOON - timedelta(days=3), archived=True)
    pulled = pull_crm("contacts")
    assert sorted(map(int, pull_crm.ids("contacts"))) == [*range(1, 26), *range(100, 113)]
    assert pull_crm.records("contacts")[13] == crm.record(1)
    assert (pulled.records, pulled.rejected, pulled.is_full) == (38, 0, True)
    assert pulled.high_water_at == NOON - timedelta(seconds=120)
    assert {request.url.host for request in crm.requests} == {"crm.example"}


def test_an_account_without_a_contact_is_an_answer_too(pull_crm):
    assert pull_crm("contacts").records == 0
    assert pull_crm("contacts").is_full is False


def test_only_what_changed_is_asked_again(crm, pull_crm):
    crm.add(*range(1, 31), modified=NOON - timedelta(days=3))
    pull_crm("contacts")
    crm.now = NOON + timedelta(hours=1)
    crm.add(7, 31, modified=NOON + 30 * MINUTE)
    crm.requests.clear()
    pulled = pull_crm("contacts")
    assert sorted(pull_crm.ids("contacts", "run-2")) == ["31", "7"]
    assert pulled.is_full is False
    live = [request for request in crm.asked("/contacts") if request.url.params.get("archived") == "false"]
    assert live == []


@pytest.mark.parametrize("hours", [-2, 3])
def test_a_local_clock_that_is_wrong_loses_nothing(crm, pull_crm, hours):
    """F05: it may hold the cursor back, and never moves it ahead of the source's Date header."""
    pull_crm("contacts", local_now=NOON + timedelta(hours=hours))
    crm.now = NOON + timedelta(hours=1)
    crm.add(1, modified=NOON + 10 * MINUTE)
    pulled = pull_crm("contacts")
    assert pull_crm.ids("contacts", "run-2") == ["1"]
    assert pulled.high_water_at == crm.now - timedelta(seconds=120)


def test_a_source_clock_that_was_once_ahead_loses_nothing(crm, pull_crm):
    crm.now = NOON + timedelta(hours=10)
    pull_crm("contacts", local_now=NOON)
    crm.add(1, modified=NOON + 20 * MINUTE)
    crm.now = NOON + timedelta(hours=30)
    pull_crm("contacts")
    assert pull_crm.ids("contacts", "run-2") == ["1"]


def test_a_restored_contact_comes_back_with_its_old_time(crm, pull_crm):
    """F08: no search shows it, for nothing of it changed."""
    old = NOON - timedelta(days=9)
    crm.add(1, 2, 3, modified=old, archived=True)
    pull_crm("contacts")
    crm.now = NOON + timedelta(hours=1)
    crm.contacts[2].archived = False
    del crm.contacts[3]
    pull_crm("contacts")
    landed = {record["id"]: record["archived"] for record in pull_crm.records("contacts", "run-2")}
    assert landed == {"1": True, "2": False}


INTERNAL = {"category": "INTERNAL_ERROR", "context": {"ids": ["1"]}}


def test_a_restored_contact_that_could_not_be_read_is_asked_for_again(crm, pull_crm):
    """F08: silence would leave it deleted, for no later pull knows that it was archived."""
    crm.add(1, modified=NOON - timedelta(days=9), archived=True)
    pull_crm("contacts")
    crm.contacts[1].archived = False
    crm.once("/batch/read", lambda: httpx.Response(207, json={"results": [], "errors": [INTERNAL]}))
    with pytest.raises(SourceAnswerUnusableError, match=r"page 1: part of a batch was refused \(INTERNAL_ERROR\)"):
        pull_crm("contacts")
    pull_crm("contacts")
    assert [record["archived"] for record in pull_crm.records("contacts", "run-3")] == [False]


def test_an_archived_contact_that_was_deleted_for_good_is_no_error(crm, pull_crm):
    crm.add(1, modified=NOON - timedelta(days=9), archived=True)
    pull_crm("contacts")
    del crm.contacts[1]
    gone = {"results": [], "errors": [{"category": "OBJECT_NOT_FOUND", "context": {"ids": ["1"]}}]}
    crm.once("/batch/read", lambda: httpx.Response(207, json=gone))
    assert pull_crm("contacts").records == 0


def test_the_cursor_of_a_list_may_not_come_twice(crm, pull_crm):
    """F11."""
    crm.add(*range(1, 40), modified=NOON - timedelta(days=1))
    stuck = {"results": [crm.record(1)], "paging": {"next": {"after": "10"}}}
    crm.once("/objects/2026-03/contacts", lambda: httpx.Response(200, json=stuck), times=5)
    with pytest.raises(SourceAnswerUnusableError, match="hubspot: contacts: page 2: the cursor of an earlier page"):
        pull_crm("contacts")
    assert pull_crm.landing.read_manifest("hubspot", "contacts", "run-1") == []


@pytest.mark.parametrize("paging", [{}, {"next": {}}, {"next": {"after": None}}, {"next": {"after": ""}}])
def test_more_without_a_cursor_is_an_error(crm, pull_crm, paging):
    """F11."""
    body = {"results": [], "paging": paging}
    crm.once("/objects/2026-03/contacts", lambda: httpx.Response(200, json=body), times=2)
    with pytest.raises(SourceAnswerUnusableError, match="says there is more, but not where"):
        pull_crm("contacts")


@pytest.mark.parametrize(("after", "times"), [("0010", 2), ("20", 1)], ids=["holds nothing", "lost what it held"])
def test_an_empty_page_in_the_middle_is_not_the_end(crm, pull_crm, after, times):
    """F11."""
    crm.add(*range(1, 26), modified=NOON - timedelta(days=1))
    empty = {"results": [], "paging": {"next": {"after": after}}}
    crm.once("/objects/2026-03/contacts", lambda: httpx.Response(200, json=empty), skip=2, times=times)
    assert pull_crm("contacts").records == 25


def test_a_missing_custom_property_is_named_before_anything_is_pulled(crm, pull_crm):
    with pytest.raises(ConfigurationError, match="contacts: no such property: bant_budget"):
        pull_crm("contacts", account={"properties": {"contact": ("email", "bant_budget")}})
    assert crm.asked("/objects/") == []


def test_a_usual_property_the_account_lacks_is_left_out_and_told(crm, pull_crm):
    crm.properties.remove("salesforceleadid")
    crm.add(1, modified=NOON - MINUTE)
    pulled = pull_crm("contacts")
    assert "salesforceleadid" in pulled.notes[0]
    assert "salesforceleadid" not in crm.asked("/objects/")[0].url.params["properties"]


def test_a_property_asked_for_the_first_time_brings_all_contacts_again(crm, pull_crm):
    crm.add(*range(1, 4), modified=NOON - timedelta(days=30))
    pull_crm("contacts")
    crm.properties.append("bant_budget")
    pulled = pull_crm("contacts", account={"properties": {"contact": ("bant_budget",)}})
    assert (pulled.records, pulled.is_full) == (3, True)
    assert pull_crm("contacts", account={"properties": {"contact": ("bant_budget",)}}).is_full is False


def test_more_properties_than_a_url_holds_are_read_in_batches(crm, pull_crm):
    wide = tuple(f"bant_{number:04d}" for number in range(600))
    crm.properties += wide
    crm.add(*range(1, 26), modified=NOON - timedelta(days=1))
    pulled = pull_crm("contacts", account={"properties": {"contact": wide}})
    assert sorted(map(int, pull_crm.ids("contacts"))) == list(range(1, 26))
    assert pulled.records == 25
    assert set(wide) <= set(json.loads(crm.asked("/batch/read")[0].content)["properties"])
    assert max(len(str(request.url)) for request in crm.requests) < 5000


def test_associations_are_asked_for_what_this_run_landed_one_record_each(crm, pull_crm):
    crm.add(*range(1, 8), modified=NOON - timedelta(days=1))
    crm.add(50, modified=NOON - timedelta(days=1), archived=True)
    crm.companies_of = {"1": ["10"], "2": ["10", "11", "12", "13", "14"], "3": ["16", "17", "18"], "5": ["15"]}
    pull_crm("contacts", run_id="run-1")
    pulled = pull_crm("contacts_companies", run_id="run-1")
    landed = {r["from"]["id"]: [to["toObjectId"] for to in r["to"]] for r in pull_crm.records("contacts_companies")}
    assert landed == {"4": [], "6": [], "7": [], **crm.companies_of}
    assert pulled.records == 7


def test_where_part_of_an_answer_cannot_be_read_silence_proves_no_association_gone(crm, pull_crm):
    crm.add(*range(1, 7), modified=NOON - timedelta(days=1))
    pull_crm("contacts", run_id="run-1")
    asked = pull_crm.ids("contacts", "run-1")
    told = {"from": {"id": asked[0]}, "to": [{"toObjectId": "10", "associationTypes": []}]}
    crm.once("/associations/", lambda: httpx.Response(200, json={"results": [told, {"from": {}, "to": []}]}))
    pulled = pull_crm("contacts_companies", run_id="run-1")
    landed = {r["from"]["id"]: [to["toObjectId"] for to in r["to"]] for r in pull_crm.records("contacts_companies")}
    assert landed == {asked[0]: ["10"], asked[4]: [], asked[5]: []}
    assert (pulled.records, pulled.rejected) == (3, 1)


def test_associations_whose_pages_go_round_in_a_circle_stop(crm, pull_crm):
    """F11."""
    crm.add(1, modified=NOON - timedelta(days=1))
    pull_crm("contacts", run_id="run-1")
    again = {"results": [{"from": {"id": "1"}, "to": [], "paging": {"next": {"after": "2"}}}]}
    crm.once("/associations/", lambda: httpx.Response(200, json=again), times=2)
    with pytest.raises(SourceAnswerUnusableError, match="the cursor of an earlier page came again"):
        pull_crm("contacts_companies", run_id="run-1")


def asked_of(crm) -> list[str]:
    asked = [json.loads(request.content)["inputs"] for request in crm.asked("/associations/")]
    return [one["id"] for inputs in asked for one in inputs]


def test_a_contact_landed_twice_is_asked_about_once_in_the_order_landed(crm, pull_crm):
    crm.add(7, 3, 5, modified=NOON - timedelta(days=1))
    pull_crm("contacts", run_id="run-1")
    landed = pull_crm.ids("contacts", "run-1")
    crm.add(1, 3, modified=NOON - timedelta(days=1))
    pull_crm("contacts", run_id="run-2", is_full=True)
    pulled = pull_crm("contacts_companies", run_id="run-2", seen_in=("run-1",))
    assert asked_of(crm) == [*landed, "1"]
    assert pulled.records == 4


@pytest.mark.parametrize("broken", range(4))
def test_interrupted_associations_go_on_where_they_stood(crm, pull_crm, broken):
    """With the records that were landed when they began, then with those that a later run landed."""
    crm.add(*range(1, 15), modified=NOON - timedelta(days=1))
    pull_crm("contacts", run_id="run-1")
    crm.once("/associations/", lambda: httpx.Response(403, json={}), skip=broken)
    with pytest.raises(SourceRefusedError):
        pull_crm("contacts_companies", run_id="run-1")
    crm.requests.clear()
    crm.add(3, 15, modified=NOON + timedelta(hours=1))
    crm.now = NOON + timedelta(hours=2)
    pull_crm("contacts", run_id="run-2")
    pulled = pull_crm("contacts_companies", run_id="run-2", seen_in=("run-1",))
    rest = [*map(str, range(1, 15))][4 * broken :]
    assert asked_of(crm) == [*rest, *(one for one in ("3", "15") if broken or one not in rest)]
    assert pulled.records == len(asked_of(crm))
    origins = {int(record["from"]["id"]) for record in pull_crm.records("contacts_companies")}
    assert sorted(origins) == list(range(1, 16))


def test_an_association_batch_refused_in_part_for_another_reason_stops(crm, pull_crm):
    crm.add(1, modified=NOON - timedelta(days=1))
    pull_crm("contacts", run_id="run-1")
    refused = {"results": [], "errors": [{"category": "VALIDATION_ERROR"}]}
    crm.once("/associations/", lambda: httpx.Response(207, json=refused))
    with pytest.raises(SourceAnswerUnusableError, match="part of a batch was refused"):
        pull_crm("contacts_companies", run_id="run-1")


@pytest.mark.parametrize(
    ("version", "path"),
    [("2026-03", "/crm/objects/2026-03/contacts"), ("v3", "/crm/v3/objects/contacts")],
)
def test_the_version_is_one_setting(crm, pull_crm, version, path):
    pull_crm("contacts", account={"api_version": version})
    assert path in {request.url.path for request in crm.requests}


@pytest.mark.parametrize("version", ["", "2026", "v3/../../x", "latest"])
def test_a_version_that_cannot_be_is_refused(pull_crm, version):
    with pytest.raises(ConfigurationError, match="api_version"):
        pull_crm("contacts", account={"api_version": version})


def test_half_a_character_costs_neither_page_nor_record(crm, pull_crm):
    """F24: JSON allows half a surrogate pair, text does not."""
    crm.add(1, 2, modified=NOON - MINUTE)
    body = json.dumps({"results": [crm.record(1), crm.record(2)]}).replace("p1@", "\\ud83d@")
    crm.once("/objects/2026-03/contacts", lambda: httpx.Response(200, content=body.encode()))
    pulled = pull_crm("contacts")
    assert pull_crm.records("contacts")[0]["properties"]["email"] == "\ufffd@canary.example"
    assert any("U+FFFD" in note for note in pulled.notes)
