"""Coverage: which landed runs a cursor and a state stand on, and whether landing still has all they tell."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from connectors.cursor import run_of_cursor
from connectors.landing.history import LandedRun, damages, needed_for
from flows.home.state_files import run_of

Cursor = Mapping[str, Any]


def covering_run(cursor: Cursor | None, version: str | None) -> str | None:
    """The last run whose pages a cursor covers: its own, which may have found nothing new after that of the state."""
    return run_of_cursor(cursor) or run_of(version)


def needed_runs(runs: Sequence[LandedRun], cursor: Cursor | None, version: str) -> frozenset[str] | None:
    """Runs whose pages the state is made of; None where landing does not cover the cursor."""
    if (run := run_of_cursor(cursor)) is not None:
        return needed_for(runs, run)
    landed = [run for run in runs if run.cursor is not None and run.run_id <= (run_of(version) or "")]
    # A file's cursor tells which file it is: the one landed last must be that one.
    return needed_for(runs, landed[-1].run_id) if landed and landed[-1].cursor == cursor else None


def tells_all(runs: Sequence[LandedRun], needed: Collection[str] | None) -> bool:
    """Whether a state made from `runs` lacks nothing: each `needed` run says what it listed, and no page is damaged.

    `needed` as `needed_runs`. Manifests of an older Bantam do not say which listings were whole: a state made from them
    would lack the deletions that those found.
    """
    completed = [one for run in runs if needed and run.run_id in needed for one in run.completed]
    if not completed or not all(one.is_chained for one in completed):
        return False
    return not any(damages(runs))
