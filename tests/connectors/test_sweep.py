"""Sweeps: all records are listed again in portions, each run goes on where the last one stopped."""

import json
from datetime import datetime, timedelta

import httpx
import pytest

from connectors.cursor import Cursor
from connectors.landing.history import landed_runs
from connectors.landing.resume import ResumePoint, resume_point
from connectors.sweep import SMALLEST_PORTION, sweep_portion
from tests.connectors.fake_vendor import NOON

LONG_AGO = NOON - timedelta(days=9)
DAILY = timedelta(hours=24)


class Hourly:
    """A stream of contacts that is pulled each hour."""

    def __init__(self, crm, pull_crm):
        self.crm, self.puller, self.number = crm, pull_crm, 0

    def pull(self, *, after=timedelta(hours=1), every=DAILY, is_full=False):
        self.number += 1
        self.crm.now = self.crm.now + after
        self.crm.requests.clear()
        return self.puller("contacts", run_id=f"run-{self.number:04}", is_full=is_full, sweep_every=every)

    @property
    def cursor(self):
        return self.puller.cursors["contacts"]

    def lists(self):
        """Requests of the list of live records in the last run."""
        return [
            request for request in self.crm.requests
            if request.url.path.endswith("/contacts") and request.url.params.get("archived") == "false"
        ]  # fmt: skip

    def swept_ids(self):
        """Ids that the pages of sweeps hold, in the order landed."""
        pages = self.puller.landing.pages_of("hubspot", "contacts", self.puller.landing.run_ids("hubspot", "contacts"))
        return [identity for page in pages if page.listing.is_sweep for identity in self.ids_of(page)]

    def ids_of(self, page):
        return [int(json.loads(raw)["id"]) for raw in self.puller.landing.records(page)]


@pytest.fixture
def hourly(crm, pull_crm):
    crm.add(*range(1, 1201), modified=LONG_AGO)
    hourly = Hourly(crm, pull_crm)
    hourly.pull()
    return hourly


def test_a_first_listing_counts_as_a_sweep(hourly):
    started = datetime.fromisoformat(hourly.cursor["swept_at"])
    assert started == hourly.crm.now
    assert hourly.cursor["swept_pages"] == 121
    hourly.pull(after=timedelta(hours=23))
    assert hourly.lists() == []


def test_a_sweep_is_spread_over_runs_and_lists_every_record_once(hourly):
    hourly.pull(after=timedelta(hours=23))
    runs = 0
    while "swept_at" not in hourly.cursor or "sweep" in hourly.cursor or runs == 0:
        hourly.pull()
        runs += 1
        assert len(hourly.lists()) <= SMALLEST_PORTION
        assert runs < 9
    assert runs == 3
    assert sorted(hourly.swept_ids()) == list(range(1, 1201))
    hourly.pull()
    assert hourly.lists() == []


def test_a_daily_run_sweeps_at_once(hourly):
    hourly.pull(after=DAILY)
    assert len(hourly.lists()) == 120
    assert "sweep" not in hourly.cursor


def test_each_run_sweeps_where_the_interval_is_zero_and_none_where_there_is_no_interval(hourly):
    hourly.pull(every=timedelta(0))
    assert len(hourly.lists()) == 120
    hourly.pull(every=None, after=timedelta(days=90))
    assert hourly.lists() == []


def test_changes_are_listed_while_a_sweep_is_under_way(hourly):
    hourly.pull(after=timedelta(hours=23))
    hourly.pull()
    assert "sweep" in hourly.cursor
    hourly.crm.add(7, modified=hourly.crm.now + timedelta(minutes=30))
    pulled = hourly.pull()
    assert not pulled.is_full
    landed = hourly.puller.landing.read_manifest("hubspot", "contacts", f"run-{hourly.number:04}")
    changes = [page for page in landed if not page.listing.is_sweep]
    assert [identity for page in changes for identity in hourly.ids_of(page)] == [7]


def test_a_source_that_goes_down_during_a_sweep_does_not_fail_the_pull(hourly):
    hourly.pull(after=timedelta(hours=23))
    hourly.crm.once("/objects/", lambda: httpx.Response(503), skip=22, times=10_000)
    pulled = hourly.pull()
    assert any("the sweep goes on with the next run" in note for note in pulled.notes)
    hourly.crm.scripts.clear()
    while "sweep" in hourly.cursor:
        hourly.pull()
    assert sorted(hourly.swept_ids()) == list(range(1, 1201))


def test_a_refused_page_begins_the_sweep_anew(hourly):
    hourly.pull(after=timedelta(hours=23))
    hourly.pull()
    hourly.crm.once("/objects/", lambda: httpx.Response(400, json={"category": "VALIDATION_ERROR"}), skip=10)
    pulled = hourly.pull()
    assert any("begins anew" in note for note in pulled.notes)
    assert "sweep" not in hourly.cursor
    hourly.pull()
    assert hourly.cursor["sweep"]["id"] == f"run-{hourly.number:04}.2"


def test_what_a_run_that_died_had_swept_is_gone_on_from(hourly):
    """Its cursor was never published; the pages are in landing."""
    hourly.pull(after=timedelta(hours=23))
    published = hourly.cursor
    hourly.pull()
    died = hourly.cursor["sweep"]
    hourly.puller.cursors["contacts"] = published
    runs = landed_runs(hourly.puller.landing, "hubspot", "contacts", after=published["run"])
    start = resume_point(runs, published, is_full=False)
    assert (start.sweep.id, start.sweep.pages, start.sweep.files) == (died["id"], died["pages"], died["files"])
    assert start.completed is not None


def test_a_full_pull_leaves_no_sweep_to_do(hourly):
    hourly.pull(after=timedelta(hours=23))
    hourly.pull()
    assert hourly.cursor["sweep"]
    hourly.pull(is_full=True)
    assert "sweep" not in hourly.cursor
    assert datetime.fromisoformat(hourly.cursor["swept_at"]) == hourly.crm.now


@pytest.mark.parametrize(
    ("age", "since", "pages", "portion"),
    [
        (23, 1, 2400, 0),
        (24, 1, 2400, 200),
        (24, 1, 12, SMALLEST_PORTION),
        (24, 6, 2400, 1200),
        (48, 24, 2400, 4800),
    ],
)
def test_the_portion_grows_with_the_time_since_the_last_pull(age, since, pages, portion):
    cursor = Cursor(
        source="crm", stream="deals", swept_pages=pages,
        watermark=NOON - timedelta(hours=since), swept_at=NOON - timedelta(hours=age),
    )  # fmt: skip
    assert sweep_portion(cursor, NOON, DAILY) == portion


def test_a_cursor_of_an_older_release_is_swept_at_once():
    cursor = Cursor(source="crm", stream="deals", watermark=NOON - timedelta(hours=1))
    assert sweep_portion(cursor, NOON, DAILY) == SMALLEST_PORTION
    assert ResumePoint(cursor=None).sweep is None


def test_links_of_open_records_are_read_again_by_each_run(crm, pull_crm):
    """Neither end of an association changes its modified time when the association does."""
    crm.add(*range(1, 11), modified=LONG_AGO)
    crm.companies_of.update({str(number): ["100"] for number in range(1, 11)})
    for run_id in ("run-1", "run-2"):
        pull_crm("contacts", run_id=run_id)
        pull_crm("contacts_companies", run_id=run_id, seen_in=("run-1",) if run_id == "run-1" else ())
    crm.companies_of["4"] = ["200"]
    crm.companies_of["5"] = []
    crm.requests.clear()
    pull_crm("contacts_companies", run_id="run-3", open_ids=("4", "5", "9"))
    assert len(crm.requests) == 1
    links = {
        record["from"]["id"]: [end["toObjectId"] for end in record["to"]]
        for record in pull_crm.records("contacts_companies", "run-3")
    }
    assert links == {"4": ["200"], "5": [], "9": ["100"]}


@pytest.mark.parametrize("is_calculated", [True, False])
def test_a_calculated_field_of_open_deals_is_read_again_by_each_run(org, pull_org, is_calculated):
    """A formula changes with another record; SystemModstamp stays."""
    org.fields |= {"Score__c": "double"}
    org.calculated = {"Score__c"} if is_calculated else set()
    ids = [f"006A{number:014}" for number in range(1200)]
    for identity in ids:
        org.add(identity, LONG_AGO, Score__c=1)
    pull_org("opportunity", run_id="run-1")
    for identity in ids:
        org.leads[identity]["Score__c"] = 2
    pull_org("opportunity", run_id="run-2", open_ids=tuple(ids[:900]))
    found = {record["Id"]: record["Score__c"] for record in pull_org.records("opportunity", "run-2")}
    assert found == (dict.fromkeys(ids[:900], 2) if is_calculated else {})
    assert max(len(str(request.url)) for request in org.requests) < 16_384


def test_a_calculated_property_of_the_account_is_read_again_for_open_deals(crm, pull_crm):
    crm.add(*range(1, 6), modified=LONG_AGO)
    crm.properties.append("region_score")
    crm.calculated = {"region_score"}
    configured = {"properties": {"deal": ("region_score",)}}
    pull_crm("deals", run_id="run-1", account=configured)
    crm.contacts[3].extra["region_score"] = "7"
    pull_crm("deals", run_id="run-2", account=configured, open_ids=("2", "3"))
    assert {record["id"] for record in pull_crm.records("deals", "run-2")} == {"2", "3"}
    pull_crm("deals", run_id="run-3", open_ids=("2", "3"))
    assert pull_crm.records("deals", "run-3") == []
