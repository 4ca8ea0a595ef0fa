"""Since when mail to a contact bounces: the same however often a portal was met, and in states of an older Bantam."""

import hashlib
import json
import shutil
from datetime import UTC, date, datetime

import polars as pl
import pytest
from msgspec.structs import replace

from connectors.landing.writer import Landing, PageBuffer
from definitions.agreement.load import load_definitions
from flows.home.folders import Home
from flows.home.recovery import starting_point
from flows.home.state_files import StreamState
from flows.run.request import RunRequest
from flows.settings import load_settings
from flows.streams.compaction import StateStore
from flows.streams.configured_streams import configured_streams
from flows.streams.extraction import ExtractContext
from flows.streams.source_connection import connect_source
from flows.terminal.sandbox_process import sandbox_running
from tests.flows.conftest import advance
from tests.flows.state_stores import listing
from transforms.conform.merges import merges_of, with_survivors
from transforms.conform.records import conform_stream
from transforms.state.flags import FLAG_HISTORY
from transforms.state.versions import STATE

PLACE = ("hubspot", "contacts")
CONFIG = """
sources:
  - {name: hubspot, kind: hubspot, role: marketing, base_url: "${HUBSPOT_URL}", token: "${HUBSPOT_TOKEN}", stages: {}}
"""
NOWHERE = {"HUBSPOT_URL": "https://crm.example", "HUBSPOT_TOKEN": "canary"}


class Portal:
    """A home that meets the contacts of a portal, run by run, without a warehouse."""

    def __init__(self, folder, variables):
        folder.mkdir(exist_ok=True)
        config = folder / "bantam.yaml"
        config.write_text(CONFIG)
        self.job = RunRequest(
            settings=load_settings(config, variables), definitions=load_definitions("handoff"),
            home=Home(folder / "home"), as_of=date(2026, 11, 22), started_at=datetime(2026, 11, 22, tzinfo=UTC),
            data=folder, requested_sources=(), full=False,
        )  # fmt: skip
        self.stream = next(
            one for one in configured_streams(self.job.settings, self.job.definitions) if one.key == PLACE
        )
        self.runs, self.state, self.cursor = [], None, None

    @property
    def landing(self):
        return Landing(self.job.home.landing)

    def begin(self):
        self.runs.append(f"{len(self.runs) + 1:06d}-20261122T120000Z")
        return self.runs[-1]

    def land(self, records, *, is_whole=False):
        """Land these as one more run."""
        run_id, previous = self.begin(), None if is_whole else self.runs[-2]
        lines = "".join(f"{json.dumps(record)}\n" for record in records)
        with self.landing.writer(*PLACE, run_id) as writer:
            writer.write_file([lines.encode()], suffix=".jsonl.zst", records=len(records), request="GET")
            end = replace(listing(run_id, is_full=is_whole), previous=previous)
            writer.write_page(PageBuffer(), request="GET", cursor={"run": run_id}, listing=end)
        self.cursor = {"run": run_id}
        self.compact()

    def pull(self):
        """Pull what changed over HTTP, as one more run."""
        now = datetime.now(UTC)
        cursors = {} if self.cursor is None else {PLACE: self.cursor}
        context = ExtractContext(
            landing=self.landing, run_id=self.begin(), cursors=cursors, versions={}, now=now, full=False
        )  # fmt: skip
        [source] = self.job.settings.sources
        with connect_source(source, self.job.data) as vendor:
            self.cursor = self.stream.pull(context, vendor, lambda _count: None).cursor
        self.compact()

    def compact(self, last="the last", folder=None):
        version = getattr(self.state, "version", None) if last == "the last" else last
        store = StateStore(
            folder=folder or self.job.home.state, landing=self.landing, source=PLACE[0], stream=PLACE[1],
            run_id=self.runs[-1], last_version=version, published_runs=frozenset(self.runs),
        )  # fmt: skip
        self.state = self.stream.compact(store)

    def contacts(self):
        """When mail to each contact bounced, and when the contact last changed."""
        known, mapping = self.state.frame(), self.stream.stream.mapping
        given = with_survivors(known, merges_of(known, mapping, "contacts"))
        read = conform_stream(given, mapping, self.stream.source_mapping, stream="contacts")["person"]
        return read.records.select("record_key", "email_bounced_at", "source_updated_at")

    def bounced(self):
        return dict(self.contacts().select(pl.col("record_key").str.extract("([^:]*)$"), "email_bounced_at").rows())

    def recover(self):
        """Begin the next run, and go on from where recovery says; its notes."""
        start = starting_point(
            self.job, f"{len(self.runs) + 1:06d}-20261122T120000Z", cursors={PLACE: self.cursor},
            versions={PLACE: self.state.version}, published_runs=self.runs,
        )  # fmt: skip
        version = start.versions[PLACE]
        path = self.job.home.state.joinpath(*PLACE, f"{version}.parquet")
        self.state = StreamState(source=PLACE[0], stream=PLACE[1], version=version, path=path)
        return start.notes

    def as_an_older_bantam_kept_it(self):
        """Write the state again without flag history, under its checksum, as before there was any."""
        kept = self.state.frame().select(name for name in STATE if name not in FLAG_HISTORY).collect()
        self.state.path.unlink()
        temporary = self.state.path.with_name("older.parquet")
        kept.write_parquet(temporary)
        digest = hashlib.sha256(temporary.read_bytes()).hexdigest()[:16]
        path = temporary.rename(temporary.with_name(f"{self.runs[-1]}-{digest}.parquet"))
        self.state = StreamState(source=PLACE[0], stream=PLACE[1], version=path.stem, path=path)


@pytest.mark.slow
def test_what_happens_to_a_contact_after_its_bounce_does_not_move_the_bounce(tmp_path):
    """A company of the sandbox goes on touching contacts to whom mail bounces: with bulk edits, merges and forms."""
    with sandbox_running(1500, date(2026, 11, 22)) as sandbox:
        portal = Portal(tmp_path / "followed", sandbox.environment)
        portal.pull()
        before = portal.contacts().drop_nulls("email_bounced_at")
        for _ in range(2):
            advance(sandbox, 14)
            portal.pull()
    after = before.join(portal.contacts(), on="record_key", suffix="_after")
    touched = after.filter(pl.col("source_updated_at_after") > pl.col("source_updated_at"))
    assert touched.height > 2
    assert touched["email_bounced_at_after"].to_list() == touched["email_bounced_at"].to_list()
    step_by_step = portal.state.path.read_bytes()
    portal.compact(last=None, folder=tmp_path / "made again")
    assert portal.state.path.read_bytes() == step_by_step


def contact(number, day, reason):
    properties = {"email": f"{number}@corp.example", "hs_email_hard_bounce_reason_enum": reason}
    at = f"2026-11-{day:02}T00:00:00Z"
    return {"id": str(number), "createdAt": at, "updatedAt": at, "archived": False, "properties": properties}


def day(number):
    return datetime(2026, 11, number, tzinfo=UTC)


@pytest.fixture
def upgraded(tmp_path):
    """A home in which an older Bantam kept the state of two runs; 2 bounced in the first and was touched since."""
    portal = Portal(tmp_path / "home", NOWHERE)
    portal.land([contact(1, 2, None), contact(2, 2, "UNKNOWN_USER"), contact(3, 2, "UNKNOWN_USER")], is_whole=True)
    portal.land([contact(2, 5, "UNKNOWN_USER"), contact(1, 6, None)])
    as_kept_now = portal.state.frame().collect()
    portal.as_an_older_bantam_kept_it()
    return portal, as_kept_now


def test_a_state_of_an_older_bantam_is_read_as_it_is(upgraded):
    portal, _ = upgraded
    assert portal.bounced() == {"1": None, "2": day(5), "3": day(2)}


def test_a_state_of_an_older_bantam_is_made_again_where_landing_tells_all_of_it(upgraded):
    portal, as_kept_now = upgraded
    [note] = portal.recover()
    assert "keeps no flag history; the state was made again from landing" in note
    assert portal.state.frame().collect().equals(as_kept_now)
    assert portal.bounced() == {"1": None, "2": day(2), "3": day(2)}
    assert portal.recover() == ()


@pytest.mark.parametrize("lost", ["a page", "what was listed"])
def test_a_state_of_an_older_bantam_goes_on_from_what_its_texts_tell_where_landing_does_not(upgraded, lost):
    portal, _ = upgraded
    older = portal.state.version
    first = portal.landing.folder(*PLACE, portal.runs[0])
    if lost == "a page":
        next(first.glob("*.zst")).write_bytes(b"damaged")
    else:
        shutil.rmtree(first)
        portal.cursor = None
    portal.recover()
    assert portal.state.version == older
    portal.land([contact(2, 9, "UNKNOWN_USER"), contact(3, 9, ""), contact(4, 9, "OTHER")])
    assert portal.bounced() == {"1": None, "2": day(5), "3": None, "4": day(9)}
