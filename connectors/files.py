"""Files as a source: read whole, checked, landed verbatim when they changed, and read again from the landing."""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl

from connectors.files_bytes import decoded, read_bytes, unpacked
from connectors.files_delimited import read_delimited
from connectors.files_ids import identified
from connectors.files_jsonl import read_json_lines
from connectors.files_parquet import read_parquet
from connectors.files_rows import FileRows, refuse_many
from connectors.landed import LandedPage, inflate
from connectors.landing import Landing, LandingWriter
from connectors.pull import Pulled
from definitions.file_stream import FileStream

_CHUNK = 1 << 20
_SETTLED = ("source_updated_at", "is_deleted")


def read_rows(content: bytes, stream: FileStream, where: str) -> tuple[FileRows, int]:
    """Rows of an unpacked file as its stream declares it, and how many repeated another one entirely.

    Raises `FileUnreadableError` naming `where`.
    """
    return identified(_rows(content, stream, where), stream)


def _rows(content: bytes, stream: FileStream, where: str) -> FileRows:
    if stream.format == "parquet":
        return read_parquet(content, stream, where)
    text = decoded(content, stream.encoding, where)
    if stream.format == "jsonl":
        return read_json_lines(text, stream, where)
    return read_delimited(text, stream, where)


def pull_file(
    stream: FileStream,
    *,
    source: str,
    folder: Path,
    writer: LandingWriter,
    cursor: Mapping[str, Any] | None,
    now: datetime,
    progress: Callable[[int], None],
    rejected_share: float = 0.01,
) -> Pulled:
    """Land a file, unless it and the way to read it are those that `cursor` (null the first time) tells of.

    `folder` is where paths of the source begin. `is_full` of the answer is `is_whole`. Raises `FileUnreadableError`
    naming source, stream, file, and lines or column; `LandingError`.
    """
    where = f"{source}.{stream.name}: {stream.path}"
    content = read_bytes(folder / stream.path, where)
    reached = {"sha256": hashlib.sha256(content).hexdigest(), "read_as": _way_of_reading(stream)}
    if cursor is not None and dict(cursor) == reached:
        return _pulled(stream, reached, now, notes=(f"{where}: has not changed",))
    plain = unpacked(content, stream.path, where)
    found, repeated = read_rows(plain, stream, where)
    refuse_many(found, where, rejected_share)
    writer.write_file(
        _chunks(plain),
        suffix=".parquet" if stream.format == "parquet" else f".{stream.format}.zst",
        records=found.rows.height,
        request=f"file {stream.path}",
        cursor=reached,
        rejected=found.rejected,
    )
    progress(found.rows.height)
    return _pulled(stream, reached, now, found=found, repeated=repeated, notes=found.notes)


def landed_rows(landing: Landing, page: LandedPage, stream: FileStream) -> pl.DataFrame:
    """Rows of a landed file: `raw` (a JSON object of text) and `location` (`run/file:line`).

    Raises `LandingError` where the landed file no longer matches its checksum.
    """
    path = landing.verified(page)
    content = path.read_bytes() if path.suffix == ".parquet" else inflate(path)
    found, _ = read_rows(content, stream, f"{page.source}.{page.stream}: {path.name}")
    place = pl.concat_str(pl.lit(f"{page.run_id}/{path.name}:"), pl.col("line"))
    return found.rows.select("raw", location=place)


def is_whole(stream: FileStream, *, records: int, rejected: int) -> bool:
    """Whether an id that is not in the file is gone: the stream is declared complete, and every row could be read.

    An export without a row is more likely a failed export than a company without customers.
    """
    return stream.complete and records > 0 and rejected == 0


def _way_of_reading(stream: FileStream) -> str:
    """Digest of all that reading obeys or checks: another way of reading is another file.

    What a row says of its change and its deletion is settled as its file is folded; other values are read anew by
    every run, so that their aliases and orders do not count.
    """
    dialect = (stream.format, stream.encoding, stream.delimiter, stream.quote)
    parts: tuple[object, ...] = (stream.path, *dialect, stream.id, stream.needed_columns, stream.complete)
    if settled := [(name, stream.columns[name]) for name in _SETTLED if name in stream.columns]:
        parts += (settled, stream.dates, stream.nulls)
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]


def _pulled(
    stream: FileStream,
    reached: dict[str, Any],
    now: datetime,
    *,
    found: FileRows | None = None,
    repeated: int = 0,
    notes: tuple[str, ...],
) -> Pulled:
    rows = 0 if found is None else found.rows.height
    rejected = 0 if found is None else len(found.rejected)
    return Pulled(
        stream=stream.name,
        records=rows,
        pages=0 if found is None else 1,
        rejected=rejected,
        repeated=repeated,
        is_full=is_whole(stream, records=rows, rejected=rejected),
        cursor=reached,
        high_water_at=now,
        notes=notes,
    )


def _chunks(content: bytes) -> Iterator[bytes]:
    view = memoryview(content)
    for start in range(0, len(content), _CHUNK):
        yield bytes(view[start : start + _CHUNK])
