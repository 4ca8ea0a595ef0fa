"""Cursor of a stream: the state after a complete pull, from which the next pull starts."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import msgspec

from connectors.landing.listing import Listing
from definitions.errors import ConfigurationError


class Cursor(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """State after a complete listing: every change before `watermark` has landed, with these fields.

    `run` completed the listing, `listing` is its id (the id of the run, in cursors of an older Bantam), `runs` landed
    parts of it. All are null or empty where nothing was listed yet. Stored as JSON, the watermark under `until`.

    `swept_at` is the start of the last complete listing of all records (null: an older Bantam did not record it), and
    `swept_pages` its number of pages; `sweep` is the sweep that is under way, as far as a run has published it.
    `swept_late` and `swept_deleted` count what that sweep, else the last one, has found: records that no listing of
    changes had shown, and records that are gone.
    """

    source: str
    stream: str
    fields: list[str] = []
    watermark: datetime | None = msgspec.field(default=None, name="until")
    run: str | None = None
    listing: str | None = None
    runs: list[str] = []
    swept_at: datetime | None = None
    swept_pages: int = 0
    sweep: Listing | None = None
    swept_late: int = 0
    swept_deleted: int = 0

    @property
    def listing_id(self) -> str | None:
        """The listing that the cursor comes from."""
        return self.listing or self.run

    @property
    def listing_runs(self) -> list[str]:
        """The runs that landed parts of that listing."""
        return self.runs or ([] if self.run is None else [self.run])


def cursor_after(listing: Listing, base: Cursor, fields: list[str], *, run_id: str) -> Cursor:
    """Build the cursor of a listing that this run completed; `base` is the cursor that it started from."""
    return msgspec.structs.replace(
        base, fields=fields, watermark=listing.watermark, run=run_id, listing=listing.id, runs=listing.runs
    )


def swept(cursor: Cursor, listing: Listing) -> Cursor:
    """Return the cursor after a complete listing of all records: the next sweep is due when this one is too old."""
    return msgspec.structs.replace(cursor, swept_at=listing.started_at, swept_pages=listing.pages, sweep=None)


def run_of_cursor(cursor: Mapping[str, Any] | None) -> str | None:
    """Return the run that completed a stored cursor; None without a cursor, and for a file, whose cursor has no run."""
    run = None if cursor is None else cursor.get("run")
    return str(run) if run else None


def listing_of_cursor(cursor: Mapping[str, Any] | None) -> str | None:
    """Return the listing that a stored cursor comes from, as `Cursor.listing_id`; None where there is none."""
    listing = None if cursor is None else cursor.get("listing")
    return str(listing) if listing else run_of_cursor(cursor)


def sweep_of_cursor(cursor: Mapping[str, Any] | None) -> Listing | None:
    """Return the sweep under way in a stored cursor; None where there is none, or it cannot be parsed."""
    stored = None if cursor is None else cursor.get("sweep")
    try:
        return None if stored is None else msgspec.convert(stored, Listing)
    except msgspec.ValidationError:
        return None


def read_cursor(cursor: Mapping[str, Any] | None, source: str, stream: str) -> Cursor:
    """Parse a stored cursor; without one, return an empty cursor: nothing was listed yet.

    Raises `ConfigurationError` where it cannot be parsed, or belongs to another stream.
    """
    if cursor is None:
        return Cursor(source=source, stream=stream)
    try:
        stored = msgspec.convert(cursor, Cursor)
    except msgspec.ValidationError:
        raise ConfigurationError(
            f"{source}: {stream}: the stored cursor cannot be read. Run this source in full."
        ) from None
    if (stored.source, stored.stream) != (source, stream):
        raise ConfigurationError(
            f"{source}: {stream}: the stored cursor belongs to {stored.source}: {stored.stream}. "
            "Run this source in full."
        )
    return stored


def refuse_future(cursor: Cursor, source_now: datetime, where: str) -> None:
    """Raise `ConfigurationError` for a cursor ahead of the source's clock: it would skip the changes in between."""
    if cursor.watermark is not None and cursor.watermark > source_now + timedelta(days=1):
        raise ConfigurationError(f"{where}: the stored cursor lies in the source's future. Run this source in full.")
