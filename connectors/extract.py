"""Extraction of one stream: resume an unfinished listing or start a new one, and land it page by page."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import zip_longest
from typing import Any, Generic

import msgspec

from connectors.cursor import Cursor, cursor_after, read_cursor, refuse_future, swept
from connectors.http.client import Http
from connectors.http.status_errors import CallRefusedError
from connectors.landing.erased import StreamEraser
from connectors.landing.listing import Checkpoint, Listing
from connectors.landing.resume import ResumePoint
from connectors.landing.writer import LandingWriter
from connectors.page_batch import PageBatch
from connectors.stream import A, PreparedStream, Stream, SyncContext, SyncMode, SyncPass
from connectors.sweep import sweep_portion
from definitions.errors import TryAgainError
from definitions.fault_limit import RECORDS, FaultLimit

BATCH_BYTES = 4 << 20
# A run that completes an older listing also lists the changes since it started.
FRESH = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class PullResult:
    """Result of a pull; fetched = `records` + `rejected` + `repeated`, of this run.

    `is_full`: every record of the source was listed, by this run and those it resumes. `is_unchanged`: the file is
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
    open_ids: tuple[str, ...] = (),
    limit: FaultLimit = RECORDS,
    batch_bytes: int = BATCH_BYTES,
    eraser: StreamEraser | None = None,
    sweep_every: timedelta | None = None,
) -> PullResult:
    """Land all records of a stream (no cursor at the start) or the changes since; return the result with its cursor.

    A listing that a run left unfinished is resumed at its checkpoint, under its id; where the source refuses that
    page, a new listing is started. A complete listing that no run published is reused, and if it started more than an
    hour ago, a listing of the changes since follows.

    `now` is our own time. The earlier of it and the source's time counts: a cursor that is too early repeats changes,
    one that is too late loses them. `progress` is called with the number of records of each page. `seen_in`: runs,
    besides the writer's own, whose landed pages of `stream.after` have yet to be followed up. `open_ids` as in
    `SyncContext`. `limit` bounds the rejected records. Files hold about `batch_bytes` of records.
    `eraser` removes erased persons before a page is stored.

    Changes that no modified time tells of are found by a sweep: every `sweep_every` (None: never) all records are
    listed again, a portion each run (`connectors.sweep`). A sweep that fails leaves a note; it never fails the pull.

    Raises what `Http.ask` raises, `LandingError`, `ConfigurationError` for a cursor of another stream or a missing
    field, and `SourceAnswerUnusableError` when too many records were rejected.
    """
    where = f"{account.name}: {stream.name}"
    base = read_cursor(start.cursor, account.name, stream.name)
    prepared = stream.prepare(stream, account, http)
    source_now = prepared.source_now or now
    if stream.modified:
        refuse_future(base, source_now, where)
    batch = PageBatch(writer, limit, where, progress, batch_bytes, eraser)
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
        open_ids=open_ids,
        batch=batch,
    )
    end_cursor, is_full = walk.list_changes(start, base)
    last = batch.listing
    if sweep_every is not None and stream.modified:
        end_cursor = walk.sweep(end_cursor, start.sweep, sweep_portion(base, now, sweep_every))
    return PullResult(
        stream=stream.name,
        records=batch.records,
        pages=batch.pages,
        rejected=batch.rejected,
        repeated=batch.repeated,
        is_full=is_full,
        cursor=msgspec.to_builtins(end_cursor),
        high_water_at=last.watermark,
        notes=(*prepared.notes, *batch.notes),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Walk(Generic[A]):
    """One pull of one stream, with everything that walking a listing needs."""

    stream: Stream[A]
    account: A
    http: Http
    writer: LandingWriter
    prepared: PreparedStream
    now: datetime
    earliest_now: datetime
    landed_by: tuple[str, ...]
    seen_in: tuple[str, ...]
    open_ids: tuple[str, ...]
    batch: PageBatch

    def list_changes(self, start: ResumePoint, base: Cursor) -> tuple[Cursor, bool]:
        """List what changed, or all; return the cursor, and whether every record was listed."""
        pending = self.listing_to_resume(start, base)
        if pending is None:
            return self.walk_to_end(self.new_listing(base), base), self.batch.listing.is_full
        cursor = self.resume(pending, base)
        is_full = self.batch.listing.is_full
        if not self.stream.after and self.batch.listing.started_at < self.now - FRESH:
            cursor = self.walk_to_end(self.new_listing(cursor), cursor)
        return cursor, is_full or self.batch.listing.is_full

    def listing_to_resume(self, start: ResumePoint, base: Cursor) -> Listing | None:
        """Find a listing to resume: left by an earlier run, of the mode needed (full or not), with all fields."""
        is_full = self._is_full(base)
        for listing in (*reversed(start.unfinished), start.completed):
            if listing is None or not self._has_all_fields(listing):
                continue
            if listing.is_full == is_full or listing is start.completed:
                return listing
        return None

    def new_listing(self, base: Cursor) -> Listing:
        """Start a listing of all records, or of the changes since the cursor."""
        is_full, watermark = self._is_full(base), self._watermark()
        since = None
        if not is_full and base.watermark is not None:
            since = min(base.watermark, watermark) - self.account.lookback
        return self._begun(base, is_full=is_full, since=since, previous_runs=base.listing_runs)

    def _begun(self, base: Cursor, **more: Any) -> Listing:
        """Start a listing that continues that of the cursor."""
        return Listing(
            id=self._new_id(),
            started_at=self.now,
            watermark=self._watermark(),
            fields=sorted(self.prepared.fields),
            previous=base.listing_id,
            **more,
        )

    def _watermark(self) -> datetime:
        return self.earliest_now - self.account.lag

    def sweep(self, cursor: Cursor, unfinished: Listing | None, portion: int) -> Cursor:
        """Walk up to `portion` pages of the sweep under way, or of a new one where it is due; return the cursor.

        `cursor` is that of the listing which this pull completed. A portion of 0 begins no sweep.
        """
        listing = unfinished if unfinished is not None and self._has_all_fields(unfinished) else None
        if listing is None and (portion == 0 or self.batch.listing.is_full):
            return cursor
        if listing is None:
            listing = self._begun(cursor, is_full=True, is_sweep=True)
            cursor = msgspec.structs.replace(cursor, swept_late=0, swept_deleted=0)
        self.batch.begin(listing.going_on_in(self.writer.run_id))
        try:
            is_through = self._walk(listing, max(portion, 1))
        except CallRefusedError as error:
            # The page may be refused for ever, as an expired token is.
            self.batch.notes.append(f"{self.stream.name}: the sweep begins anew with the next run ({error})")
            self.batch.flush()
            return msgspec.structs.replace(cursor, sweep=None)
        except TryAgainError as error:
            # What was listed is landed with its checkpoint.
            self.batch.notes.append(f"{self.stream.name}: the sweep goes on with the next run ({error})")
            is_through = False
        if not is_through:
            self.batch.flush()
            return msgspec.structs.replace(cursor, sweep=self.batch.listing)
        after = swept(cursor, self.batch.listing)
        self.batch.complete(after)
        return after

    def _has_all_fields(self, listing: Listing) -> bool:
        return set(self.prepared.fields) <= set(listing.fields)

    def resume(self, listing: Listing, base: Cursor) -> Cursor:
        """Resume a listing; start a new one where the source refuses the page at its checkpoint."""
        try:
            return self.walk_to_end(listing, base)
        except CallRefusedError:
            is_at_a_page = listing.checkpoint is not None and listing.checkpoint.position is not None
            if not is_at_a_page or self.batch.pages:
                raise
            self.batch.notes.append(
                f"{self.account.name}: {self.stream.name}: the source refused the page at which the listing that run "
                f"{listing.id} began had stopped; it was listed anew"
            )
            return self.walk_to_end(self.new_listing(base), base)

    def walk_to_end(self, listing: Listing, base: Cursor) -> Cursor:
        """Walk the remaining passes of a listing, and return its cursor; `base` is the one before it."""
        self.batch.begin(listing.going_on_in(self.writer.run_id))
        self._walk(listing)
        reached = self.batch.listing
        cursor = cursor_after(reached, base, sorted(self.prepared.fields), run_id=self.writer.run_id)
        if reached.is_full and not self.stream.after:
            cursor = swept(cursor, reached)
        self.batch.complete(cursor)
        return cursor

    def _walk(self, listing: Listing, portion: int | None = None) -> bool:
        """Add the remaining pages of a listing, at most `portion` (None: all); return whether none remains."""
        batch, pages = self.batch, 0
        passes = self._passes_left(listing)
        for step, following in zip_longest(passes, passes[1:]):
            at = batch.listing.checkpoint
            position = at.position if at is not None and at.sync_pass == step.name else None
            for page in step.pages(self._context(batch.listing, position)):
                reached = None if page.position is None else dict(page.position)
                batch.add(page, Checkpoint(sync_pass=step.name, position=reached, is_through=page.is_last))
                pages += 1
                # A page without a position cannot be resumed at: its pass is walked to its end.
                if portion is not None and pages >= portion and (page.is_last or reached is not None):
                    return page.is_last and following is None
                # Release the page before the next one is requested: memory holds one at a time.
                del page
            if following is not None:
                batch.reach(Checkpoint(sync_pass=following.name))
        return True

    def _is_full(self, base: Cursor) -> bool:
        """Whether all records must be listed; a stream without a change time always lists all."""
        # No landed record has the value of a newly requested field, so all records are listed again.
        is_grown = not set(self.prepared.fields) <= set(base.fields)
        return base.watermark is None or is_grown or not (self.stream.modified or self.stream.after)

    def _passes_left(self, listing: Listing) -> Sequence[SyncPass[A]]:
        """Return the passes that remain, the first perhaps from a position on."""
        if listing.is_complete and not self.stream.after:
            return ()
        wanted = SyncMode.FIRST if listing.is_full else SyncMode.AGAIN
        passes = [step for step in self.stream.passes if step.when in (wanted, SyncMode.ALWAYS)]
        names = [step.name for step in passes]
        at = listing.checkpoint
        if at is None or at.sync_pass not in names:
            return passes
        return passes[names.index(at.sync_pass) + at.is_through :]

    def _context(self, listing: Listing, position: dict[str, Any] | None) -> SyncContext[A]:
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
            open_ids=self.open_ids,
            has_calculated=self.prepared.has_calculated,
        )

    def _new_id(self) -> str:
        """Return an unused id for a listing that this run starts: the run id, with a suffix from the second on."""
        run_id = self.writer.run_id
        landed = self.writer.landing.read_manifest(self.writer.source, self.writer.stream, run_id)
        taken = {page.listing_id for page in landed}
        numbered = (f"{run_id}.{number}" for number in range(2, len(taken) + 3))
        return next(listing_id for listing_id in (run_id, *numbered) if listing_id not in taken)
