"""Cursor: what is known of a stream when a pull of it was complete, and where the next one starts."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import msgspec

from connectors.landing.listing import Listing
from definitions.errors import ConfigurationError


class Cursor(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a complete listing covers: every change before `until` has landed, with these fields.

    `run` completed the listing, `listing` is its id (that of the run, in cursors of an older Bantam), `runs` landed
    parts of it. All are null or empty where nothing was listed yet.
    """

    source: str
    stream: str
    fields: list[str] = []
    until: datetime | None = None
    run: str | None = None
    listing: str | None = None
    runs: list[str] = []

    @property
    def listing_id(self) -> str | None:
        """The listing that the cursor comes from."""
        return self.listing or self.run

    @property
    def listing_runs(self) -> list[str]:
        """The runs that landed parts of that listing."""
        return self.runs or ([] if self.run is None else [self.run])


def cursor_after(listing: Listing, fields: list[str], *, source: str, stream: str, run_id: str) -> Cursor:
    """The cursor of a listing that this run completed."""
    return Cursor(
        source=source,
        stream=stream,
        fields=fields,
        until=listing.watermark,
        run=run_id,
        listing=listing.id,
        runs=listing.runs,
    )


def run_of_cursor(cursor: Mapping[str, Any] | None) -> str | None:
    """Run that completed what a stored cursor covers; null without a cursor, and of a file, whose cursor names none."""
    run = None if cursor is None else cursor.get("run")
    return str(run) if run else None


def listing_of_cursor(cursor: Mapping[str, Any] | None) -> str | None:
    """Listing that a stored cursor comes from, as `Cursor.listing_id`; null where it comes from none."""
    listing = None if cursor is None else cursor.get("listing")
    return str(listing) if listing else run_of_cursor(cursor)


def read_cursor(cursor: Mapping[str, Any] | None, source: str, stream: str) -> Cursor:
    """Read a stored cursor; null: nothing was listed yet.

    Raises `ConfigurationError` where it cannot be read, or is that of another stream.
    """
    if cursor is None:
        return Cursor(source=source, stream=stream)
    try:
        known = msgspec.convert(cursor, Cursor)
    except msgspec.ValidationError:
        raise ConfigurationError(
            f"{source}: {stream}: the stored cursor cannot be read. Run this source in full."
        ) from None
    if (known.source, known.stream) != (source, stream):
        raise ConfigurationError(
            f"{source}: {stream}: the stored cursor belongs to {known.source}: {known.stream}. Run this source in full."
        )
    return known


def refuse_future(known: Cursor, source_now: datetime, where: str) -> None:
    """Raise `ConfigurationError` for a cursor ahead of the source's clock: it would skip what happens in between."""
    if known.until is not None and known.until > source_now + timedelta(days=1):
        raise ConfigurationError(f"{where}: the stored cursor lies in the source's future. Run this source in full.")
