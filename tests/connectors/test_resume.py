"""A pull that did not come to its end is gone on with by the next run: no page is asked twice but one."""

import json
from datetime import timedelta
from itertools import pairwise

import httpx
import pytest

from connectors.landing.history import damages, landed_runs, quarantine_damaged
from definitions.errors import SourceAnswerUnusableError
from tests.connectors.interruptions import BATCHES, HOUR, LONG_AGO, NOON, interrupted, listings, pages_of


@BATCHES
@pytest.mark.parametrize("after", range(7))
def test_a_first_listing_goes_on_where_it_stood(crm, pull_crm, after, batch_bytes):
    """CK, RS, and over as many runs as it takes."""
    crm.add(*range(1, 46), modified=LONG_AGO)
    crm.add(*range(100, 115), modified=LONG_AGO, archived=True)
    interrupted(crm, pull_crm, "contacts", "/objects/", after, batch_bytes=batch_bytes)
    interrupted(crm, pull_crm, "contacts", "/objects/", 0)
    pulled = pull_crm("contacts")
    assert sorted(map(int, pull_crm.ids("contacts"))) == [*range(1, 46), *range(100, 115)]
    assert pages_of(crm, "/objects/") == 7 + 2
    assert listings(pull_crm, "contacts") == ["run-1" if after else "run-3"]
    assert (pulled.is_full, pulled.pages) == (True, 7 - after)
    last = pull_crm.landing.read_manifest("hubspot", "contacts", "run-3")[-1]
    assert last.cursor == pulled.cursor
    assert (last.listing.pages, last.listing.records, last.listing.is_whole) == (7, 60, True)


@BATCHES
@pytest.mark.parametrize("after", range(5))
def test_a_search_goes_on_where_it_stood(crm, pull_crm, after, batch_bytes):
    pull_crm("contacts")
    crm.now = NOON + HOUR
    for identity in range(1, 41):
        crm.add(identity, modified=NOON + timedelta(seconds=identity // 12))
    interrupted(crm, pull_crm, "contacts", "/search", after, batch_bytes=batch_bytes)
    crm.now += timedelta(minutes=30)
    pulled = pull_crm("contacts")
    assert {int(i) for i in pull_crm.ids("contacts", "run-2", "run-3")} == set(range(1, 41))
    assert pulled.high_water_at == NOON + (HOUR if after else HOUR * 1.5) - timedelta(seconds=120)
    questions = [json.loads(request.content)["filterGroups"] for request in crm.asked("/search")]
    twice = [one for place, one in enumerate(questions) if one in questions[:place]]
    assert len(twice) <= 1


@BATCHES
@pytest.mark.parametrize("after", range(6))
def test_the_archive_and_what_was_restored_go_on_where_they_stood(crm, pull_crm, after, batch_bytes):
    """What the first part saw archived is not taken for restored by the second, and the restored ones come."""
    crm.add(*range(1, 351), modified=LONG_AGO, archived=True)
    pull_crm("contacts", account={"page_size": 100})
    crm.now = NOON + HOUR
    for identity in range(200, 350):
        crm.contacts[identity].archived = False
    pages = pages_of(crm, "/objects/")
    interrupted(crm, pull_crm, "contacts", "/objects/", after, account={"page_size": 100}, batch_bytes=batch_bytes)
    pull_crm("contacts", account={"page_size": 100})
    landed = {int(one["id"]): one["archived"] for one in pull_crm.records("contacts", "run-2", "run-3")}
    assert {identity for identity, is_archived in landed.items() if not is_archived} == {*range(200, 350)}
    assert {identity for identity, is_archived in landed.items() if is_archived} == {*range(1, 200), 350}
    # Two searches, two pages of the archive, two batches, and the refused page again.
    assert pages_of(crm, "/objects/") - pages == 6 + 1


@BATCHES
@pytest.mark.parametrize("after", range(5))
def test_a_query_goes_on_behind_the_last_row_whatever_became_of_its_locator(org, pull_org, after, batch_bytes):
    for number in range(1, 46):
        org.add(f"00Q{number:03d}", LONG_AGO + timedelta(seconds=number // 12))
    interrupted(org, pull_org, "lead", "/quer", after, batch_bytes=batch_bytes)
    org.locators.clear()
    pulled = pull_org("lead")
    assert pull_org.ids("lead") == [f"00Q{number:03d}" for number in range(1, 46)]
    assert pulled.records == 45 - 10 * after
    assert pages_of(org, "/quer") == 6 + 1


def test_a_listing_that_nobody_published_is_not_asked_again(crm, pull_crm):
    """As where another stream failed, or the run was killed when everything had been pulled."""
    crm.add(*range(1, 26), modified=LONG_AGO)
    pull_crm("contacts")
    del pull_crm.cursors["contacts"]
    pages = pages_of(crm, "/objects/")
    crm.now += timedelta(minutes=40)
    pulled = pull_crm("contacts")
    assert (pages_of(crm, "/objects/"), pulled.records, pulled.is_full) == (pages, 0, True)
    assert pulled.high_water_at == NOON - timedelta(seconds=120)
    assert (pulled.cursor["run"], pulled.cursor["runs"]) == ("run-2", ["run-1", "run-2"])
    assert listings(pull_crm, "contacts") == ["run-1"]


@pytest.mark.parametrize("left", ["complete", "unfinished"])
def test_one_that_was_begun_long_ago_is_followed_by_what_changed_since(crm, pull_crm, left):
    crm.add(*range(1, 26), modified=LONG_AGO)
    if left == "complete":
        pull_crm("contacts")
        del pull_crm.cursors["contacts"]
    else:
        interrupted(crm, pull_crm, "contacts", "/objects/", 2)
    crm.now += timedelta(days=2)
    crm.add(7, 26, modified=NOON + HOUR)
    pulled = pull_crm("contacts")
    assert pulled.high_water_at == crm.now - timedelta(seconds=120)
    assert {"7", "26"} <= set(pull_crm.ids("contacts", "run-2"))
    assert pulled.is_full is True
    assert listings(pull_crm, "contacts") == ["run-1", "run-2"]
    crm.now += HOUR
    assert pull_crm("contacts").is_full is False
    runs = landed_runs(pull_crm.landing, "hubspot", "contacts")
    chain = [one for run in runs for one in run.completed]
    assert [(after.previous, before.id) for before, after in pairwise(chain)][-2:] == [
        ("run-1", "run-1"),
        ("run-2", "run-2"),
    ]


@pytest.mark.parametrize("status", [400, 404, 410])
@BATCHES
def test_where_the_source_refuses_the_page_a_new_listing_is_begun(crm, pull_crm, status, batch_bytes):
    crm.add(*range(1, 46), modified=LONG_AGO)
    interrupted(crm, pull_crm, "contacts", "/objects/", 3, batch_bytes=batch_bytes)
    crm.once("/objects/", lambda: httpx.Response(status, json={"category": "VALIDATION_ERROR"}))
    pulled = pull_crm("contacts")
    assert sorted(map(int, pull_crm.ids("contacts", "run-2"))) == list(range(1, 46))
    assert listings(pull_crm, "contacts") == ["run-1", "run-2"]
    assert ["the listing that run run-1 began had stopped" in note for note in pulled.notes] == [True]
    assert pull_crm.cursors["contacts"]["runs"] == ["run-2"]


def test_a_request_that_is_always_refused_is_told_after_one_new_beginning(crm, pull_crm):
    crm.add(*range(1, 46), modified=LONG_AGO)
    interrupted(crm, pull_crm, "contacts", "/objects/", 3)
    before = pages_of(crm, "/objects/")
    crm.once("/objects/", lambda: httpx.Response(400, json={"category": "VALIDATION_ERROR"}), times=9)
    with pytest.raises(SourceAnswerUnusableError, match="VALIDATION_ERROR"):
        pull_crm("contacts")
    assert pages_of(crm, "/objects/") - before == 2


def test_a_listing_of_which_a_page_is_damaged_is_not_gone_on_with(crm, pull_crm):
    crm.add(*range(1, 46), modified=LONG_AGO)
    interrupted(crm, pull_crm, "contacts", "/objects/", 4, batch_bytes=1)
    pull_crm.landing.read_manifest("hubspot", "contacts", "run-1")[1].path.unlink()
    for damage in damages(landed_runs(pull_crm.landing, "hubspot", "contacts")):
        quarantine_damaged(damage)
    pull_crm("contacts")
    assert sorted(map(int, pull_crm.ids("contacts", "run-2"))) == list(range(1, 46))


def test_too_many_rejected_records_are_counted_over_all_parts_and_nothing_goes_on_from_there(crm, pull_crm):
    bad = [{"id": {"n": n}, "properties": {}} for n in range(6)]
    answers = [httpx.Response(200, json={"results": bad, "paging": {"next": {"after": after}}}) for after in "12"]
    crm.once("/objects/", lambda: answers[0])
    interrupted(crm, pull_crm, "contacts", "/objects/", 0)
    crm.once("/objects/", lambda: answers[1])
    with pytest.raises(SourceAnswerUnusableError, match="12 of 12 records up to page 2"):
        pull_crm("contacts")
    crm.add(1, modified=LONG_AGO)
    pulled = pull_crm("contacts")
    assert (pulled.records, pulled.rejected) == (1, 0)
    assert listings(pull_crm, "contacts", "run-3") == ["run-3"]


def test_a_field_that_is_asked_for_the_first_time_begins_anew(crm, pull_crm):
    crm.add(*range(1, 46), modified=LONG_AGO)
    interrupted(crm, pull_crm, "contacts", "/objects/", 3)
    crm.properties.append("bant_budget")
    pull_crm("contacts", account={"properties": {"contact": ("bant_budget",)}})
    assert sorted(map(int, pull_crm.ids("contacts", "run-2"))) == list(range(1, 46))


def test_a_full_listing_goes_on_when_everything_is_asked_again_and_a_listing_of_changes_does_not(crm, pull_crm):
    crm.add(*range(1, 46), modified=LONG_AGO)
    pull_crm("contacts")
    crm.now = NOON + HOUR
    crm.add(1, modified=NOON + timedelta(minutes=30))
    interrupted(crm, pull_crm, "contacts", "/objects/", 3, is_full=True)
    changes = pull_crm("contacts")
    assert (changes.is_full, pull_crm.ids("contacts", "run-3")) == (False, ["1"])
    # That was published, and what the full listing showed has been compacted since: it begins anew.
    pages = pages_of(crm, "/objects/")
    interrupted(crm, pull_crm, "contacts", "/objects/", 3, is_full=True)
    assert pull_crm("contacts", is_full=True).is_full is True
    assert pages_of(crm, "/objects/") - pages == 6 + 1
