"""Extraction of files: validated batch by batch, landed verbatim when changed, and read again from the landing."""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

import polars as pl

from connectors.extract import PullResult
from connectors.files.delimited import read_delimited
from connectors.files.ids import identified
from connectors.files.json_document import read_json
from connectors.files.jsonl import read_json_lines
from connectors.files.kinds import refuse_other_kind
from connectors.files.parquet import read_parquet
from connectors.files.rows import FileRows, ReadFindings, refuse_many
from connectors.files.text import blocks_of, encoding_of, head_of, refuse_other_mark
from connectors.files.unpacking import FileContent
from connectors.files.workbook import comma_columns, read_workbook
from connectors.landing.reader import LandedPage
from connectors.landing.writer import Landing, LandingWriter
from definitions.fault_limit import RECORDS, FaultLimit
from definitions.mapping.file_stream import FileStream

# Packed by their format.
_PACKED = ("parquet", "xlsx")
_EVALUATED_ONCE = ("source_updated_at", "is_deleted")


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
) -> PullResult:
    """Land a file, unless neither it nor its reading options changed since `cursor` (None the first time).

    Paths are relative to `folder`. `is_full` of the result is `is_whole`. The text of the file is never held as a
    whole: it is read once for validation, and once for landing. Raises `FileUnreadableError` naming source,
    stream, file, and lines or column; `LandingError`.
    """
    where = f"{source}.{stream.name}: {stream.path}"
    content = FileContent(path=folder / stream.path, stream=stream, where=where)
    reached = {"sha256": content.digest(), "read_as": _reading_options(stream)}
    if cursor is not None and dict(cursor) == reached:
        return _pulled(stream, reached, now)
    chunks = partial(content.chunks, reached["sha256"])
    found, repeated = read_rows(chunks, stream, where, with_text=False)
    refuse_many(found, where, limit)
    writer.write_file(
        chunks(),
        suffix=f".{stream.format}" if stream.format in _PACKED else f".{stream.format}.zst",
        records=found.rows.height,
        request=f"file {stream.path}",
        cursor=reached,
        rejected=found.rejected,
    )
    progress(found.rows.height)
    notes = (*found.notes, *_removals_noted(found, stream, where))
    return _pulled(stream, reached, now, found=found, repeated=repeated, notes=notes)


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
    content = FileContent(path=path, stream=stream, where=f"{page.source}.{page.stream}: {path.name}", is_landed=True)
    found, _ = read_rows(content.chunks, stream, content.where)
    location = pl.concat_str(pl.lit(f"{page.run_id}/{path.name}:"), pl.col("line"))
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


def _pulled(
    stream: FileStream,
    reached: dict[str, Any],
    now: datetime,
    *,
    found: FileRows | None = None,
    repeated: int = 0,
    notes: tuple[str, ...] = (),
) -> PullResult:
    rows = 0 if found is None else found.rows.height
    rejected = 0 if found is None else len(found.rejected)
    return PullResult(
        stream=stream.name,
        records=rows,
        pages=0 if found is None else 1,
        rejected=rejected,
        repeated=repeated,
        is_full=is_whole(stream, records=rows, rejected=rejected),
        cursor=reached,
        high_water_at=now,
        notes=notes,
        is_unchanged=found is None,
    )
