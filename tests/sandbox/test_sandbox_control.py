"""The control paths: what is true, how much was asked, and what will go wrong."""

import json

import pytest

from sandbox.server.faults import KINDS


def test_members_name_every_record_the_apis_show(asks, larger_company):
    asker = asks(larger_company)
    told = asker.control("truth/people")
    shown = {
        f"hubspot:contact:{record['id']}" for a in ("false", "true") for record in asker.listed("contacts", archived=a)
    }
    for kind in ("Lead", "Contact"):
        found = asker.soql(f"SELECT Id FROM {kind}", everything=True)
        shown |= {f"salesforce:{kind.lower()}:{record['Id']}" for record in found}
    assert {one["record_key"] for one in told} == shown
    assert len(told) == asker.control("truth")["person_records"]["records"]


def test_requests_are_counted_and_control_requests_are_not(asker):
    asker.hubspot("/crm/owners/2026-03")
    asker.hubspot("/crm/owners/2026-03")
    asker.salesforce("/query", q="SELECT Id FROM User")
    assert asker.control("requests") == {"hubspot": 2, "salesforce": 2, "total": 4}


def test_an_unknown_control_path_is_not_found(asker):
    assert asker._ask("/_sandbox/nothing", None, "", {}).status == 404


@pytest.mark.parametrize(
    "script", [[{"kind": "flood"}], [{"knid": "429"}], {"kind": "429"}, [{"kind": "429", "times": "two"}]]
)
def test_a_script_that_cannot_be_read_is_refused_whole(asker, script):
    answer = asker._ask("/_sandbox/faults", script, "", {})
    assert answer.status == 400
    assert json.loads(answer.body)["message"]
    assert asker.sandbox.faults.waiting == []


@pytest.mark.parametrize("kind", KINDS)
def test_a_fault_strikes_once_and_only_where_it_is_aimed(asker, kind):
    faults = asker.sandbox.faults
    asker.control("faults", [{"kind": kind, "path": "/contacts", "skip": 1}])
    assert faults.next_for("/crm/owners/2026-03") is None
    assert faults.next_for("/crm/objects/2026-03/contacts") is None
    struck = faults.next_for("/crm/objects/2026-03/contacts")
    assert struck is not None
    assert struck.kind == kind
    assert faults.next_for("/crm/objects/2026-03/contacts") is None


def test_a_fault_strikes_as_often_as_told(asker):
    asker.control("faults", [{"kind": "503", "times": 2}])
    struck = [asker.sandbox.faults.next_for("/x") for _ in range(3)]
    assert [fault is not None for fault in struck] == [True, True, False]


@pytest.mark.parametrize(("table", "key"), [("contacts", "_id"), ("Lead", "Id")])
def test_a_record_can_be_deleted_and_restored_as_if_nothing_had_been(asks, larger_company, table, key):
    asker = asks(larger_company)
    tables = {**larger_company.hubspot, **larger_company.salesforce}
    identity = tables[table].filter(_state="live")[key][0]
    deleted = {"table": table, "ids": [identity], "state": "archived", "modified": "2026-11-22T11:00:00Z"}
    [before] = asker.control("records", deleted)["before"]
    [between] = asker.control("records", {**deleted, "state": "live", "modified": before["modified"]})["before"]
    [after] = asker.control("records", {**deleted, "state": "live", "modified": None})["before"]
    assert (between["state"], between["modified"]) == ("archived", "2026-11-22T11:00:00Z")
    assert before == after


@pytest.mark.parametrize(
    "edit",
    [
        {"table": "contacts", "ids": ["0"], "state": "live"},
        {"table": "nobodies", "ids": ["1"], "state": "live"},
        {"table": "contacts", "ids": [], "state": "asleep"},
    ],
)
def test_an_edit_that_cannot_be_done_is_refused(asker, edit):
    assert asker._ask("/_sandbox/records", edit, "", {}).status == 400
