"""Resumption: find the listings of a stream that earlier runs started and no run has published."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from connectors.cursor import listing_of_cursor, sweep_of_cursor
from connectors.landing.history import LandedRun
from connectors.landing.listing import Listing


@dataclass(frozen=True, slots=True, kw_only=True)
class ResumePoint:
    """Start of a pull of a stream.

    `cursor` is that of the last complete listing (null: none, all records are listed). `completed` is that listing
    where no run published it; `unfinished` are the listings started after it, the newest last. `landed_by` are the
    runs that landed pages of the stream since the published cursor. `sweep` is the sweep that one of them went on with
    or began, as far as it landed (null: none did).
    """

    cursor: Mapping[str, Any] | None
    completed: Listing | None = None
    unfinished: Sequence[Listing] = ()
    landed_by: tuple[str, ...] = ()
    sweep: Listing | None = None


def resume_point(runs: Sequence[LandedRun], cursor: Mapping[str, Any] | None, *, is_full: bool) -> ResumePoint:
    """Find the start of a pull: the published cursor, or later where runs that died had landed pages.

    `runs` are those that landed pages of the stream after the last published or refused run, in order. Where
    `is_full`, only full listings count, and the cursor is ignored. A listing counts if it continues one that counts,
    and none of its files is missing or excluded.
    """
    base = None if is_full else cursor
    base_id = listing_of_cursor(base)
    completed: Listing | None = None
    unfinished: dict[str, Listing] = {}
    sweep = published = sweep_of_cursor(cursor)
    files: dict[str, int] = {}
    for page in (page for run in runs for page in run.pages):
        listing = page.listing
        if listing is None:
            if page.cursor is None:
                # Too many rejected records stopped the pull: a person must decide before anything is skipped.
                unfinished.clear()
            continue
        if listing.is_sweep:
            before = published.files if published is not None and published.id == listing.id else 0
            files[listing.id] = files.get(listing.id, before) + 1
            sweep = listing if files[listing.id] == listing.files else published
            continue
        files[listing.id] = files.get(listing.id, 0) + 1
        unfinished.pop(listing.id, None)
        if not (listing.is_full or listing.previous == base_id) or files[listing.id] != listing.files:
            continue
        if listing.is_complete and page.cursor is not None:
            base, base_id, completed = page.cursor, listing.id, listing
            unfinished.clear()
        else:
            unfinished[listing.id] = listing
    return ResumePoint(
        cursor=base,
        completed=completed,
        unfinished=tuple(unfinished.values()),
        landed_by=tuple(run.run_id for run in runs),
        sweep=None if is_full else sweep,
    )
