"""What landing tells of listings: which runs a cursor stands on, and which listing a run that died has left."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from connectors.landing.history import LandedRun, landed_runs, needed_for
from connectors.landing.listing import Listing
from connectors.landing.reader import LandedPage, PullEnd
from connectors.landing.resume import resume_point
from connectors.landing.writer import Landing

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def listing(id_, previous=None, *runs, files=1, full=False, complete=True):
    return Listing(
        id=id_, started_at=NOON, is_full=full, watermark=NOON, previous=previous, runs=[*(runs or (id_,))], files=files,
        records=1, is_complete=complete,
    )  # fmt: skip


def page(run_id, told=None, *, end=None, cursor=None):
    """A line of a manifest; a complete listing comes with its cursor."""
    if told is not None and told.is_complete:
        cursor = {"run": run_id, "listing": told.id}
    return LandedPage(
        source="crm", stream="deals", run_id=run_id, folder=Path(), seq=1, file=None, records=0, bytes=0, sha256="",
        request="", cursor=cursor, rejected=0, rejected_file=None, rejected_sha256="", listing=told, end=end,
    )  # fmt: skip


def run(run_id, *pages, damaged=False):
    return LandedRun(run_id=run_id, folder=Path(), pages=pages, is_manifest_damaged=damaged)


def whole(id_, *runs, **more):
    return listing(id_, None, *runs, full=True, **more)


def old(run_id, previous, *, complete=True, ends=True):
    """A run as an older Bantam landed it: of a pull that went on from another (null: from nothing)."""
    end = PullEnd(is_whole=previous is None, previous_run=previous) if ends and complete else None
    cursor = {"run": run_id} if complete else {"run": run_id, "at": {}}
    return run(run_id, page(run_id, end=end, cursor=cursor))


def new(run_id, previous):
    return run(run_id, page(run_id, whole(run_id) if previous is None else listing(run_id, previous)))


@pytest.mark.parametrize("made", [old, new])
@pytest.mark.parametrize(
    ("runs", "needed"),
    [
        ([("1", None), ("2", "1"), ("3", "2")], {"1", "2", "3"}),
        ([("1", None), ("2", "1"), ("3", "1")], {"1", "3"}),
        ([("1", None), ("2", None), ("3", "2")], {"2", "3"}),
        ([("1", None), ("3", "2")], None),
        ([("1", None), ("2", "1")], None),
    ],
    ids=["all", "without one that died", "back to the last whole listing", "one is missing", "the last is missing"],
)
def test_what_a_cursor_stands_on_goes_back_to_a_listing_of_everything(made, runs, needed):
    assert needed_for([made(*told) for told in runs], "3") == needed


def test_a_run_that_did_not_come_to_its_end_covers_nothing_and_an_old_manifest_counts_all_before_it():
    assert needed_for([old("1", None), old("3", "1", complete=False)], "3") is None
    assert needed_for([old("1", None), old("2", None), old("3", None, ends=False)], "3") == {*"123"}
    assert needed_for([old("1", None), new("2", "1"), new("3", "2")], "3") == {*"123"}


DONE = run("2", page("2", listing("2", "1")))
PART = page("2", whole("2", complete=False))
REST = page("3", whole("2", "2", "3", files=2))


@pytest.mark.parametrize(
    ("runs", "needed"),
    [
        ([new("1", None), run("2", PART), run("3", REST)], {"2", "3"}),
        ([new("1", None), run("3", REST)], None),
        ([new("1", None), run("2", damaged=True), run("3", REST)], None),
        ([run("2", PART), run("3", REST, page("3", listing("3", "2")))], {"2", "3"}),
        ([run("2", page("2", whole("2"))), run("3", page("3", whole("2", "2", "3", files=2)))], {"2", "3"}),
        ([run("1", page("1", listing("1", "0"))), run("2", PART), run("3", REST)], {"2", "3"}),
    ],
    ids=["all parts", "a part is missing", "a part is damaged", "and what followed it", "taken over", "of everything"],
)
def test_a_listing_that_spans_runs_stands_on_all_of_them(runs, needed):
    assert needed_for(runs, "3") == needed


CURSOR = {"run": "1", "listing": "1"}
STOPPED = page("2")
CHANGES = page("2", listing("2", "1", complete=False))
FULL = page("2", whole("2", complete=False))


@pytest.mark.parametrize(
    ("runs", "completed", "unfinished", "unfinished_if_full"),
    [
        ([], None, [], []),
        ([run("2", CHANGES)], None, ["2"], []),
        ([run("2", FULL)], None, ["2"], ["2"]),
        ([run("2", FULL, STOPPED)], None, [], []),
        ([run("2", FULL), run("3", page("3", listing("3", "1", complete=False)))], None, ["2", "3"], ["2"]),
        ([DONE], "2", [], []),
        ([DONE, run("3", page("3", listing("3", "2", complete=False)))], "2", ["3"], []),
        ([DONE, run("3", page("3", listing("3", "1", complete=False)))], "2", [], []),
        ([run("2", page("2", listing("2", "0", complete=False)))], None, [], []),
        ([run("3", page("3", listing("2", "1", "2", "3", files=2, complete=False)))], None, [], []),
        ([run("3", page("3", listing("2", "1", "2", "3", files=2)))], None, [], []),
        ([run("2", damaged=True), run("3", FULL)], None, ["2"], ["2"]),
        ([old("2", "1", complete=False), old("3", "1")], None, [], []),
    ],
    ids=[
        "nothing", "changes", "everything", "stopped for its rejected records", "both", "a complete one",
        "one after a complete one", "not one beside it", "not one of another cursor", "not one that lacks a file",
        "not a complete one that lacks a file", "whatever else is damaged", "of an older Bantam",
    ],
)  # fmt: skip
def test_what_a_run_that_died_has_left(runs, completed, unfinished, unfinished_if_full):
    found = resume_point(runs, CURSOR, is_full=False)
    assert (found.completed.id if found.completed else None, [one.id for one in found.unfinished]) == (
        completed,
        unfinished,
    )
    assert found.cursor == (CURSOR if completed is None else {"run": completed, "listing": completed})
    full = resume_point(runs, CURSOR, is_full=True)
    assert (full.cursor, full.completed, [one.id for one in full.unfinished]) == (None, None, unfinished_if_full)


def test_a_cursor_of_an_older_bantam_is_gone_on_from():
    found = resume_point([run("2", CHANGES)], {"run": "1"}, is_full=False)
    assert [one.id for one in found.unfinished] == ["2"]


def test_a_manifest_of_an_older_bantam_is_read(tmp_path):
    """Its checkpoints within a pull are no listings, and its last line says how the pull ended."""
    folder = tmp_path / "crm" / "deals" / "run-1"
    folder.mkdir(parents=True)
    told = {"file": None, "records": 0, "bytes": 0, "sha256": "", "request": "GET", "rejected": 0}
    told |= {"rejected_file": None, "rejected_sha256": "", "end": None}
    lines = [
        {"seq": 1, **told, "cursor": {"source": "crm", "stream": "deals", "at": {"walking": "list"}}},
        {"seq": 2, **told, "cursor": {"run": "run-1"}, "end": {"is_whole": True, "previous_run": None}},
    ]
    (folder / "manifest.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    [landed] = landed_runs(Landing(tmp_path), "crm", "deals")
    assert [(one.id, one.runs, one.is_whole) for one in landed.completed] == [("run-1", ("run-1",), True)]
    assert landed.cursor == {"run": "run-1"}
    assert resume_point([landed], None, is_full=False).completed is None
