"""What a sweep that several runs land takes away from a state: what no page has shown alive since it began."""

from dataclasses import replace

import msgspec
import pytest

from connectors.landing.writer import PageBuffer
from tests.flows.state_stores import FIRST, SECOND, THIRD, compact_contacts, empty_store, land, listing, record, shown

SWEEP = SECOND


@pytest.fixture
def store(tmp_path):
    """Contacts 1 to 6, as the first run listed them."""
    store = land(empty_store(tmp_path), FIRST, [record(number) for number in range(1, 7)], is_whole=True)
    return replace(store, last_version=compact_contacts(store).version)


def land_part(store, run_id, *, changes=(), swept=(), is_complete=False):
    """Land a run: the changes it listed, completed, then its part of the sweep."""
    with store.landing.writer(store.source, store.stream, run_id) as writer:
        of_changes = listing(f"{run_id}-changes", run_id, is_full=False)
        writer.write_page(buffered(changes), request="POST", cursor={"run": run_id}, listing=of_changes)
        part = listing(SWEEP, *[run for run in (SECOND, THIRD) if run <= run_id], is_complete=is_complete)
        part = msgspec.structs.replace(part, is_sweep=True)
        cursor = {"run": run_id} if is_complete else None
        writer.write_page(buffered(swept), request="GET", cursor=cursor, listing=part)
    return replace(store, run_id=run_id, published_runs=frozenset({FIRST, SECOND}))


def buffered(records):
    buffer = PageBuffer()
    buffer.add([one.encode() for one in records])
    return buffer


def gone(state):
    return sorted(source_id for source_id, is_deleted, _ in shown(state) if is_deleted)


def test_a_part_of_a_sweep_takes_nothing_away(store):
    assert gone(compact_contacts(land_part(store, SECOND, swept=[record(1)]))) == []


@pytest.mark.parametrize("at_once", [False, True])
def test_what_no_part_showed_is_gone_whether_the_runs_are_compacted_one_by_one_or_at_once(store, at_once):
    second = land_part(store, SECOND, swept=[record(1), record(2)])
    if not at_once:
        second = replace(second, last_version=compact_contacts(second).version)
    third = land_part(second, THIRD, swept=[record(4)], is_complete=True)
    state = compact_contacts(third)
    assert gone(state) == ["3", "5", "6"]
    assert {by for _, is_deleted, by in shown(state) if is_deleted} == {THIRD}


@pytest.mark.parametrize("at_once", [False, True])
def test_what_a_listing_of_changes_showed_meanwhile_is_alive(store, at_once):
    """It was created, or it moved out of the window of the sweep."""
    second = land_part(store, SECOND, changes=[record(5, minute=1)], swept=[record(1), record(2)])
    if not at_once:
        second = replace(second, last_version=compact_contacts(second).version)
    third = land_part(second, THIRD, changes=[record(7)], swept=[record(4)], is_complete=True)
    assert gone(compact_contacts(third)) == ["3", "6"]


def test_the_last_part_takes_away_what_is_gone_though_it_holds_no_record(store):
    second = land_part(store, SECOND, swept=[record(number) for number in range(1, 6)])
    second = replace(second, last_version=compact_contacts(second).version)
    third = land_part(second, THIRD, is_complete=True)
    assert gone(compact_contacts(third)) == ["6"]


@pytest.mark.parametrize("lost", ["*", "manifest.jsonl", "*.jsonl.zst"])
def test_a_sweep_of_which_landing_lost_a_part_takes_nothing_away(store, lost):
    second = land_part(store, SECOND, swept=[record(1), record(2)])
    second = replace(second, last_version=compact_contacts(second).version)
    third = land_part(second, THIRD, swept=[record(4)], is_complete=True)
    for path in store.landing.folder(store.source, store.stream, SECOND).glob(lost):
        path.unlink()
    assert gone(compact_contacts(third)) == []


def test_a_sweep_that_a_refused_run_completed_takes_nothing_away(store):
    second = land_part(store, SECOND, swept=[record(1)])
    second = replace(second, last_version=compact_contacts(second).version)
    land_part(second, THIRD, is_complete=True)
    last = land(second, "000004-20261123T000000Z", [record(1, minute=3)], is_whole=False)
    assert gone(compact_contacts(last)) == []


def test_a_late_record_is_counted_and_so_is_a_missing_one(store):
    second = land_part(store, SECOND, changes=[record(8)], swept=[record(number) for number in (1, 2, 3, 4, 8, 9)])
    second = compact_contacts(second)
    assert (second.swept.late, second.swept.deleted) == (1, 0)
    third = land_part(replace(store, last_version=second.version), THIRD, is_complete=True)
    third = compact_contacts(third)
    assert (third.swept.late, third.swept.deleted) == (0, 2)
    assert gone(third) == ["5", "6"]
