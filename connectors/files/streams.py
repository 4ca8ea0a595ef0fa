"""Extraction of files: validated batch by batch, landed verbatim when changed, and read again from the landing."""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

import polars as pl

from connectors.extract import PullResult
from connectors.files.formats.delimited import read_delimited
from connectors.files.formats.json_document import read_json
from connectors.files.formats.jsonl import read_json_lines
from connectors.files.formats.parquet import read_parquet
from connectors.files.formats.rows import FileRows, ReadFindings, refuse_many
from connectors.files.formats.workbook import comma_columns, read_workbook
from connectors.files.ids import identified
from connectors.files.kinds import refuse_other_kind
from connectors.files.remaining import (
    REMAINING_SUFFIX,
    remaining_lines,
    remaining_rows,
    rows_of_remaining,
)
from connectors.files.text import blocks_of, encoding_of, head_of, refuse_other_mark
from connectors.files.unpacking import FileContent
from connectors.files.watched import files_of, fresh_until, is_watched
from connectors.landing.erased import StreamEraser
from connectors.landing.reader import LandedPage
from connectors.landing.writer import Landing, LandingWriter
from definitions.errors import FileUnreadableError
from definitions.fault_limit import RECORDS, FaultLimit
from definitions.mapping.file_stream import FileStream

# Packed by their format.
_PACKED = ("parquet", "xlsx")
# Of files that went away, so many contents are known again should they come back.
_MOST_GONE = 1000
_EVALUATED_ONCE = ("source_updated_at", "is_deleted")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Export:
    """A file of a stream: its content, its name below the data folder, its SHA-256, and up to when it is fresh."""

    content: FileContent
    name: str
    digest: str
    fresh_until: datetime


def read_rows(
    chunks: Callable[[], Iterable[bytes]], stream: FileStream, where: str, *, with_text: bool = True
) -> tuple[FileRows, int]:
    """Read the rows of a file as its stream declares, and count exact repetitions.

    Each call of `chunks` returns the unpacked bytes from the beginning. Without `with_text` the rows are counted, not
    held. Raises `FileUnreadableError` naming `where`.
    """
    return identified(partial(_parts, chunks, stream), stream, where, with_text=with_text)


def _parts(chunks: Callable[[], Iterable[bytes]], stream: FileStream, findings: ReadFindings) -> Iterator[pl.DataFrame]:
    if stream.format == "parquet":
        return read_parquet(b"".join(chunks()), stream, findings)
    head, whole = head_of(iter(chunks()))
    if stream.format != "xlsx":
        refuse_other_mark(head, stream.encoding, findings.where)
    refuse_other_kind(head, stream, findings.where)
    if stream.format == "xlsx":
        return read_workbook(b"".join(whole), stream, findings)
    encoding = encoding_of(head, stream.encoding)
    if stream.format == "json":
        return read_json(blocks_of(whole, encoding, findings.where, longest=None), stream, findings)
    if stream.format == "jsonl":
        return read_json_lines(blocks_of(whole, encoding, findings.where, ends="\n"), stream, findings)
    return read_delimited(blocks_of(whole, encoding, findings.where), stream, findings)


def pull_file(
    stream: FileStream,
    *,
    source: str,
    folder: Path,
    writer: LandingWriter,
    cursor: Mapping[str, Any] | None,
    now: datetime,
    progress: Callable[[int], None],
    limit: FaultLimit = RECORDS,
    eraser: StreamEraser | None = None,
) -> PullResult:
    """Land a file, unless neither it nor its reading options changed since `cursor` (None the first time).

    Of a folder, land each file whose content was not landed before, the earliest first. Paths are relative to `folder`.
    `is_full` of the result is `is_whole` of the last file; it is known up to when the newest file is fresh. The text of
    a file is never held as a whole: it is read once for validation, and once for landing. Where `eraser` finds an
    erased person in it, the rows that remain are landed in its place. Raises `FileUnreadableError` naming source,
    stream, file, and lines or column; `LandingError`.
    """
    found = _exports(stream, source, folder, now)
    read_as = _reading_options(stream)
    is_folder = is_watched(stream, folder)
    previous = cursor if cursor is not None and cursor.get("read_as") == read_as else {}
    if is_folder:
        new, notes = _new_exports(found, previous, stream)
    else:
        new, notes = [one for one in found if one.digest != previous.get("sha256")], ()
    if not found and not previous:
        raise FileUnreadableError(
            f"{source}.{stream.name}: {stream.path}: there is no file yet. Put one there, or correct `path`."
        )
    fresh = max((one.fresh_until for one in found), default=None) or datetime.fromisoformat(previous["newest"])
    result = _unchanged(stream, dict(previous), fresh, notes)
    for one in new:
        reached = {"sha256": one.digest, "read_as": read_as}
        if is_folder:
            reached |= _folder_cursor(result.cursor if result.pages else previous, one, found)
        landed = _land(one, stream, writer=writer, reached=reached, progress=progress, limit=limit, eraser=eraser)
        result = replace(
            landed,
            records=result.records + landed.records,
            pages=result.pages + 1,
            rejected=result.rejected + landed.rejected,
            repeated=result.repeated + landed.repeated,
            notes=(*result.notes, *landed.notes),
            high_water_at=fresh,
        )
    return result


def _exports(stream: FileStream, source: str, folder: Path, now: datetime) -> list[_Export]:
    """Return the files of a stream, the earliest first."""
    found = []
    for path in files_of(stream, folder):
        name = path.relative_to(folder).as_posix() if path.is_relative_to(folder) else stream.path
        where = f"{source}.{stream.name}: {name}"
        content = FileContent(path=path, stream=stream, where=where)
        fresh = fresh_until(path, stream, where, now)
        found.append(_Export(content=content, name=name, digest=content.digest(), fresh_until=fresh))
    return sorted(found, key=lambda one: (one.fresh_until, one.name))


def _new_exports(
    found: Sequence[_Export], previous: Mapping[str, Any], stream: FileStream
) -> tuple[list[_Export], tuple[str, ...]]:
    """Return the files of a folder that were not landed, each content once, and notes on those that come too late.

    A file that holds every record and is older than the last one landed would bring back what has changed since.
    """
    digests = set(previous.get("digests", ()))
    new: list[_Export] = []
    late: list[_Export] = []
    for one in found:
        if _short(one) in digests:
            continue
        digests.add(_short(one))
        is_late = stream.complete and "newest" in previous and one.fresh_until.isoformat() < previous["newest"]
        (late if is_late else new).append(one)
    notes = (
        f"{one.content.where}: is older than the last file read, and holds every record; passed over" for one in late
    )
    return new, tuple(notes)


def _folder_cursor(before: Mapping[str, Any], one: _Export, found: Sequence[_Export]) -> dict[str, Any]:
    """Return what is known of a folder after a file: contents landed, of files gone only the last, and how fresh."""
    there = {_short(other) for other in found}
    digests = [digest for digest in before.get("digests", ()) if digest != _short(one)]
    gone = [digest for digest in digests if digest not in there][-_MOST_GONE:]
    newest = max(one.fresh_until.isoformat(), before.get("newest", ""))
    return {"digests": [*gone, *(digest for digest in digests if digest in there), _short(one)], "newest": newest}


def _short(one: _Export) -> str:
    return one.digest[:16]


def _land(
    one: _Export,
    stream: FileStream,
    *,
    writer: LandingWriter,
    reached: dict[str, Any],
    progress: Callable[[int], None],
    limit: FaultLimit,
    eraser: StreamEraser | None,
) -> PullResult:
    """Validate and land one file, or what remains of it without the erased."""
    chunks, where = partial(one.content.chunks, one.digest), one.content.where
    found, repeated = read_rows(chunks, stream, where, with_text=eraser is not None)
    refuse_many(found, where, limit)
    land = partial(writer.write_file, request=f"file {one.name}", cursor=reached)
    remaining = None if eraser is None else remaining_rows(found, eraser)
    if eraser is not None and remaining is not None:
        rejected = eraser.kept_rejected(found.rejected)
        lines = remaining_lines(remaining)
        land(lines, suffix=REMAINING_SUFFIX, records=remaining.height, rejected=rejected)
    else:
        suffix = f".{stream.format}" if stream.format in _PACKED else f".{stream.format}.zst"
        land(chunks(), suffix=suffix, records=found.rows.height, rejected=found.rejected)
    progress(found.rows.height)
    return PullResult(
        stream=stream.name,
        records=found.rows.height,
        pages=1,
        rejected=len(found.rejected),
        repeated=repeated,
        is_full=is_whole(stream, records=found.rows.height, rejected=len(found.rejected)),
        cursor=reached,
        high_water_at=one.fresh_until,
        notes=(*found.notes, *_removals_noted(found, stream, where)),
    )


def _unchanged(stream: FileStream, cursor: dict[str, Any], fresh: datetime, notes: tuple[str, ...]) -> PullResult:
    """Return the result of a pull that found nothing new."""
    return PullResult(
        stream=stream.name,
        records=0,
        pages=0,
        rejected=0,
        repeated=0,
        is_full=False,
        cursor=cursor,
        high_water_at=fresh,
        notes=notes,
        is_unchanged=True,
    )


def _removals_noted(found: FileRows, stream: FileStream, where: str) -> Iterator[str]:
    if stream.complete and found.rejected and found.rows.height:
        count = len(found.rejected)
        rows = "1 row was" if count == 1 else f"{count} rows were"
        yield f"{where}: {rows} set aside, so removals are off: what is no longer in the file is not taken for gone"


def landed_rows(landing: Landing, page: LandedPage, stream: FileStream) -> pl.DataFrame:
    """Read the rows of a landed file: `raw` (a JSON object of text) and `location` (`run/file:line`).

    Raises `LandingError` where the landed file does not match its checksum, `FileUnreadableError` as `pull_file`.
    """
    path = landing.verified(page)
    location = pl.concat_str(pl.lit(f"{page.run_id}/{path.name}:"), pl.col("line"))
    if path.name.endswith(REMAINING_SUFFIX):
        return rows_of_remaining(path).select("raw", location=location)
    content = FileContent(path=path, stream=stream, where=f"{page.source}.{page.stream}: {path.name}", is_landed=True)
    found, _ = read_rows(content.chunks, stream, content.where)
    return found.rows.select("raw", location=location)


def is_whole(stream: FileStream, *, records: int, rejected: int) -> bool:
    """Whether an id that is not in the file is deleted: the stream is declared complete, and all rows are valid.

    An export without a row is more likely a failed export than a company without customers.
    """
    return stream.complete and records > 0 and rejected == 0


def _reading_options(stream: FileStream) -> str:
    """Compute a digest of the options that affect reading: a change of them counts as a changed file.

    Change time and deletion of a row are evaluated once, when the file is compacted into the state; other values are
    read by every run, so that their aliases and formats do not count.
    """
    dialect = (stream.format, stream.encoding, stream.delimiter, stream.quote)
    parts: tuple[object, ...] = (stream.path, *dialect, stream.id, stream.needed_columns, stream.complete)
    if stream.header_line or stream.skip_last:
        parts += (stream.header_line, stream.skip_last)
    if stream.format == "xlsx":
        parts += (stream.sheet, sorted(comma_columns(stream)))
    if evaluated := [(name, stream.columns[name]) for name in _EVALUATED_ONCE if name in stream.columns]:
        parts += (evaluated, stream.dates, stream.nulls)
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]
