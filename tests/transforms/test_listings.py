"""A state is the same whether its runs are folded as they come or all at once, whatever the listings took away."""

import json

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from tests.transforms.declared_files import MEANING, landed, stream
from transforms.conform.files_versions import folded_files
from transforms.state.delete_detection import swept
from transforms.state.listings import Listing, settled
from transforms.state.versions import STATE, Envelope, filed, opened

CONTACT = Envelope(id="id", version="updatedAt", deleted="archived")
RECORDS = st.lists(st.tuples(st.integers(1, 4), st.integers(0, 3), st.booleans(), st.sampled_from("ab")), max_size=4)
# What a run landed, whether it listed everything, and whether it was published.
RUNS = st.lists(st.tuples(RECORDS, st.booleans(), st.booleans()), min_size=1, max_size=8)
HOW = st.fixed_dictionaries({"keeps_versions": st.booleans(), "revives": st.booleans()})


def lines(run, records):
    told = [
        {
            "raw": json.dumps(
                {"id": str(id_), "updatedAt": f"2026-01-01T00:{minute:02}:00Z", "archived": gone, "n": name}
            ),
            "location": f"run{run:03}/000001-a.jsonl.zst:{place}",
        }
        for place, (id_, minute, gone, name) in enumerate(records, start=1)
    ]
    return opened(pl.LazyFrame(told, schema={"raw": pl.String, "location": pl.String}), CONTACT).collect()


def fold(last, parts, listings, *, keeps_versions, revives):
    """What `flows.run.folding.fold_pages` does with files, in memory."""
    versions = pl.concat([last, *parts])
    known, new = filed(last.lazy(), reads_text=keeps_versions), [filed(part.lazy()) for part in parts]
    files = pl.concat([known, *new]).collect()
    verdict = settled(files, listings, keeps_versions=keeps_versions, revives=revives)
    kept = versions.drop("is_latest").hstack(verdict).filter("stays")
    return swept(kept, kept["swept_at"].is_not_null(), kept["swept_at"]).select(STATE.names())


@given(RUNS, HOW)
def test_law_a_state_made_again_is_the_state_that_was_kept(history, how):
    """A run that died is folded with the next that is published, and its listing takes nothing away."""
    nothing = pl.DataFrame(schema=STATE)
    kept, waiting, landed_so_far, trusted = nothing, [], [], []
    for run, (records, is_whole, is_published) in enumerate(history, start=1):
        part = lines(run, records)
        waiting.append(part)
        landed_so_far.append(part)
        if not is_published:
            continue
        listing = Listing(run_id=f"run{run:03}", place=f"run{run:03}/000001-a.jsonl.zst:0")
        trusted += [listing] if is_whole else []
        kept = fold(kept, waiting, [listing] if is_whole else [], **how)
        waiting = []
        assert fold(nothing, landed_so_far, trusted, **how).equals(kept)


@given(RUNS)
def test_law_files_are_folded_one_by_one_as_all_at_once(history):
    of = stream(columns={"next_step": "x", "source_updated_at": "at", "is_deleted": "gone"})
    for complete in (True, False):
        declared = of.model_copy(update={"complete": complete})
        files = [
            landed(
                [
                    {"id": str(id_), "x": name, "at": f"2026-01-0{minute + 1}" if minute else "", "gone": "yes" * gone}
                    for id_, minute, gone, name in records
                ],
                f"run{run:03}",
                is_whole=complete and is_whole and bool(records),
            )
            for run, (records, is_whole, _) in enumerate(history, start=1)
        ]
        for keeps_versions in (True, False):
            how = {"stream": declared, "keeps_versions": keeps_versions}
            kept = None
            for file in files:
                kept = folded_files(None if kept is None else kept.lazy(), [file], MEANING, **how)
            assert folded_files(None, files, MEANING, **how).equals(kept)


def test_what_the_ninetieth_of_a_hundred_listings_lacks_is_gone_since_then():
    """A small stream is listed whole by every run; only where a listing lacks a record is the whole weighed."""
    records = [(1, 0, False, "a"), (2, 0, False, "a")]
    parts = [lines(run, records if run < 90 else records[:1]) for run in range(1, 101)]
    every = [Listing(run_id=f"run{run:03}", place=f"run{run:03}/p:0") for run in range(1, 101)]
    state = fold(pl.DataFrame(schema=STATE), parts, every, keeps_versions=False, revives=False)
    assert state.sort("source_id").select("source_id", "is_deleted", "location").rows() == [
        ("1", False, "run100/000001-a.jsonl.zst:1"),
        ("2", True, "run090/p:0"),
    ]
