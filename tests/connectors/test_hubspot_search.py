"""HubSpot's search: every change comes, whatever shares its time, and whenever the index shows it."""

import json
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectors.hubspot.streams import CONTACTS
from definitions.errors import SourceAnswerUnusableError

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize("at_once", [4, 12, 25, 240], ids=["few", "more than a page", "2.5 pages", "far over the cap"])
def test_many_contacts_of_one_millisecond_all_come_once(crm, pull_crm, at_once):
    """F01: bulk edits stamp thousands alike, in no steady order."""
    pull_crm("contacts")
    stamp = NOON + MINUTE
    crm.now = NOON + timedelta(hours=1)
    crm.add(*range(1, 15), modified=stamp - MINUTE / 2)
    crm.add(*range(1000, 1000 + at_once), modified=stamp)
    crm.add(*range(5000, 5014), modified=stamp + MINUTE / 2)
    pull_crm("contacts")
    ids = pull_crm.ids("contacts", "run-2")
    assert len(ids) == len(set(ids)) == 28 + at_once


def test_more_changes_than_the_search_can_page_through_all_come(crm, pull_crm):
    """F01: HubSpot refuses to page beyond 10,000; here beyond 300."""
    pull_crm("contacts")
    crm.cap, crm.now = 300, NOON + timedelta(days=1)
    for identity in range(1, 1_001):
        crm.add(identity, modified=NOON + timedelta(milliseconds=identity))
    pulled = pull_crm("contacts", account={"search_page_size": 50})
    assert pulled.records == len(set(pull_crm.ids("contacts", "run-2"))) == 1_000
    assert {json.loads(request.content)["after"] for request in crm.asked("/search")} == {"0"}


spans = st.lists(st.tuples(st.integers(0, 40), st.integers(1, 35)), min_size=1, max_size=6)


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(spans=spans, page=st.integers(2, 20))
def test_law_whatever_the_stamps_every_change_comes(crm, pull_crm, spans, page):
    crm.contacts.clear()
    identity = 0
    for place, count in spans:
        for _ in range(count):
            identity += 1
            crm.add(identity, modified=NOON - timedelta(hours=1) + timedelta(milliseconds=place))
    known = {"source": "hubspot", "stream": "contacts", "fields": sorted(CONTACTS.mapping.requested_fields())}
    known |= {"until": "2026-11-22T11:00:00Z", "run": "run-0"}
    pull_crm.runs += 1
    run_id = f"law-{pull_crm.runs}"
    pulled = pull_crm("contacts", run_id=run_id, cursor=known, account={"search_page_size": page})
    ids = pull_crm.ids("contacts", run_id)
    assert sorted(map(int, ids)) == list(range(1, identity + 1))
    assert pulled.records == identity


def test_a_change_while_the_search_is_walked_costs_no_other_contact(crm, pull_crm):
    """F02: what moves between two pages must not pull others over the page's edge."""
    pull_crm("contacts")
    crm.now = NOON + timedelta(hours=1)
    for identity in range(1, 41):
        crm.add(identity, modified=NOON + identity * MINUTE)

    def touch_a_seen_one(request: httpx.Request) -> None:
        if request.url.path.endswith("/search") and 3 in crm.contacts:
            pages = len(crm.asked("/search"))
            if pages == 2:
                for identity in (1, 2, 3, 4, 5):
                    crm.add(identity, modified=crm.now)

    crm.scripts.append(touch_a_seen_one)
    pull_crm("contacts")
    assert set(map(int, pull_crm.ids("contacts", "run-2"))) == set(range(1, 41))


@pytest.mark.parametrize(
    ("stale", "ago"),
    [(1, 0), (5, 0), (10, 0), (25, 0), (1, 3), (10, 3), (25, 3), (3, 20)],
    ids=str,
)
def test_contacts_the_index_still_files_by_their_old_time_hide_no_other(crm, pull_crm, stale, ago):
    """The answer shows them with their new time, at their old place; it may be older than the index is trusted."""
    pull_crm("contacts")
    crm.now = NOON + timedelta(hours=1)
    for identity in range(1, 41):
        crm.add(identity, modified=NOON + identity * MINUTE)
    for identity in range(6, 6 + stale):
        crm.add(identity, modified=crm.now - ago * MINUTE, indexed_as=NOON + identity * MINUTE)
    pull_crm("contacts")
    assert set(map(int, pull_crm.ids("contacts", "run-2"))) == set(range(1, 41))


def test_a_day_of_changes_is_not_lost_behind_one_that_the_index_files_by_its_old_time(crm, pull_crm):
    pull_crm("contacts")
    crm.now = NOON + timedelta(days=1)
    crm.add(*range(1, 10), modified=NOON + timedelta(hours=1))
    crm.add(10, modified=crm.now - 3 * MINUTE, indexed_as=NOON + timedelta(hours=2))
    for identity in range(11, 41):
        crm.add(identity, modified=NOON + timedelta(hours=2) + identity * MINUTE)
    pull_crm("contacts")
    assert set(map(int, pull_crm.ids("contacts", "run-2"))) == set(range(1, 41))


@pytest.mark.parametrize(("lag", "is_seen"), [(120, True), (13 * 60, False)], ids=["within lookback", "beyond it"])
def test_what_the_index_shows_late_is_found_by_the_lookback_or_the_next_full_pull(crm, pull_crm, lag, is_seen):
    """F03."""
    crm.add(1, modified=NOON - timedelta(days=1))
    pull_crm("contacts")
    changed = NOON + 48.5 * MINUTE
    crm.add(2, modified=changed, indexed=changed + timedelta(seconds=lag))
    for minutes in (50, 60, 120):
        crm.now = NOON + minutes * MINUTE
        pull_crm("contacts", account={"lookback_seconds": 300, "lag_seconds": 60})
    assert ("2" in pull_crm.ids("contacts")) is is_seen
    pull_crm("contacts", is_full=True)
    assert "2" in pull_crm.ids("contacts")


def test_a_contact_dated_in_the_future_is_kept_and_moves_nothing(crm, pull_crm):
    """F04."""
    pull_crm("contacts")
    crm.add(1, modified=datetime(2031, 1, 1, tzinfo=UTC))
    crm.now = NOON + timedelta(hours=1)
    pulled = pull_crm("contacts")
    assert pulled.high_water_at == crm.now - timedelta(seconds=120)
    assert pull_crm.ids("contacts", "run-2") == ["1"]
    crm.add(2, modified=crm.now + 5 * MINUTE)
    crm.now += timedelta(hours=1)
    pull_crm("contacts")
    assert "2" in pull_crm.ids("contacts", "run-3")


def test_an_empty_search_page_in_the_middle_is_not_the_end(crm, pull_crm):
    """F11."""
    pull_crm("contacts")
    crm.now = NOON + timedelta(hours=1)
    for identity in range(1, 26):
        crm.add(identity, modified=NOON + identity * MINUTE)
    crm.once("/search", lambda: httpx.Response(200, json={"total": 25, "results": []}), skip=1)
    assert pull_crm("contacts").records == 25


def test_a_search_that_shows_fewer_than_it_counts_fails_the_stream(crm, pull_crm):
    """F11: 500 announced, 480 delivered."""
    pull_crm("contacts")
    crm.now = NOON + timedelta(hours=1)
    crm.add(*range(1, 6), modified=NOON + MINUTE)

    def overstated(request: httpx.Request) -> httpx.Response | None:
        if not request.url.path.endswith("/search"):
            return None
        answer = crm.answer(request).json()
        return httpx.Response(200, json={**answer, "total": answer["total"] + 20})

    crm.scripts.append(overstated)
    with pytest.raises(SourceAnswerUnusableError, match="does not show them all"):
        pull_crm("contacts")
    assert pull_crm.landing.read_manifest("hubspot", "contacts", "run-2") == []
