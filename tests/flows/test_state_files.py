"""States on disk: compacted from landed pages piece by piece, and the same however they were landed."""

import hashlib
import json
import resource
import signal
from dataclasses import replace

import polars as pl
import pyarrow.parquet as pq
import pytest

from connectors.landing.reader import Rejected
from connectors.landing.writer import Landing
from definitions.errors import FileUnreadableError, LandingError
from definitions.mapping.file_columns import Column
from definitions.mapping.file_stream import FileStream
from definitions.mapping.source_mapping import SourceMapping
from flows.home.state_files import StreamState, damage_of_state, forget_old_states, intact_version, run_of
from flows.streams.compaction import StateStore, compact_file_stream
from tests.flows.state_stores import CONTACT, FIRST, SECOND, THIRD, compact_contacts, empty_store, land, record
from transforms.state.versions import STATE, compact, parsed_versions

pytestmark = pytest.mark.slow

HOW = pytest.mark.parametrize(
    "how",
    [{"keeps_versions": True}, {"keeps_versions": False}],
    ids=["deals", "contacts"],
)
NAMED = {"last_name": Column(column="name")}


@pytest.fixture
def store(tmp_path):
    return empty_store(tmp_path)


def many(minute):
    """More records than are read or written at once: changed, repeated, deleted and plain ones."""
    records = [record(number, minute, "é" * (number % 3)) for number in range(12_000)]
    records += [
        record(number, minute + number % 3 - 1, "later", archived=number % 2 == 0) for number in range(0, 12_000, 3)
    ]
    records += [record(number, minute, "new") for number in range(minute * 100_000, minute * 100_000 + 6_000)]
    return records + records[::5]


@HOW
def test_the_state_is_that_of_all_versions_weighed_together(store, how):
    last = land(land(store, FIRST, many(1)), SECOND, many(2))
    kept = compact_contacts(last, **how).frame().collect()
    lines = [
        {"raw": raw, "location": f"{page.run_id}/{page.path.name}:{number}"}
        for page in store.landing.pages_of("hubspot", "contacts", [FIRST, SECOND])
        for number, raw in enumerate(map(bytes.decode, store.landing.records(page)), start=1)
    ]
    assert kept.equals(compact([parsed_versions(pl.LazyFrame(lines), CONTACT)], **how))


@HOW
@pytest.mark.parametrize("rows", [37, 5_000, 30_000])
def test_pages_of_any_size_give_the_same_state(store, tmp_path, how, rows):
    records = many(1)
    other = replace(store, folder=tmp_path / "other", landing=Landing(tmp_path / "other landing"))
    sizes = (store, 1_000), (other, rows)
    one, two = (compact_contacts(land(where, FIRST, records, size), **how) for where, size in sizes)
    assert one.frame().drop("location").collect().equals(two.frame().drop("location").collect())


@HOW
def test_compacting_run_by_run_is_compacting_once(store, tmp_path, how):
    first = compact_contacts(land(store, FIRST, many(1)), **how)
    second = compact_contacts(replace(land(store, SECOND, many(2)), last_version=first.version), **how)
    third = land(store, THIRD, [record(4, 50, archived=True), record(5, 0, "old")])
    step_by_step = compact_contacts(replace(third, last_version=second.version), **how)
    at_once = compact_contacts(replace(third, folder=tmp_path / "other"), **how)
    assert at_once.frame().collect().equals(step_by_step.frame().collect())
    assert at_once.path.read_bytes() == step_by_step.path.read_bytes()


def test_what_a_state_file_is(store):
    state = compact_contacts(land(store, FIRST, [record(number) for number in range(45_000)], rows=9_000))
    assert state.frame().collect_schema() == STATE
    digest = hashlib.sha256(state.path.read_bytes()).hexdigest()
    assert state.path == store.folder / "hubspot" / "contacts" / f"{FIRST}-{digest[:16]}.parquet"
    assert (state.version, run_of(state.version), damage_of_state(state.path)) == (state.path.stem, FIRST, None)
    assert state.path.stat().st_mode & 0o777 == 0o600
    parts = pq.ParquetFile(state.path).metadata
    assert [parts.row_group(place).num_rows for place in range(parts.num_row_groups)] == [20_000, 20_000, 5_000]
    assert [*state.path.parent.iterdir()] == [state.path]


def test_a_location_leads_to_the_landed_line(store):
    state = compact_contacts(land(store, FIRST, [record(number) for number in range(7)], rows=3))
    pages = store.landing.read_manifest("hubspot", "contacts", FIRST)
    places = [f"{FIRST}/{pages[number // 3].path.name}:{number % 3 + 1}" for number in range(7)]
    assert state.frame().select("location").collect()["location"].to_list() == places


def test_without_anything_new_the_last_state_stands(store):
    first = compact_contacts(land(store, FIRST, [record(1)]))
    assert compact_contacts(replace(store, run_id=SECOND, last_version=first.version)) == first
    nothing = replace(store, run_id=SECOND, stream="owners")
    assert compact_contacts(nothing) == StreamState(source="hubspot", stream="owners", version=None, path=None)


def test_a_damaged_page_is_refused_by_name_and_leaves_no_state(store):
    run = land(store, FIRST, [record(number) for number in range(20)], rows=5)
    page = run.pending_runs()[0].pages[2]
    page.path.write_bytes(page.path.read_bytes()[:-1] + b"?")
    with pytest.raises(LandingError, match=page.path.name):
        compact_contacts(run)
    assert not run.folder.exists()


def test_a_state_that_is_gone_is_not_taken_for_none(store):
    run = replace(land(store, SECOND, [record(1)]), last_version=FIRST)
    assert intact_version(store.folder, store.source, store.stream, FIRST) is None
    with pytest.raises(LandingError, match=f"{FIRST}.parquet"):
        compact_contacts(run)


@pytest.mark.parametrize(("records", "rows", "heights"), [(5, 2, [2, 2, 1]), (4, 4, [4]), (4, 100, [4])])
def test_a_state_is_read_in_slices(store, records, rows, heights):
    state = compact_contacts(land(store, FIRST, [record(number) for number in range(records)]))
    parts = [part.collect() for part in state.batches(rows)]
    assert [part.height for part in parts] == heights
    assert pl.concat(parts).equals(state.frame().collect())


def test_a_stream_without_state_is_read_as_one_slice_without_rows(store):
    [part] = store.unchanged().batches()
    assert part.collect().equals(pl.DataFrame(schema=STATE))


def test_a_folder_of_any_name_holds_states(tmp_path):
    home, of = tmp_path / "home [1] * ?", FileStream(name="people", kind="person", path="p.csv", id="id", columns=NAMED)
    store = StateStore(
        folder=home / "state",
        landing=Landing(home / "landing"),
        source="crm",
        stream="people",
        run_id=FIRST,
        last_version=None,
    )
    for run_id in (FIRST, SECOND):
        store = replace(store, run_id=run_id)
        with store.landing.writer("crm", "people", run_id) as writer:
            writer.write_file([f"id,name\n1,{run_id}\n".encode()], suffix=".csv.zst", records=1, request="file p.csv")
        state = compact_file_stream(store, of, SourceMapping(source="crm", time_zone="UTC", currency="USD"))
        store = replace(store, last_version=state.version)
    assert [json.loads(raw)["name"] for raw in state.frame().collect()["raw"]] == [SECOND]


@pytest.mark.parametrize("complete", [True, False])
def test_a_file_that_was_refused_is_passed_over_where_a_later_one_says_all(store, complete):
    """The corrected one has another delimiter, another header, and a row that is set aside."""
    of = FileStream(name="contacts", kind="person", path="p.csv", id="id", columns=NAMED, complete=complete)
    aside = [Rejected(reason="short_row", page=None, offset=3, record="2")]
    for run_id, told, rejected in ((FIRST, "id;surname\n1;Ada\n", []), (SECOND, "id,name\n1,Eve\n2\n", aside)):
        with store.landing.writer(store.source, store.stream, run_id) as writer:
            writer.write_file([told.encode()], suffix=".csv.zst", records=1, request="file p.csv", rejected=rejected)
    run = replace(store, run_id=SECOND)
    source_mapping = SourceMapping(source="hubspot", time_zone="UTC", currency="USD")
    if complete:
        [raw] = compact_file_stream(run, of, source_mapping).frame().collect()["raw"]
        assert json.loads(raw)["name"] == "Eve"
    else:
        with pytest.raises(FileUnreadableError, match="has no column 'id', 'name'"):
            compact_file_stream(run, of, source_mapping)


def test_all_but_the_last_three_states_and_unfinished_ones_are_forgotten(store):
    states = []
    for run_id in (FIRST, SECOND, THIRD, "000004-20261123T000000Z", "000005-20261124T000000Z"):
        last = states[-1].version if states else None
        states.append(compact_contacts(replace(land(store, run_id, [record(len(states))]), last_version=last)))
    states[0].path.with_suffix(".part").touch()
    assert forget_old_states(store.folder, {("hubspot", "contacts"): states[3].version}) == 3
    assert sorted(states[0].path.parent.iterdir()) == [state.path for state in states[1:4]]


def test_no_flipped_bit_of_a_state_is_believed(store):
    state = compact_contacts(land(store, FIRST, [record(number, number % 60) for number in range(300)]))
    whole = state.path.read_bytes()
    for bit in range(0, len(whole) * 8, len(whole) * 8 // 960):
        damaged = bytearray(whole)
        damaged[bit // 8] ^= 1 << bit % 8
        state.path.write_bytes(damaged)
        assert damage_of_state(state.path) == "does not match its checksum", bit
        assert intact_version(store.folder, store.source, store.stream, state.version) is None
    state.path.write_bytes(whole)
    assert intact_version(store.folder, store.source, store.stream, state.version) == state.version


def test_a_state_that_an_older_bantam_wrote_is_taken_where_it_can_be_read(store):
    state = compact_contacts(land(store, FIRST, [record(number) for number in range(300)]))
    old = state.path.rename(state.path.with_name(f"{FIRST}.parquet"))
    assert intact_version(store.folder, store.source, store.stream, FIRST) == FIRST
    old.write_bytes(old.read_bytes()[:-9])
    assert intact_version(store.folder, store.source, store.stream, FIRST) is None
    assert "cannot be read" in damage_of_state(old)


def test_a_state_made_again_by_another_library_serves_as_well(store):
    state = compact_contacts(land(store, FIRST, [record(1)]))
    asked = f"{FIRST}-{'0' * 16}"
    assert intact_version(store.folder, store.source, store.stream, asked) == state.version


def test_a_full_disk_names_the_path_and_what_is_free_and_needed(store):
    run = land(store, FIRST, [record(number, name=str(number) * 50) for number in range(3_000)])
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, limits[1]))
        with pytest.raises(LandingError, match=r"state/hubspot/contacts.* free, .* needed") as full:
            compact_contacts(run)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, before)
    assert full.value.exit_code == 4
    assert [*(store.folder / "hubspot" / "contacts").iterdir()] == []
