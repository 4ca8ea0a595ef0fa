"""Coverage: landed runs that a cursor and a state are made of, and whether landing still has all of them."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from connectors.cursor import run_of_cursor
from connectors.landing.history import LandedRun, damages, needed_for
from flows.home.state_files import run_of

Cursor = Mapping[str, Any]


def covering_run(cursor: Cursor | None, version: str | None) -> str | None:
    """Return the last run whose pages a cursor covers: its own if it names one, else the run of the state."""
    return run_of_cursor(cursor) or run_of(version)


def needed_runs(runs: Sequence[LandedRun], cursor: Cursor | None, version: str) -> frozenset[str] | None:
    """Return the runs whose pages the state is made of; None if landing does not cover the cursor."""
    if (run := run_of_cursor(cursor)) is not None:
        return needed_for(runs, run)
    landed = [run for run in runs if run.cursor is not None and run.run_id <= (run_of(version) or "")]
    # The cursor of a file identifies it: the last landed file must be the same.
    return needed_for(runs, landed[-1].run_id) if landed and landed[-1].cursor == cursor else None


def is_complete(runs: Sequence[LandedRun], needed: Collection[str] | None) -> bool:
    """Return whether a state made from `runs` is complete: `needed` runs record their listings, no page is damaged.

    `needed` as `needed_runs`. Manifests of an older Bantam do not record which listings were complete: a state made
    from them would lack the deletions that those detected.
    """
    completed = [listing for run in runs if needed and run.run_id in needed for listing in run.completed]
    if not completed or not all(listing.is_chained for listing in completed):
        return False
    return not any(damages(runs))
