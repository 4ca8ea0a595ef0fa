"""Pulling one stream: go on with the listing that was left, else begin one, and land it page by page."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import zip_longest
from typing import Any, Generic

import msgspec

from connectors.cursor import Cursor, cursor_after, read_cursor, refuse_future
from connectors.http.client import Http
from connectors.http.status_errors import CallRefusedError
from connectors.landing.listing import Checkpoint, Listing
from connectors.landing.resume import ResumePoint
from connectors.landing.writer import LandingWriter
from connectors.page_batch import PageBatch
from connectors.stream import A, PreparedStream, Stream, SyncContext, SyncMode, SyncPass
from definitions.fault_limit import RECORDS, FaultLimit

BATCH_BYTES = 4 << 20
# What a listing that was begun longer ago does not know of is asked for by the run that completes it.
FRESH = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class PullResult:
    """What a pull did; fetched = `records` + `rejected` + `repeated`, of this run.

    `is_full`: every record of the source was listed, by this run and those it goes on from. `is_unchanged`: a file is
    the one landed last. `cursor` goes into the publish transaction and into the next `pull`.
    """

    stream: str
    records: int
    pages: int
    rejected: int
    repeated: int
    is_full: bool
    cursor: dict[str, Any]
    high_water_at: datetime
    notes: tuple[str, ...]
    is_unchanged: bool = False


def pull(
    stream: Stream[A],
    account: A,
    http: Http,
    writer: LandingWriter,
    *,
    start: ResumePoint,
    now: datetime,
    progress: Callable[[int], None],
    seen_in: tuple[str, ...] = (),
    limit: FaultLimit = RECORDS,
    batch_bytes: int = BATCH_BYTES,
) -> PullResult:
    """Land what a stream holds (no cursor at the start) or what changed since; give the cursor that covers it.

    A listing that a run left unfinished is gone on with at its checkpoint, under its id; where the source refuses that
    page, another is begun. A complete one that no run published is taken as it is, or, begun more than an hour ago,
    followed by one of what changed since.

    `now` is our own time. Of it and the source's the earlier counts: a cursor behind asks again, one ahead would lose
    all until then. `progress` is called with the records of each page. `seen_in`: runs, besides the writer's own,
    whose landed pages of `stream.after` have yet to be followed up. `limit` says how many records may be set aside.
    Files hold about `batch_bytes` of records.

    Raises what `Http.ask` raises, `LandingError`, `ConfigurationError` for a cursor of another stream or a missing
    field, and `SourceAnswerUnusableError` when too many records were rejected.
    """
    where = f"{account.name}: {stream.name}"
    known = read_cursor(start.cursor, account.name, stream.name)
    prepared = stream.prepare(stream, account, http)
    source_now = prepared.source_now or now
    if stream.modified:
        refuse_future(known, source_now, where)
    batch = PageBatch(writer, limit, where, progress, batch_bytes)
    walk = _Walk(
        stream=stream,
        account=account,
        http=http,
        writer=writer,
        prepared=prepared,
        now=now,
        earliest_now=min(source_now, now),
        landed_by=start.landed_by,
        seen_in=(*seen_in, writer.run_id),
        batch=batch,
    )
    left = walk.left_by(start, known)
    if left is None:
        done, is_full = walk.to_its_end(walk.begun(known)), False
    else:
        done = walk.resumed(left, known)
        is_full = batch.listing.is_full
        if not stream.after and batch.listing.started_at < now - FRESH:
            done = walk.to_its_end(walk.begun(done))
    return PullResult(
        stream=stream.name,
        records=batch.records,
        pages=batch.pages,
        rejected=batch.rejected,
        repeated=batch.repeated,
        is_full=is_full or batch.listing.is_full,
        cursor=msgspec.to_builtins(done),
        high_water_at=batch.listing.watermark,
        notes=(*prepared.notes, *batch.notes),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Walk(Generic[A]):
    """One pull of one stream, and all it needs to walk a listing."""

    stream: Stream[A]
    account: A
    http: Http
    writer: LandingWriter
    prepared: PreparedStream
    now: datetime
    earliest_now: datetime
    landed_by: tuple[str, ...]
    seen_in: tuple[str, ...]
    batch: PageBatch

    def left_by(self, start: ResumePoint, known: Cursor) -> Listing | None:
        """The listing to go on with: one that an earlier run left, of the kind that is wanted and with all fields."""
        is_full = self._is_full(known)
        for listing in (*reversed(start.unfinished), start.completed):
            if listing is None or not set(self.prepared.fields) <= set(listing.fields):
                continue
            if listing.is_full == is_full or listing is start.completed:
                return listing
        return None

    def begun(self, known: Cursor) -> Listing:
        """A listing of everything, or of what changed since the cursor."""
        is_full = self._is_full(known)
        watermark = self.earliest_now - self.account.trail
        since = None
        if not is_full and known.until is not None:
            since = min(known.until, watermark) - self.account.lookback
        return Listing(
            id=self._new_id(),
            started_at=self.now,
            is_full=is_full,
            watermark=watermark,
            fields=sorted(self.prepared.fields),
            since=since,
            previous=known.listing_id,
            previous_runs=known.listing_runs,
        )

    def resumed(self, listing: Listing, known: Cursor) -> Cursor:
        """Go on with a listing; begin another where the source refuses the page at which it stands."""
        try:
            return self.to_its_end(listing)
        except CallRefusedError:
            is_at_a_page = listing.checkpoint is not None and listing.checkpoint.position is not None
            if not is_at_a_page or self.batch.pages:
                raise
            self.batch.notes.append(
                f"{self.account.name}: {self.stream.name}: the source refused the page at which the listing that run "
                f"{listing.id} began had stopped; it was listed anew"
            )
            return self.to_its_end(self.begun(known))

    def to_its_end(self, listing: Listing) -> Cursor:
        """Walk what is left of a listing."""
        batch = self.batch
        batch.begin(listing.going_on_in(self.writer.run_id))
        passes = self._passes_left(listing)
        for step, following in zip_longest(passes, passes[1:]):
            at = batch.listing.checkpoint
            position = at.position if at is not None and at.sync_pass == step.name else None
            for page in step.pages(self._visit(batch.listing, position)):
                reached = None if page.position is None else dict(page.position)
                batch.add(page, Checkpoint(sync_pass=step.name, position=reached, is_through=page.is_last))
                # Let go before the next page comes: one at a time is held.
                del page
            if following is not None:
                batch.reach(Checkpoint(sync_pass=following.name))
        cursor = cursor_after(
            batch.listing,
            sorted(self.prepared.fields),
            source=self.account.name,
            stream=self.stream.name,
            run_id=self.writer.run_id,
        )
        batch.complete(cursor)
        return cursor

    def _is_full(self, known: Cursor) -> bool:
        """Whether everything is to be listed, as a stream without a change time is each time."""
        # A field asked for the first time is unknown in every record landed so far, so all are asked again.
        is_grown = not set(self.prepared.fields) <= set(known.fields)
        return known.until is None or is_grown or not (self.stream.modified or self.stream.after)

    def _passes_left(self, listing: Listing) -> Sequence[SyncPass[A]]:
        """Passes that are still to be made, or made again from a position on."""
        if listing.is_complete and not self.stream.after:
            return ()
        wanted = SyncMode.FIRST if listing.is_full else SyncMode.AGAIN
        passes = [step for step in self.stream.passes if step.when in (wanted, SyncMode.ALWAYS)]
        names = [step.name for step in passes]
        at = listing.checkpoint
        if at is None or at.sync_pass not in names:
            return passes
        return passes[names.index(at.sync_pass) + at.is_through :]

    def _visit(self, listing: Listing, position: dict[str, Any] | None) -> SyncContext[A]:
        return SyncContext(
            stream=self.stream,
            account=self.account,
            http=self.http,
            fields=self.prepared.fields,
            listing=listing,
            position=position,
            writer=self.writer,
            earlier_runs=(*listing.previous_runs, *self.landed_by),
            seen_in=self.seen_in,
        )

    def _new_id(self) -> str:
        """Id of a listing that this run begins: the run's own, with a number behind it from the second on."""
        run_id = self.writer.run_id
        landed = self.writer.landing.read_manifest(self.writer.source, self.writer.stream, run_id)
        taken = {page.listing_id for page in landed}
        numbered = (f"{run_id}.{number}" for number in range(2, len(taken) + 3))
        return next(one for one in (run_id, *numbered) if one not in taken)
