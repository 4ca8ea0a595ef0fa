"""One suite over every stream of every source, against the sandbox: what a stream must keep, whoever the vendor is."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from connectors.extract import PullResult, pull
from connectors.http.client import Http
from connectors.http.rate_limit import Clock, Rate
from connectors.hubspot import streams as hubspot
from connectors.landing.resume import ResumePoint
from connectors.landing.writer import Landing
from connectors.salesforce import streams as salesforce

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
MODULES = {"hubspot": hubspot, "salesforce": salesforce}
STREAMS = {(vendor, stream.name): stream for vendor, module in MODULES.items() for stream in module.STREAMS}
TABLES = {"contacts", "companies", "deals", "owners", "lead", "contact", "account", "opportunity", "task", "user"}
EVERY = [pytest.param(*key, id=":".join(key)) for key in STREAMS]
# Waits are the faults' business, not the test's.
HURRIED = Clock(monotonic=time.monotonic, sleep=lambda _: None, chance=lambda: 0.0)
FAST = Rate(100_000, 1.0)
# The sandbox stands at noon, but dates the changes of the week to come from the midnight before.
DAY = 86_400.0


@dataclass
class Bench:
    """The sandbox, a landing, and the cursors of all streams so far."""

    opens: dict[str, str]
    landing: Landing
    cursors: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    clients: dict[str, Http] = field(default_factory=dict)

    def account(self, vendor: str):
        base = self.opens["base_url"]
        if vendor == "hubspot":
            token = SecretStr(self.opens["hubspot_token"])
            return hubspot.Account(
                name="hubspot", base_url=base, token=token, rate=FAST, search_rate=FAST, lookback_seconds=DAY
            )
        return salesforce.Account(
            name="salesforce",
            base_url=base,
            token_url=f"{base}/services/oauth2/token",
            client_id=SecretStr(self.opens["salesforce_client_id"]),
            client_secret=SecretStr(self.opens["salesforce_client_secret"]),
            page_size=200,
            lookback_seconds=DAY,
        )

    def pull(self, vendor: str, name: str, run_id: str, *, is_full: bool = False) -> PullResult:
        account = self.account(vendor)
        http = self.clients[vendor]
        cursor = None if is_full else self.cursors.get((vendor, name))
        with self.landing.writer(vendor, name, run_id) as writer:
            now = datetime.now(UTC)
            start = ResumePoint(cursor=cursor)
            pulled = pull(STREAMS[vendor, name], account, http, writer, start=start, now=now, progress=lambda _: None)
        self.cursors[vendor, name] = json.loads(json.dumps(pulled.cursor))
        return pulled

    def all(self, run_id: str, *, is_full: bool = False) -> dict[tuple[str, str], PullResult]:
        return {key: self.pull(*key, run_id, is_full=is_full) for key in STREAMS}

    def latest(self, vendor: str, name: str, *runs: str) -> dict[str, dict[str, Any]]:
        """The compaction that state is: of each id, the record landed last."""
        pages = self.landing.pages_of(vendor, name, runs)
        records = (json.loads(raw) for page in pages for raw in self.landing.records(page))
        return {str(at(record, STREAMS[vendor, name].envelope.id)): record for record in records}

    def told(self, path: str, **body) -> Any:
        answer = httpx.request("POST" if body else "GET", self.opens["base_url"] + path, json=body.get("body"))
        return answer.raise_for_status().json()


def at(record: dict[str, Any], path: str) -> Any:
    for key in path.split("."):
        record = record[key]
    return record


@pytest.fixture(scope="module")
def bench(tmp_path_factory) -> Iterator[Bench]:
    asked = [sys.executable, "-m", "sandbox.serve", "--people", "1200"]
    with subprocess.Popen(asked, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as server:
        bench = Bench(json.loads(server.stdout.readline()), Landing(tmp_path_factory.mktemp("landing")))
        for vendor, module in MODULES.items():
            bench.clients[vendor] = module.open_http(bench.account(vendor), HURRIED)
        yield bench
        for client in bench.clients.values():
            client.close()
        server.stdin.close()


@pytest.fixture(scope="module")
def first(bench) -> dict[tuple[str, str], PullResult]:
    return bench.all("run-1")


@pytest.mark.parametrize(("vendor", "name"), EVERY)
def test_a_first_pull_brings_every_record_with_id_and_time(bench, first, vendor, name):
    stream, pulled = STREAMS[vendor, name], first[vendor, name]
    records = bench.latest(vendor, name, "run-1")
    assert pulled.records == len(records) > 0
    assert (pulled.rejected, pulled.is_full) == (0, True)
    for record in records.values():
        assert at(record, stream.envelope.id)
        if stream.envelope.version:
            assert datetime.fromisoformat(at(record, stream.envelope.version)).tzinfo
        if stream.envelope.deleted:
            assert at(record, stream.envelope.deleted) in (True, False)


@pytest.mark.parametrize(("vendor", "name"), [key for key in EVERY if key.values[1] in TABLES])
def test_nothing_is_lost_and_nothing_invented(bench, first, vendor, name):
    tables = bench.told("/_sandbox/truth")["tables"]
    remote = STREAMS[vendor, name].remote.rpartition("/")[2]
    states = next(found for table, found in tables.items() if table.lower() == remote.lower())
    assert first[vendor, name].records == states["live"] + states["archived"]


@pytest.mark.parametrize(("vendor", "name"), EVERY)
def test_fields_asked_for_are_answered(bench, first, vendor, name):
    fields = set(first[vendor, name].cursor.get("fields", ()))
    for record in bench.latest(vendor, name, "run-1").values():
        assert fields <= set(record.get("properties", record))


@pytest.mark.parametrize(("vendor", "name"), EVERY)
def test_what_is_landed_is_whole_private_and_named_by_its_content(bench, first, vendor, name):
    pages = bench.landing.read_manifest(vendor, name, "run-1")
    assert pages[-1].cursor == first[vendor, name].cursor
    for page in pages:
        assert page.path.name == f"{page.seq:06d}-{page.sha256[:16]}.jsonl.zst"
        assert len(list(bench.landing.records(page))) == page.records
        assert "?" not in page.request


BROKEN = [("hubspot", "contacts", "contacts"), ("salesforce", "lead", "query")]
FAULTS = ("429", "503", "html", "empty", "truncated_json", "truncated_gzip", "short_gzip", "reset", "cut")


@pytest.mark.parametrize("kind", FAULTS)
@pytest.mark.parametrize(
    ("vendor", "name", "path"), [("hubspot", "contacts", "contacts"), ("salesforce", "lead", "query")]
)
def test_a_passing_fault_changes_nothing(bench, first, vendor, name, path, kind):
    """F13, F16, F17, F18 on a real connection: the same records, byte for byte."""
    bench.told("/_sandbox/faults", body=[{"kind": kind, "path": path, "times": 2, "skip": 1, "retry_after": "0"}])
    pulled = bench.pull(vendor, name, f"run-{kind}", is_full=True)
    assert pulled.records == first[vendor, name].records
    assert bench.latest(vendor, name, f"run-{kind}") == bench.latest(vendor, name, "run-1")


@pytest.mark.parametrize("vendor", MODULES)
def test_streams_of_one_source_can_be_pulled_at_once(bench, first, vendor):
    """By threads that share one client, its rate and its session."""
    independent = [name for of, name in STREAMS if of == vendor and not STREAMS[of, name].after]
    with ThreadPoolExecutor(4) as pool:
        futures = {name: pool.submit(bench.pull, vendor, name, "run-at-once", is_full=True) for name in independent}
    for name, future in futures.items():
        assert future.result().records == first[vendor, name].records
        assert bench.latest(vendor, name, "run-at-once") == bench.latest(vendor, name, "run-1")


@pytest.fixture(scope="module")
def after_a_week(bench, first) -> dict[tuple[str, str], PullResult]:
    bench.told("/_sandbox/advance", body={"days": 7})
    changed = bench.all("run-2")
    saved = dict(bench.cursors)
    bench.all("run-full", is_full=True)
    bench.cursors = saved
    return changed


@pytest.mark.parametrize(("vendor", "name"), EVERY)
def test_only_changes_and_a_full_pull_give_the_same(bench, after_a_week, vendor, name):
    """I5: what a full pull shows, the increments show too; beyond it there are only the merged and the erased."""
    grown = bench.latest(vendor, name, "run-1", "run-2")
    full = bench.latest(vendor, name, "run-full")
    assert {identity: grown.get(identity) for identity in full} == full
    if vendor == "salesforce":
        assert set(grown) == set(full)


@pytest.mark.parametrize(("vendor", "name"), [key for key in EVERY if STREAMS[tuple(key.values)].modified])
def test_a_pull_of_changes_asks_for_little(bench, after_a_week, vendor, name):
    pulled = after_a_week[vendor, name]
    assert pulled.is_full is False
    assert pulled.high_water_at - timedelta(days=7) < datetime.fromisoformat("2026-11-23T00:00:00Z")
    everything = len(bench.latest(vendor, name, "run-full"))
    assert pulled.records < everything or everything < 50
