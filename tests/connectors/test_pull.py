"""A cursor never passes what is durable, an interrupted pull goes on, and too much damage stops."""

import json
import signal
import subprocess
import sys
import textwrap
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from connectors import extract as pulling
from connectors.hubspot.streams import STREAMS
from definitions.errors import ConfigurationError, SourceAnswerUnusableError, SourceRefusedError, TryAgainError
from definitions.fault_limit import FaultLimit

ROOT = Path(__file__).parents[2]
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


@pytest.mark.parametrize("broken", range(7))
def test_an_interrupted_first_pull_goes_on_where_it_stood(crm, pull_crm, broken):
    """CK, RS: a retry of the same run takes the cursor of the last landed page."""
    crm.add(*range(1, 46), modified=LONG_AGO)
    crm.add(*range(100, 115), modified=LONG_AGO, archived=True)
    crm.once("/objects/", lambda: httpx.Response(403, json={}), skip=broken)
    with pytest.raises(SourceRefusedError, match="contacts"):
        pull_crm("contacts", run_id="run-1", batch_bytes=1)
    landed = pull_crm.landing.read_manifest("hubspot", "contacts", "run-1")
    assert len(landed) == broken
    last = landed[-1].cursor if landed else None
    before = len(crm.asked("/objects/"))
    pulled = pull_crm("contacts", run_id="run-1", cursor=last)
    assert {int(i) for i in pull_crm.ids("contacts", "run-1")} == {*range(1, 46), *range(100, 115)}
    assert pulled.is_full is True
    assert len(crm.asked("/objects/")) - before <= 8 - min(broken, 5)


@pytest.mark.parametrize("broken", range(1, 6))
def test_an_interrupted_search_goes_on_where_it_stood(crm, pull_crm, broken):
    pull_crm("contacts")
    known = pull_crm.cursors["contacts"]
    crm.now = NOON + timedelta(hours=1)
    for identity in range(1, 41):
        crm.add(identity, modified=NOON + timedelta(seconds=identity // 12))
    crm.once("/search", lambda: httpx.Response(403, json={}), skip=broken)
    with pytest.raises(SourceRefusedError):
        pull_crm("contacts", run_id="run-2", cursor=known, batch_bytes=1)
    last = pull_crm.landing.read_manifest("hubspot", "contacts", "run-2")[-1].cursor
    crm.now += timedelta(hours=3)
    pulled = pull_crm("contacts", run_id="run-2", cursor=last)
    assert {int(i) for i in pull_crm.ids("contacts", "run-2")} == set(range(1, 41))
    assert pulled.high_water_at == NOON + timedelta(hours=1) - timedelta(seconds=120)


def test_an_interrupted_query_goes_on_where_it_stood(org, pull_org):
    for number in range(1, 46):
        org.add(f"00Q{number:03d}", LONG_AGO + timedelta(seconds=number // 12))
    org.once("/query/", lambda: httpx.Response(403, json=[{"errorCode": "INSUFFICIENT_ACCESS"}]), skip=2)
    with pytest.raises(SourceRefusedError, match=r"salesforce: lead: .*INSUFFICIENT_ACCESS"):
        pull_org("lead", run_id="run-1", batch_bytes=1)
    last = pull_org.landing.read_manifest("salesforce", "lead", "run-1")[-1].cursor
    pulled = pull_org("lead", run_id="run-1", cursor=last)
    assert pull_org.ids("lead") == [f"00Q{number:03d}" for number in range(1, 46)]
    assert pulled.records == 15


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
    crm.once("/objects/", lambda: listed(page))
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
        pulling.pull(stream, pull_crm.account, http, writer, cursor=None, now=NOON, progress=counted.append)
    assert counted == [10, 10, 5, 0]


CRASH = textwrap.dedent(
    """
    import sys
    from datetime import UTC, datetime
    from pathlib import Path
    import httpx
    from connectors.hubspot import streams as hubspot
    from connectors import extract as pull
    from pydantic import SecretStr
    from connectors.landing.writer import Landing
    from connectors.http.rate_limit import Clock
    from definitions.runtime.crash_points import arm
    from tests.connectors.fake_hubspot import TOKEN, FakeHubSpot
    from tests.connectors.fake_vendor import FakeTime, NOON

    crm = FakeHubSpot()
    crm.properties = list(hubspot.CONTACT_PROPERTIES)
    crm.add(*range(1, 46), modified=NOON)
    account = hubspot.Account(name="hubspot", token=SecretStr(TOKEN), base_url="https://crm.example", page_size=10)
    http = hubspot.open_http(account, FakeTime().clock, httpx.MockTransport(crm))
    contacts = next(one for one in hubspot.STREAMS if one.name == "contacts")
    left = [int(sys.argv[3])]
    def progress(count):
        left[0] -= 1
        if left[0] == 0:
            arm(sys.argv[2])
    with Landing(Path(sys.argv[1])).writer("hubspot", "contacts", "run-1") as writer:
        pull.pull(contacts, account, http, writer, cursor=None, now=NOON, progress=progress, batch_bytes=1)
    """
)


@pytest.mark.slow
@pytest.mark.parametrize("page", [1, 3])
@pytest.mark.parametrize("point", ["fetch.after_response", "land.after_fsync", "land.after_rename"])
def test_killed_anywhere_the_resumed_run_has_every_record(crm, pull_crm, point, page):
    """F21: the landing never names a cursor ahead of its data, and the rest is fetched by whoever goes on."""
    root = pull_crm.landing.root
    done = subprocess.run([sys.executable, "-c", CRASH, root, point, str(page)], cwd=ROOT, check=False)
    assert done.returncode == -signal.SIGKILL
    landed = pull_crm.landing.read_manifest("hubspot", "contacts", "run-1")
    assert sum(one.records for one in landed) == 10 * (page if point == "fetch.after_response" else page - 1)
    crm.add(*range(1, 46), modified=NOON)
    pull_crm("contacts", run_id="run-1", cursor=landed[-1].cursor if landed else None)
    assert {int(i) for i in pull_crm.ids("contacts", "run-1")} == set(range(1, 46))
    folder = pull_crm.landing.folder("hubspot", "contacts", "run-1")
    named = {page.path.name for page in pull_crm.landing.read_manifest("hubspot", "contacts", "run-1") if page.path}
    assert {path.name for path in folder.iterdir()} == {"manifest.jsonl", *named}
