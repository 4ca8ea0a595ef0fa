"""A state is the same whether its runs are compacted as they come or all at once, whatever the listings took away."""

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.transforms.compaction_in_memory import NOTHING, compact_parts, landed
from tests.transforms.declared_files import MEANING, stream
from tests.transforms.declared_files import landed as landed_file
from transforms.conform.files_versions import compact_files
from transforms.state.listings import CompleteListing

RECORDS = st.lists(st.tuples(st.integers(1, 4), st.integers(0, 3), st.booleans(), st.sampled_from("ab")), max_size=4)
# What a run landed, whether it goes on with a listing that was left, listed everything, and was published.
RUNS = st.lists(st.tuples(RECORDS, st.booleans(), st.booleans(), st.booleans()), min_size=1, max_size=8)


def complete(run, listing=None):
    return CompleteListing(id=f"run{listing or run:03}", run_id=f"run{run:03}")


def shown(state):
    return state.sort("source_id").select("source_id", "is_deleted", "unlisted_by").rows()


@given(RUNS, st.booleans())
def test_law_a_state_made_again_is_the_state_that_was_kept(history, keeps_versions):
    """A run that died is compacted with the next that is published, which may complete the listing it left."""
    kept, waiting, landed_so_far, trusted = NOTHING, [], [], []
    left = None
    for run, (records, goes_on, is_whole, is_published) in enumerate(history, start=1):
        listing = left if goes_on and left else run
        part = landed(run, records, listing)
        waiting.append(part)
        landed_so_far.append(part)
        left = None if is_published else listing
        if not is_published:
            continue
        counting = [complete(run, listing)] if is_whole else []
        trusted += counting
        kept = compact_parts(kept, waiting, counting, keeps_versions=keeps_versions)
        waiting = []
        assert compact_parts(NOTHING, landed_so_far, trusted, keeps_versions=keeps_versions).equals(kept)


@pytest.mark.slow
@given(RUNS)
def test_law_files_are_compacted_one_by_one_as_all_at_once(history):
    of = stream(columns={"next_step": "x", "source_updated_at": "at", "is_deleted": "gone"})
    for is_complete in (True, False):
        declared = of.model_copy(update={"complete": is_complete})
        files = [
            landed_file(
                [
                    {"id": str(id_), "x": name, "at": f"2026-01-0{minute + 1}" if minute else "", "gone": "yes" * gone}
                    for id_, minute, gone, name in records
                ],
                f"run{run:03}",
                is_whole=is_complete and is_whole and bool(records),
            )
            for run, (records, _, is_whole, _) in enumerate(history, start=1)
        ]
        for keeps_versions in (True, False):
            how = {"stream": declared, "keeps_versions": keeps_versions}
            kept = None
            for file in files:
                kept = compact_files(None if kept is None else kept.lazy(), [file], MEANING, **how)
            assert compact_files(None, files, MEANING, **how).equals(kept)


def test_what_the_ninetieth_of_a_hundred_listings_lacks_is_gone_since_then():
    """A small stream is listed whole by every run; only where a listing lacks a record is the whole weighed."""
    records = [(1, 0, False, "a"), (2, 0, False, "a")]
    parts = [landed(run, records if run < 90 else records[:1]) for run in range(1, 101)]
    state = compact_parts(NOTHING, parts, [complete(run) for run in range(1, 101)], keeps_versions=False)
    assert state.sort("source_id").select("source_id", "is_deleted", "unlisted_by", "location").rows() == [
        ("1", False, None, "run100/000001-a.jsonl.zst:1"),
        ("2", True, "run090", "run089/000001-a.jsonl.zst:2"),
    ]


KNOWN = landed(1, [(number, 0, False, "a") for number in range(1, 9)])


@pytest.mark.parametrize("keeps_versions", [True, False])
@pytest.mark.parametrize("parts", [(8,), (5, 3), (1, 6, 1), (0, 7)], ids=str)
def test_nothing_that_any_part_of_a_listing_showed_is_gone(parts, keeps_versions):
    """Runs died at it one after the other: what they had listed is as much a part of it as the end."""
    ids = iter(range(1, 9))
    listed = [
        landed(run, [(next(ids), 0, False, "a") for _ in range(count)], 2) for run, count in enumerate(parts, start=2)
    ]
    state = compact_parts(NOTHING, [KNOWN, *listed], [complete(1 + len(parts), 2)], keeps_versions=keeps_versions)
    left = 8 - sum(parts)
    assert [row[1] for row in shown(state)] == [False] * (8 - left) + [True] * left


def test_a_listing_that_was_given_up_shows_nothing_for_the_one_that_took_its_place():
    given_up, anew = landed(2, [(1, 0, False, "a"), (2, 0, False, "a")], 2), landed(3, [(1, 0, False, "a")], 3)
    state = compact_parts(NOTHING, [KNOWN, given_up, anew], [complete(3)], keeps_versions=False)
    assert shown(state)[:2] == [("1", False, None), ("2", True, "run003")]


def test_what_was_landed_after_a_listing_was_complete_is_newer_than_it():
    """As where the run that completes an old listing asks for what changed since, too."""
    listed = landed(2, [(number, 0, False, "a") for number in range(1, 8)], 2)
    since = landed(3, [(8, 1, False, "b"), (9, 1, False, "new")], 3)
    state = compact_parts(NOTHING, [KNOWN, listed, since], [complete(3, 2)], keeps_versions=False)
    assert [row[1] for row in shown(state)] == [False] * 9


def test_a_listing_of_which_no_row_was_landed_takes_nothing_away():
    assert compact_parts(NOTHING, [KNOWN], [complete(2)], keeps_versions=False)["is_deleted"].to_list() == [False] * 8


def test_a_tombstone_of_a_listing_is_one_in_later_states_too():
    gone = compact_parts(NOTHING, [KNOWN, landed(2, [(1, 0, False, "a")])], [complete(2)], keeps_versions=False)
    later = compact_parts(gone, [landed(3, [(1, 1, False, "b")])], [], keeps_versions=False)
    assert shown(later)[1:] == shown(gone)[1:] == [(str(number), True, "run002") for number in range(2, 9)]
    assert later.filter(pl.col("source_id") != "1").equals(gone.filter(pl.col("source_id") != "1"))
