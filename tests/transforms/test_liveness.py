"""Deleted or alive: the source's change time decides, unless what was seen later shows that a deletion was undone."""

from dataclasses import dataclass, field

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.transforms.compaction_in_memory import NOTHING, compact_parts, landed
from transforms.state.listings import CompleteListing

ALIVE, DELETED = False, True
BOTH = pytest.mark.parametrize("keeps_versions", [True, False], ids=["deals", "contacts"])


def state_after(*runs, whole=(), keeps_versions=False):
    """State after runs, each of which saw the record 1 (and always a record 2) at such minutes, alive or deleted."""
    parts = [landed(run, [(1, *seen, "a") for seen in told] + [(2, 0, ALIVE, "a")]) for run, told in enumerate(runs, 1)]
    listings = [CompleteListing(id=f"run{run:03}", run_id=f"run{run:03}") for run in whole]
    one_by_one = NOTHING
    for run, part in enumerate(parts, start=1):
        counting = [one for one in listings if one.run_id == f"run{run:03}"]
        one_by_one = compact_parts(one_by_one, [part], counting, keeps_versions=keeps_versions)
    at_once = compact_parts(NOTHING, parts, listings, keeps_versions=keeps_versions)
    assert at_once.equals(one_by_one)
    return at_once


SEEN = {
    "deleted later": ([(3, ALIVE)], [(9, DELETED)], True),
    "deleted without a new time": ([(3, ALIVE)], [(3, DELETED)], True),
    "restored with a new time": ([(9, DELETED)], [(12, ALIVE)], False),
    "restored without one": ([(9, DELETED)], [(9, ALIVE)], False),
    "restored with the old one": ([(9, DELETED)], [(3, ALIVE)], False),
    "an index that lags within a run": ([(3, ALIVE)], [(9, DELETED), (3, ALIVE)], True),
    "the same, the other way round": ([(3, ALIVE)], [(3, ALIVE), (9, DELETED)], True),
    "both at one moment of a run": ([], [(9, ALIVE), (9, DELETED)], True),
    "a deletion older than a change": ([(9, ALIVE)], [(3, DELETED)], False),
    "restored and deleted again": ([(9, DELETED)], [(3, ALIVE)], [(3, DELETED)], True),
    "deleted, restored, deleted, restored": ([(9, DELETED)], [(3, ALIVE)], [(12, DELETED)], [(3, ALIVE)], False),
}


@BOTH
@pytest.mark.parametrize("seen", SEEN.values(), ids=SEEN)
def test_what_was_seen_later_decides_whether_a_record_is_alive(seen, keeps_versions):
    *runs, is_deleted = seen
    state = state_after(*runs, keeps_versions=keeps_versions)
    assert state.filter("is_latest", source_id="1")["is_deleted"].to_list() == [is_deleted]


LISTED = {
    "shown alive with the old time": ([(9, DELETED)], [(3, ALIVE)], False),
    "not shown": ([(9, ALIVE)], [], True),
    "shown deleted with an old time": ([(9, ALIVE)], [(3, DELETED)], True),
    "shown both ways": ([(9, ALIVE)], [(3, DELETED), (9, ALIVE)], False),
    "gone, then shown again as it was": ([(3, ALIVE)], [], [(3, ALIVE)], False),
    "gone, then seen with an older time": ([(9, ALIVE)], [], [(3, ALIVE)], False),
    "gone, then gone again": ([(9, ALIVE)], [], [], True),
}


@BOTH
@pytest.mark.parametrize("seen", LISTED.values(), ids=LISTED)
def test_what_the_last_complete_listing_shows_alive_is_alive(seen, keeps_versions):
    *runs, is_deleted = seen
    state = state_after(*runs, whole=range(2, len(runs) + 1), keeps_versions=keeps_versions)
    assert state.filter("is_latest", source_id="1")["is_deleted"].to_list() == [is_deleted]


@dataclass
class Source:
    """Records with their change times, whether they are deleted, and what an undo may restore."""

    minute: int = 0
    records: dict[int, tuple[int, bool]] = field(default_factory=dict)
    before_deletion: dict[int, int] = field(default_factory=dict)

    def do(self, deed: str, id_: int) -> None:
        self.minute += 1
        at, is_deleted = self.records.get(id_, (0, None))
        if deed == "edit" and is_deleted is not True:
            self.records[id_] = (self.minute, ALIVE)
        elif deed.startswith("delete") and is_deleted is False:
            self.before_deletion[id_] = at
            self.records[id_] = (self.minute if deed == "delete" else at, DELETED)
        elif deed.startswith("undelete") and is_deleted is True:
            times = {"undelete": self.minute, "undelete as it was": at}
            self.records[id_] = (times.get(deed, self.before_deletion[id_]), ALIVE)
        elif deed == "erase":
            self.records.pop(id_, None)

    def listed(self, ids) -> list[tuple[int, int, bool, str]]:
        return [(id_, *self.records[id_], "a") for id_ in ids if id_ in self.records]


IDS = range(1, 4)
DEEDS = ["edit", "delete", "delete unseen", "undelete", "undelete as it was", "undelete with the old time", "erase"]
# A deed to a record, or a look at the source: at some records, at all, or at all in two parts by two runs.
STEPS = st.one_of(
    st.tuples(st.sampled_from(DEEDS), st.sampled_from(IDS)),
    st.tuples(st.just("look"), st.sets(st.sampled_from(IDS))),
    st.tuples(st.just("list"), st.booleans()),
    st.tuples(st.just("list in parts"), st.integers(0, 3)),
)


@settings(max_examples=150)
@given(st.lists(STEPS, max_size=14), st.booleans())
def test_law_however_deletions_and_their_undoing_come_the_last_complete_listing_decides(steps, keeps_versions):
    """Record 4 is always there, for a listing without a row says nothing."""
    source, parts, listings = Source(), [], []
    source.do("edit", 4)
    open_listing = None
    for step, told in [*steps, ("list", True)]:
        run = len(parts) + 1
        if step in DEEDS:
            source.do(step, told)
        elif step == "look":
            parts.append(landed(run, source.listed(sorted(told))))
        elif step == "list in parts":
            # The run dies; who comes next goes on behind its last record, or begins anew.
            open_listing = (run, told)
            parts.append(landed(run, source.listed(range(1, told + 1))))
        else:
            first, done = open_listing if open_listing and not told else (run, 0)
            parts.append(landed(run, source.listed(range(done + 1, 5)), first))
            listings.append(CompleteListing(id=f"run{first:03}", run_id=f"run{run:03}"))
            open_listing = None
    state = compact_parts(NOTHING, parts, listings, keeps_versions=keeps_versions)
    alive = state.filter(pl.col("is_latest"), ~pl.col("is_deleted"))["source_id"]
    assert sorted(map(int, alive)) == [id_ for id_, (_, is_deleted) in sorted(source.records.items()) if not is_deleted]
