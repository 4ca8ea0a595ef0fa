"""Pulling one stream: walk its passes, land whole batches, and never name a cursor before what it covers is durable."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Generic

import msgspec

from connectors.http.client import Http
from connectors.landing.reader import PullEnd, Rejected
from connectors.landing.writer import LandingWriter, Parcel
from connectors.stream import A, Page, Pass, Prepared, Stream, Visit, When
from definitions.counting import counted
from definitions.errors import ConfigurationError, SourceAnswerUnusableError
from definitions.fault_limit import RECORDS, FaultLimit

BATCH_BYTES = 4 << 20


class At(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Where an interrupted pull stands."""

    began: datetime
    is_first: bool
    walking: str
    position: dict[str, Any] | None = None


class Cursor(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is known of a stream so far; `until`: every change before it has landed; `at`: only within a pull."""

    source: str
    stream: str
    fields: list[str] = []
    until: datetime | None = None
    run: str | None = None
    at: At | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Pulled:
    """What a pull did; fetched = `records` + `rejected` + `repeated`.

    `is_full`: every live record of the source was listed, so an id that did not come is gone. `is_unchanged`: a file is
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
    cursor: Mapping[str, Any] | None,
    now: datetime,
    progress: Callable[[int], None],
    seen_in: tuple[str, ...] = (),
    limit: FaultLimit = RECORDS,
    batch_bytes: int = BATCH_BYTES,
) -> Pulled:
    """Land what a stream holds (`cursor` None) or what changed since; give the cursor that covers it.

    `now` is our own time. Of it and the source's the earlier counts: a cursor behind asks again, one ahead would lose
    all until then. `progress` is called with the records of each page. `seen_in`: runs, besides the writer's own,
    whose landed pages of `stream.after` have yet to be followed up. A cursor out of the manifest of an interrupted pull
    resumes it. `limit` says how many records may be set aside. Files hold about `batch_bytes` of records.

    Raises what `Http.ask` raises, `LandingError`, `ConfigurationError` for a cursor of another stream or a missing
    field, and `SourceAnswerUnusableError` when too many records had to be set aside.
    """
    where = f"{account.name}: {stream.name}"
    known = _read_cursor(cursor, account.name, stream.name)
    prepared = stream.prepare(stream, account, http)
    source_now = prepared.source_now or now
    plan = _plan(stream, known, prepared, min(source_now, now), account.trail)
    _refuse_future(known, source_now, where, is_windowed=bool(stream.modified))
    batch = _Batch(writer, limit, where, progress, batch_bytes)
    for step in plan.steps:
        visit = Visit(
            stream=stream,
            account=account,
            http=http,
            fields=prepared.fields,
            since=None if plan.is_first or known.until is None else min(known.until, plan.until) - account.lookback,
            until=plan.until,
            position=plan.position if step.name == plan.resume else None,
            writer=writer,
            seen_in=(*seen_in, writer.run_id),
            previous_run=known.run,
        )
        for page in step.pages(visit):
            at = At(began=plan.began, is_first=plan.is_first, walking=step.name, position=_as_dict(page.position))
            batch.add(page, msgspec.structs.replace(known, fields=sorted(prepared.fields), at=at))
            # Let go before the next page comes: one at a time is held.
            del page
    done = Cursor(
        source=account.name, stream=stream.name, fields=sorted(prepared.fields), until=plan.until, run=writer.run_id
    )
    is_full = plan.is_first or not (stream.modified or stream.after)
    # A list with records set aside may have lost the one that is missing; an empty one is more likely a fault.
    is_whole = is_full and batch.records > 0 and not batch.rejected
    batch.flush(done, PullEnd(is_whole=is_whole, previous_run=None if is_whole else known.run))
    return Pulled(
        stream=stream.name,
        records=batch.records,
        pages=batch.pages,
        rejected=batch.rejected,
        repeated=batch.repeated,
        is_full=is_full,
        cursor=msgspec.to_builtins(done),
        high_water_at=plan.until,
        notes=(*prepared.notes, *batch.notes),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plan(Generic[A]):
    is_first: bool
    began: datetime
    until: datetime
    steps: tuple[Pass[A], ...]
    resume: str | None
    position: Mapping[str, Any] | None


def _plan(stream: Stream[A], known: Cursor, prepared: Prepared, now: datetime, trail: timedelta) -> _Plan[A]:
    """Choose the passes: all from the start, only changes, or the rest of what an interrupted pull left."""
    # A field asked for the first time is unknown in every record landed so far, so all are asked again.
    grown = known.until is not None and not set(prepared.fields) <= set(known.fields)
    at = None if known.at is None or not set(prepared.fields) <= set(known.fields) else known.at
    is_first = at.is_first if at else known.until is None or grown
    began = at.began if at else now
    wanted = When.FIRST if is_first else When.AGAIN
    steps = tuple(step for step in stream.passes if step.when in (wanted, When.ALWAYS))
    names = [step.name for step in steps]
    resume = at.walking if at and at.walking in names else None
    return _Plan(
        is_first=is_first,
        began=began,
        until=began - trail,
        steps=steps[names.index(resume) :] if resume else steps,
        resume=resume,
        position=at.position if at and resume else None,
    )


class _Batch:
    """Pages gathered until they are worth a file; a cursor is written only with or after all it covers."""

    def __init__(
        self,
        writer: LandingWriter,
        limit: FaultLimit,
        where: str,
        progress: Callable[[int], None],
        enough: int,
    ) -> None:
        self._writer = writer
        self._limit = limit
        self._where = where
        self._progress = progress
        self._enough = enough
        self._waiting = Parcel()
        self._aside: list[Rejected] = []
        self._aside_letters = 0
        self._request = ""
        self.records = self.pages = self.rejected = self.repeated = 0
        self.notes: list[str] = []

    def add(self, page: Page, cursor: Cursor) -> None:
        """Take a page; land what has gathered when it is enough."""
        records = len(page.checked.records)
        self._waiting.add([seen.raw for seen in page.checked.records])
        self._aside += page.checked.rejected
        self._aside_letters += sum(len(bad.record) for bad in page.checked.rejected)
        self._request = page.request
        self.pages += 1
        self.records += records
        self.rejected += len(page.checked.rejected)
        self.repeated += page.repeated
        self.notes += page.notes
        self._progress(records + len(page.checked.rejected))
        self._stop_at_too_many()
        if self._waiting.bytes + self._aside_letters >= self._enough:
            self.flush(cursor)

    def flush(self, cursor: Cursor | None, end: PullEnd | None = None) -> None:
        """Land what has gathered, then name the cursor, and how the pull ended where this is its end."""
        self._writer.write_page(
            self._waiting,
            request=f"{self._request} (up to page {self.pages})" if self.pages else "nothing to ask for",
            cursor=None if cursor is None else msgspec.to_builtins(cursor),
            rejected=self._aside,
            end=end,
        )
        self._waiting, self._aside, self._aside_letters = Parcel(), [], 0

    def _stop_at_too_many(self) -> None:
        if not self._limit.is_exceeded(self.rejected, of=self.records + self.rejected):
            return
        reasons = ", ".join(sorted({bad.reason for bad in self._aside}))
        # No cursor: a person must look before anything is skipped.
        self.flush(None)
        raise SourceAnswerUnusableError(
            f"{self._where}: {self.rejected} of {counted(self.records + self.rejected, 'record')} up to page "
            f"{self.pages} cannot be read ({reasons}). They are kept beside the landed pages: compare them with the "
            "vendor's docs. To leave them out, raise quarantine_ceiling."
        )


def _as_dict(position: Mapping[str, Any] | None) -> dict[str, Any] | None:
    return None if position is None else dict(position)


def _read_cursor(cursor: Mapping[str, Any] | None, source: str, stream: str) -> Cursor:
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


def _refuse_future(known: Cursor, source_now: datetime, where: str, *, is_windowed: bool) -> None:
    """Stop: a cursor ahead of the source's clock would skip what happens in between."""
    if is_windowed and known.until is not None and known.until > source_now + timedelta(days=1):
        raise ConfigurationError(f"{where}: the stored cursor lies in the source's future. Run this source in full.")
