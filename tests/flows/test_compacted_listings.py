"""Listings in compaction: what they delete, whichever runs landed them, and as an older Bantam wrote them."""

import hashlib
import json
from dataclasses import replace

import msgspec
import polars as pl
import pytest

from connectors.landing.reader import MANIFEST
from connectors.landing.writer import PageBuffer
from flows.home.state_files import damage_of_state, intact_version
from tests.flows.state_stores import FIRST, SECOND, THIRD, compact_contacts, empty_store, land, listing, record, shown


@pytest.fixture
def store(tmp_path):
    return empty_store(tmp_path)


def test_a_record_that_a_full_listing_lacks_is_gone(store):
    first = compact_contacts(land(store, FIRST, [record(1), record(2), record(3, archived=True)]))
    second = replace(land(store, SECOND, [record(2)], is_whole=True), last_version=first.version)
    assert sorted(shown(compact_contacts(second))) == [("1", True, SECOND), ("2", False, None), ("3", True, None)]


def test_what_runs_that_died_had_listed_is_a_part_of_the_listing_that_another_completes(store):
    """Each page of it counts, also where the last run lands none; what else those runs landed does not."""
    first = compact_contacts(land(store, FIRST, [record(number) for number in range(1, 9)]))
    runs = ["000002-20261121T000000Z", "000003-20261122T000000Z", "000004-20261123T000000Z"]
    parts = {runs[0]: [(1, runs[0]), (2, runs[1]), (3, runs[1])], runs[1]: [(4, runs[1]), (5, runs[1])], runs[2]: []}
    for run_id, pages in parts.items():
        with store.landing.writer(store.source, store.stream, run_id) as writer:
            for number, id_ in pages:
                parcel = PageBuffer()
                parcel.add([record(number).encode()])
                writer.write_page(parcel, request="GET", listing=listing(id_, run_id, is_complete=False))
            if run_id == runs[2]:
                end = listing(runs[1], *runs)
                writer.write_page(PageBuffer(), request="GET", cursor={"run": run_id}, listing=end)
    last = replace(store, run_id=runs[2], last_version=first.version)
    gone = [(number, is_deleted, by) for number, is_deleted, by in sorted(shown(compact_contacts(last))) if is_deleted]
    assert gone == [(number, True, runs[2]) for number in "1678"]


@pytest.mark.parametrize("is_published", [True, False])
def test_a_listing_counts_with_the_published_run_that_goes_on_from_it(store, is_published):
    """The run that completed it died; of one that was refused nothing is gone on from, and it takes nothing away."""
    first = compact_contacts(land(store, FIRST, [record(1), record(2)]))
    died = land(store, SECOND, [record(1)], is_whole=True)
    with store.landing.writer(store.source, store.stream, THIRD) as writer:
        end = msgspec.structs.replace(listing(THIRD, is_full=False), previous=SECOND if is_published else FIRST)
        writer.write_page(PageBuffer(), request="GET", cursor={"run": THIRD}, listing=end)
    state = compact_contacts(replace(died, run_id=THIRD, last_version=first.version))
    assert sorted(row[:2] for row in shown(state)) == [("1", False), ("2", is_published)]


def test_a_listing_that_is_not_whole_takes_nothing_away(store):
    first = compact_contacts(land(store, FIRST, [record(1), record(2)]))
    second = replace(land(store, SECOND, [record(2)], is_whole=False), last_version=first.version)
    assert sorted(row[:2] for row in shown(compact_contacts(second))) == [("1", False), ("2", False)]


def test_what_earlier_runs_landed_is_not_listed_by_this_one(store):
    """A run that died left its pages; they are compacted, but only this run's listing tells what is gone."""
    state = compact_contacts(land(land(store, FIRST, [record(1), record(2)]), SECOND, [record(2)], is_whole=True))
    assert [(number, is_deleted) for number, is_deleted, _ in shown(state)] == [("1", True), ("2", False)]
    died = land(store, THIRD, [record(3)], is_whole=True)
    later = replace(died, run_id="000004-20261123T000000Z", last_version=state.version)
    assert [row[:2] for row in shown(compact_contacts(later))] == [("1", True), ("2", False), ("3", False)]


def as_an_older_bantam_wrote(store, run_id, *, is_whole, previous=None):
    """The manifest of a run without listings: its last line says how the pull ended."""
    manifest = store.landing.folder(store.source, store.stream, run_id) / MANIFEST
    lines = [json.loads(line) for line in manifest.read_text().splitlines()]
    old = [{name: line[name] for name in line if name not in {"listing", "check"}} | {"end": None} for line in lines]
    old[-1] |= {"cursor": {"run": run_id}, "end": {"is_whole": is_whole, "previous_run": previous}}
    manifest.write_text("".join(json.dumps(line) + "\n" for line in old))


def as_an_older_bantam_kept(state):
    """The state as a file that has no column for what a listing took away, but places that end in `:0`."""
    rows = state.frame().collect()
    place = pl.concat_str("unlisted_by", pl.lit("/000001-0123456789abcdef.jsonl.zst:0"))
    old = rows.with_columns(location=pl.coalesce(place, "location")).drop("unlisted_by")
    old.write_parquet(state.path)
    digest = hashlib.sha256(state.path.read_bytes()).hexdigest()[:16]
    path = state.path.rename(state.path.with_name(f"{SECOND}-{digest}.parquet"))
    return replace(state, version=path.stem, path=path)


@pytest.fixture
def two_runs(store):
    """Three contacts, of which the second run's listing lacks one."""
    first = compact_contacts(land(store, FIRST, [record(1), record(2), record(3)], is_whole=True))
    return replace(land(store, SECOND, [record(1), record(3)], is_whole=True), last_version=first.version)


def test_landing_of_an_older_bantam_makes_the_same_state(two_runs):
    expected = compact_contacts(two_runs).frame().collect()
    for run_id in (FIRST, SECOND):
        as_an_older_bantam_wrote(two_runs, run_id, is_whole=True)
    elsewhere = two_runs.folder / "other"
    again = compact_contacts(replace(two_runs, last_version=None, published_runs=frozenset({FIRST}), folder=elsewhere))
    assert again.frame().collect().equals(expected)
    assert shown(again) == [("2", True, SECOND), ("1", False, None), ("3", False, None)]


def test_a_state_of_an_older_bantam_is_read_and_gone_on_from(two_runs):
    made = compact_contacts(two_runs)
    expected = made.frame().drop("location").collect()
    old = as_an_older_bantam_kept(made)
    assert damage_of_state(old.path) is None
    assert intact_version(two_runs.folder, two_runs.source, two_runs.stream, old.version) == old.version
    assert old.frame().drop("location").collect().equals(expected)
    assert not old.frame().filter(pl.col("location").str.ends_with(":0")).collect().height
    third = replace(land(two_runs, THIRD, [record(4)]), last_version=old.version)
    assert shown(compact_contacts(third)) == [*shown(old), ("4", False, None)]
    fourth = "000004-20261123T000000Z"
    back = replace(land(third, fourth, [record(2)]), last_version=old.version)
    assert sorted(row[:2] for row in shown(compact_contacts(back))) == [(number, False) for number in "1234"]
