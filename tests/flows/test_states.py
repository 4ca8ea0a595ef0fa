"""From what a run landed of a vendor to its records: what a list proves gone, and what is remembered as set aside."""

import json
from datetime import UTC, date, datetime

import polars as pl
import pytest

from connectors.extract import PullResult
from connectors.landing.listing import Listing
from connectors.landing.reader import Rejected
from connectors.landing.writer import Landing, PageBuffer
from definitions.agreement.load import load_definitions
from definitions.errors import TransformError
from definitions.fault_limit import RECORDS
from definitions.published_state import PublishedState
from flows.home.folders import Home
from flows.home.spill import spilling
from flows.run.read_records import read_records
from flows.run.request import RunRequest
from flows.settings import load_settings
from flows.streams.conform_stream import rejected_rows
from flows.streams.quarantine_ceiling import refuse_many_quarantined
from tests.flows.line import detached
from transforms.conform.conformed import nothing_quarantined

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
CONFIG = """
definitions: handoff
sources:
  - {name: hubspot, kind: hubspot, role: marketing, base_url: "https://crm.example", token: "${TOKEN}", stages: {},
     fields: {contact: {source_lifecycle_stage: {on_unreadable: COST}}}}
"""
WITHOUT_ID = Rejected(reason="missing_id", page=1, offset=0, field="id", record='{"properties": {}}')


# Contacts with ids above it are in a lifecycle stage that the settings do not map.
UNMAPPED = 100


class Portal:
    """A home that met a portal run by run; what a run published is what the next one knows."""

    def __init__(self, folder, *, on_unreadable="null"):
        config = folder / "bantam.yaml"
        config.write_text(CONFIG.replace("COST", on_unreadable))
        self.job = RunRequest(
            settings=load_settings(config, {"TOKEN": "canary"}), definitions=load_definitions("handoff"),
            home=Home(folder / "home"), as_of=date(2026, 11, 22), started_at=NOW, data=folder,
            requested_sources=(), full=False,
        )  # fmt: skip
        self.runs, self.versions, self.rejected = 0, {}, nothing_quarantined()

    def read(self, contacts=None, *, is_full=False, rejected=()):
        """Which contacts live, and why others are set aside, after a run that landed these; None: it asked nobody."""
        self.runs += 1
        run_id = f"{self.runs:06d}-20261122T120000Z"
        pulls = [] if contacts is None else [self._landed(run_id, contacts, rejected, is_full=is_full)]
        published = PublishedState(
            classes={}, issues=pl.LazyFrame(), snapshots=pl.DataFrame(), rejected=self.rejected,
            state_versions=self.versions,
        )  # fmt: skip
        with spilling(self.job.home.spill) as spill:
            run = detached(self.job, run_id, published, spill)
            records, states = read_records(run, pulls)
            living = records.kinds["person"].filter(~pl.col("is_deleted")).collect()
        self.versions = {(state.source, state.stream): state.version for state in states}
        self.rejected, self.records = rejected_rows(records.quarantined), records
        return sorted(living["source_id"]), records.quarantined["reason_code"].to_list()

    def _landed(self, run_id, contacts, rejected, *, is_full):
        told = {"updatedAt": "2026-11-20T00:00:00Z", "archived": False}
        properties = {number: {"lifecyclestage": "4711"} if number > UNMAPPED else {} for number in contacts}
        lines = "".join(
            f"{json.dumps({'id': str(number), 'properties': properties[number], **told})}\n" for number in contacts
        )
        listing = Listing(
            id=run_id, started_at=NOW, watermark=NOW, is_full=is_full, runs=[run_id], records=len(contacts),
            rejected=len(rejected), is_complete=True,
        )  # fmt: skip
        with Landing(self.job.home.landing).writer("hubspot", "contacts", run_id) as writer:
            writer.write_file(
                [lines.encode()], suffix=".jsonl.zst", records=len(contacts), request="GET", rejected=rejected
            )
            writer.write_page(PageBuffer(), request="GET", cursor={"run": run_id}, listing=listing)
        pulled = PullResult(
            stream="contacts", records=len(contacts), pages=1, rejected=len(rejected), repeated=0, is_full=is_full,
            cursor={}, high_water_at=NOW, notes=(),
        )  # fmt: skip
        return "hubspot", pulled


@pytest.mark.parametrize(
    ("is_full", "rejected", "living"),
    [
        (True, (), ["1", "2"]),
        (True, (WITHOUT_ID,), ["1", "2", "3"]),
        (False, (), ["1", "2", "3"]),
    ],
    ids=["all were listed", "the one missing may be the one set aside", "only what changed was listed"],
)
def test_only_a_list_of_everything_that_could_be_read_proves_a_record_gone(tmp_path, is_full, rejected, living):
    portal = Portal(tmp_path)
    assert portal.read([1, 2, 3], is_full=True) == (["1", "2", "3"], [])
    assert portal.read([1, 2], is_full=is_full, rejected=rejected)[0] == living


def test_what_was_set_aside_stands_until_everything_is_listed_again(tmp_path):
    portal = Portal(tmp_path)
    told = [
        portal.read([1, 2], is_full=True, rejected=(WITHOUT_ID,)),
        portal.read([2]),
        portal.read(),
        portal.read([1, 2], is_full=True),
    ]
    assert told == [(["1", "2"], ["missing_id"])] * 3 + [(["1", "2"], [])]


def test_odd_values_cost_themselves_until_most_of_a_field_cannot_be_read(tmp_path):
    portal = Portal(tmp_path)
    assert portal.read([1, 2, *range(101, 111)], is_full=True)[1] == []
    faults = portal.records.value_faults
    assert faults.select("field_name", "reason_code", "detail").unique().rows() == [
        ("source_lifecycle_stage", "unmapped_value", "4711")
    ]
    assert faults.height == 10
    told = (
        r"hubspot.contacts: 11 of 11 values of source_lifecycle_stage cannot be read \(the settings map no word 4711\)"
    )
    with pytest.raises(TransformError, match=told):
        portal.read([111])


def test_one_odd_value_stops_the_run_where_the_settings_say_so(tmp_path):
    portal = Portal(tmp_path, on_unreadable="stop")
    assert portal.read([1, 2], is_full=True)[1] == []
    told = "1 of 1 values of source_lifecycle_stage cannot be read .* bantam.yaml says `on_unreadable: stop`. Correct"
    with pytest.raises(TransformError, match=told):
        portal.read([101])


def test_what_the_source_no_longer_lists_does_not_count_as_set_aside(tmp_path):
    """Nobody could correct it any more; it stays in quarantine, and in the conservation sheet."""
    portal = Portal(tmp_path, on_unreadable="quarantine")
    portal.read([1, *range(101, 121)], is_full=True)
    with pytest.raises(TransformError, match="20 of 21 records, unmapped_value"):
        refuse_many_quarantined(portal.records, RECORDS)
    _, reasons = portal.read([1], is_full=True)
    assert reasons == ["unmapped_value"] * 20
    assert portal.records.quarantined["is_unlisted"].all()
    refuse_many_quarantined(portal.records, RECORDS)
