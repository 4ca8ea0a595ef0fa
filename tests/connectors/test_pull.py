"""A cursor never passes what is durable, and too much damage stops a pull."""

import json
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from connectors import extract as pulling
from connectors.hubspot.streams import STREAMS
from connectors.landing.resume import ResumePoint
from definitions.errors import ConfigurationError, SourceAnswerUnusableError, TryAgainError
from definitions.fault_limit import FaultLimit

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
LONG_AGO = NOON - timedelta(days=9)


def listed(page: list[dict], after: int | None = None) -> httpx.Response:
    paging = {"paging": {"next": {"after": str(after)}}} if after else {}
    return httpx.Response(200, json={"results": page, **paging})


def damaged(crm, count: int) -> list[dict]:
    return [{"id": {"n": n}, "properties": {}} for n in range(count)]


def test_pages_are_gathered_into_few_files_and_counted(crm, pull_crm):
    crm.add(*range(1, 101), modified=LONG_AGO)
    pulled = pull_crm("contacts")
    (page,) = pull_crm.landing.read_manifest("hubspot", "contacts", "run-1")
    assert (page.records, pulled.records, pulled.pages) == (100, 100, 11)
    assert page.cursor == pulled.cursor
    assert page.request == "GET /crm/objects/2026-03/contacts (up to page 11)"


def test_a_failed_pull_names_no_cursor_beyond_what_it_landed(crm, pull_crm):
    crm.add(*range(1, 46), modified=LONG_AGO)
    crm.once("/objects/", lambda: httpx.Response(503), skip=2, times=10_000)
    with pytest.raises(TryAgainError, match="retry budget"):
        pull_crm("contacts")
    assert pull_crm.landing.read_manifest("hubspot", "contacts", "run-1") == []
    assert "contacts" not in pull_crm.cursors


def test_a_few_bad_records_are_set_aside_and_the_rest_goes_on(crm, pull_crm):
    """F30."""
    crm.add(*range(1, 11), modified=LONG_AGO)
    page = [*damaged(crm, 9), *(crm.record(identity) for identity in range(1, 11))]
    crm.once("/objects/", lambda: listed(page), skip=1)
    pulled = pull_crm("contacts")
    (landed,) = pull_crm.landing.read_manifest("hubspot", "contacts", "run-1")
    rejected = pull_crm.landing.rejected(landed)
    assert (pulled.records, pulled.rejected, len(rejected)) == (10, 9, 9)
    assert (rejected[8].reason, rejected[8].field, rejected[8].page, rejected[8].number) == ("wrong_type", "id", 1, 9)
    assert json.loads(rejected[8].record) == {"id": {"n": 8}, "properties": {}}


def test_bad_records_are_landed_before_they_pile_up(crm, pull_crm):
    for page in (1, 2):
        crm.once("/objects/", lambda page=page: listed(damaged(crm, 8), after=page))
    pull_crm("contacts", limit=FaultLimit(share=1, few=0), batch_bytes=200)
    landed = pull_crm.landing.read_manifest("hubspot", "contacts", "run-1")
    assert [page.rejected for page in landed] == [8, 8, 0]


@pytest.mark.parametrize(
    ("bad", "share", "stops"), [(10, 0.01, False), (11, 0.01, True), (11, 0.6, False), (1, 0, True)]
)
def test_too_many_bad_records_stop_the_pull_but_are_kept(crm, pull_crm, bad, share, stops):
    crm.add(*range(1, 11), modified=LONG_AGO)
    page = [*damaged(crm, bad), *(crm.record(identity) for identity in range(1, 11))]
    crm.once("/objects/", lambda: listed(page))
    limit = FaultLimit(share=share, few=10)
    if not stops:
        assert pull_crm("contacts", limit=limit).rejected == bad
        return
    told = rf"hubspot: contacts: {bad} of {bad + 10} records .* \(wrong_type\).* raise quarantine_ceiling"
    with pytest.raises(SourceAnswerUnusableError, match=told):
        pull_crm("contacts", limit=limit)
    (landed,) = pull_crm.landing.read_manifest("hubspot", "contacts", "run-1")
    assert (landed.records, landed.rejected, landed.cursor) == (10, bad, None)


CURSORS = [
    ({}, "cannot be read"),
    ({"source": 1, "stream": []}, "cannot be read"),
    ({"source": "hubspot", "stream": "deals"}, "belongs to hubspot: deals"),
    ({"source": "other", "stream": "contacts"}, "belongs to other: contacts"),
    ({"source": "hubspot", "stream": "contacts", "until": "soon"}, "cannot be read"),
    ({"source": "hubspot", "stream": "contacts", "until": "2027-01-01T00:00:00Z"}, "lies in the source's future"),
]


@pytest.mark.parametrize(("cursor", "words"), CURSORS, ids=[words for _, words in CURSORS])
def test_a_cursor_that_cannot_be_ours_is_refused(crm, pull_crm, cursor, words):
    """F23: never "start from now", never a silent second beginning."""
    if cursor.get("until", "").startswith("2027"):
        cursor = {**cursor, "fields": sorted(crm.properties)}
    with pytest.raises(ConfigurationError, match=words):
        pull_crm("contacts", cursor=cursor)
    assert crm.asked("/objects/") == []


@pytest.mark.parametrize("until", ["2026-11-22T13:00:00Z", "2020-01-01T00:00:00Z"], ids=["newer", "very old"])
def test_a_cursor_from_another_day_is_walked_from_safely(crm, pull_crm, until):
    """F23."""
    crm.add(1, modified=NOON - timedelta(minutes=8))
    known = {"source": "hubspot", "stream": "contacts", "fields": sorted(crm.properties), "until": until}
    pull_crm("contacts", cursor=known)
    assert pull_crm.ids("contacts") == ["1"]


def test_progress_counts_every_record(crm, pull_crm, tmp_path, fake_time):
    crm.add(*range(1, 26), modified=LONG_AGO)
    stream = next(one for one in STREAMS if one.name == "contacts")
    http = pull_crm.module.open_http(pull_crm.account, fake_time.clock, httpx.MockTransport(crm))
    counted: list[int] = []
    with pull_crm.landing.writer("hubspot", "contacts", "run-9") as writer:
        pulling.pull(
            stream, pull_crm.account, http, writer, start=ResumePoint(cursor=None), now=NOON, progress=counted.append
        )
    assert counted == [0, 10, 10, 5]
