"""Resumption: find the listings of a stream that earlier runs began and nobody has published."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from connectors.cursor import listing_of_cursor
from connectors.landing.history import LandedRun
from connectors.landing.listing import Listing


@dataclass(frozen=True, slots=True, kw_only=True)
class ResumePoint:
    """Where a pull of a stream starts.

    `cursor` covers the last complete listing (null: there is none, and everything is listed). `completed` is that
    listing where it is no published run's; `unfinished` are those begun after it, the newest last. `landed_by` are the
    runs that landed something of the stream since the published cursor.
    """

    cursor: Mapping[str, Any] | None
    completed: Listing | None = None
    unfinished: Sequence[Listing] = ()
    landed_by: tuple[str, ...] = ()


def resume_point(runs: Sequence[LandedRun], cursor: Mapping[str, Any] | None, *, is_full: bool) -> ResumePoint:
    """Find where a pull starts: at the published cursor, or behind it where runs that died listed something.

    `runs` are those that landed something of the stream after everything that was published or refused, in order.
    Where `is_full`, only listings of everything count, and of the cursor nothing does. A listing counts if it goes on
    from one that counts, and none of its files is missing or was put aside.
    """
    base = None if is_full else cursor
    base_id = listing_of_cursor(base)
    completed: Listing | None = None
    unfinished: dict[str, Listing] = {}
    files: dict[str, int] = {}
    for page in (page for run in runs for page in run.pages):
        listing = page.listing
        if listing is None:
            if page.cursor is None:
                # A pull that too many rejected records stopped: somebody has to look before anything is skipped.
                unfinished.clear()
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
    )
