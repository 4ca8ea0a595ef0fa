"""Result of reading a file: rows as JSON objects of text with their lines, and rejected rows."""

import re
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import msgspec
import polars as pl

from connectors.landing.reader import Rejected
from definitions.errors import FileUnreadableError
from definitions.fault_limit import FaultLimit
from definitions.mapping.file_stream import FileStream

ROWS = pl.Schema({"line": pl.Int64(), "raw": pl.String(), "id": pl.String(), "version": pl.String()})
# More than any spreadsheet has; each row repeats the names of all columns.
MOST_COLUMNS = 16_384
_BATCH_ROWS = 50_000
_BATCH_BYTES = 8 << 20
_SURROGATE = re.compile("[\ud800-\udfff]")
_NAMED_LINES = 5
# The last ones tell a footer from a last row that was cut off.
MOST_BLANK_LINES = 100
# With more bad rows than good ones, and so many, reading stops.
_HOPELESS = FaultLimit(share=0.5, few=10_000)
_LONGEST_RECORD = 100_000
# Memory of a row besides its text, and of all rows as a multiple of the file: each row repeats the column names.
_ROW_BYTES = 100
_REJECTED_BYTES = 400
_TIMES_THE_FILE = 4


@dataclass(slots=True)
class ReadFindings:
    """Findings of reading a file besides its rows; filled while the rows are read.

    `columns` are the names in the file; `notes` list what was skipped. `id_at` is the index of the id's column among
    all of the file, `blank_lines` are the last blank lines.
    """

    stream: FileStream
    where: str
    rejected: list[Rejected] = field(default_factory=list)
    columns: tuple[str, ...] = ()
    notes: list[str] = field(default_factory=list)
    rows: int = 0
    id_at: int = 0
    blank_lines: deque[int] = field(default_factory=lambda: deque(maxlen=MOST_BLANK_LINES))
    _bytes: int = 0

    def counted(self, part: pl.DataFrame) -> pl.DataFrame:
        """Count a batch of rows; raises `FileUnreadableError` where they take too much memory together."""
        self.rows += part.height
        self._spend(int(part["raw"].str.len_bytes().sum()) + part.height * _ROW_BYTES)
        return part

    def _spend(self, size: int) -> None:
        self._bytes += size
        if self._bytes > self.stream.unpacked_limit_mb * 1_000_000 * _TIMES_THE_FILE:
            raise FileUnreadableError(
                f"{self.where}: its first {self.rows:,} rows take more than {_TIMES_THE_FILE} times the "
                f"{self.stream.unpacked_limit_mb:,} MB that its stream allows. If it is the right file, raise "
                "`unpacked_limit_mb`, or export fewer columns."
            )

    def refuse_large(self, rows: int, size: int) -> None:
        """Raise `FileUnreadableError` where a file's metadata states too many rows or bytes."""
        limit = self.stream.unpacked_limit_mb * 1_000_000
        if size > limit or rows * _ROW_BYTES > limit * _TIMES_THE_FILE:
            raise FileUnreadableError(
                f"{self.where}: holds {rows:,} rows and {size // 1_000_000:,} MB, more than the "
                f"{self.stream.unpacked_limit_mb:,} MB that its stream allows. If it is the right file, raise "
                "`unpacked_limit_mb`."
            )

    def reject(self, *rows: Rejected) -> None:
        """Add rejected rows; raises `FileUnreadableError` where most rows, and enough of them, are rejected."""
        self.rejected += rows
        self._spend(sum(len(row.record) + _REJECTED_BYTES for row in rows))
        read = len(self.rejected) + self.rows
        if _HOPELESS.is_exceeded(len(self.rejected), of=read):
            raise _bad_rows(self.rejected, f"the first {read:,} rows", self.where)


@dataclass(frozen=True, slots=True, kw_only=True)
class FileRows:
    """`rows`: line, `raw` (one JSON object, each value as in the file), id and version.

    `raw` is left out where only counts were requested. `notes` list what was skipped.
    """

    rows: pl.DataFrame
    rejected: tuple[Rejected, ...]
    columns: tuple[str, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Row:
    """One valid row: its first line, and its values by column."""

    line: int
    values: Mapping[str, str | None]


def framed(texts: pl.DataFrame, stream: FileStream, names: Sequence[str]) -> pl.DataFrame:
    """Convert columns of text (`names`, and the lines in the column without a name) to rows of schema `ROWS`."""
    version = pl.lit(None, pl.String) if stream.version is None else pl.col(stream.version)
    raw = pl.struct(names).struct.json_encode()
    return texts.select(line="", raw=raw, id=pl.col(stream.id), version=version).cast(ROWS)


def frames(found: Iterable[Row | Rejected], stream: FileStream, findings: ReadFindings) -> Iterator[pl.DataFrame]:
    """Collect rows into frames of some megabytes, in the order of the file; rejected ones go to the findings."""
    encode = msgspec.json.Encoder().encode
    batch: list[tuple[int, bytes, str | None, str | None]] = []
    size = 0
    for row in found:
        if isinstance(row, Rejected):
            findings.reject(row)
            continue
        version = None if stream.version is None else row.values.get(stream.version)
        raw = encode(row.values)
        size += len(raw)
        batch.append((row.line, raw, row.values.get(stream.id), version))
        if len(batch) == _BATCH_ROWS or size > _BATCH_BYTES:
            yield _frame(batch)
            batch, size = [], 0
    if batch:
        yield _frame(batch)


def _frame(batch: list[tuple[int, bytes, str | None, str | None]]) -> pl.DataFrame:
    line, raw, ids, versions = zip(*batch, strict=True)
    text = pl.Series(raw, dtype=pl.Binary).cast(pl.String)
    return pl.DataFrame({"line": line, "raw": text, "id": ids, "version": versions}, schema=ROWS)


def reject(reason: str, line: int, text: str, field: str | None = None) -> Rejected:
    """Build a rejected row, without its line end; bytes that are not of the encoding are escaped.

    A row longer than 100,000 characters is cut, and its length is added.
    """
    text = text.rstrip("\r\n")
    if len(text) > _LONGEST_RECORD:
        text = f"{text[:_LONGEST_RECORD]} … ({len(text)} characters in all)"
    encoded = text.encode("utf-8", "surrogateescape" if _is_escaped(text) else "replace")
    return Rejected(
        reason=reason, page=None, offset=line, field=field, record=encoded.decode("utf-8", "backslashreplace")
    )


def is_damaged(text: str) -> bool:
    """Whether the text holds a surrogate: a byte that is not of the declared encoding, or half a pair."""
    return not text.isascii() and _SURROGATE.search(text) is not None


def refuse_many(rows: FileRows, where: str, limit: FaultLimit) -> None:
    """Raise `FileUnreadableError` where more rows were rejected than the limit allows."""
    count = len(rows.rejected)
    total = rows.rows.height + count
    if limit.is_exceeded(count, of=total):
        raise _bad_rows(rows.rejected, f"{total:,} rows", where, " To leave them out, raise quarantine_ceiling.")


def _bad_rows(rejected: Sequence[Rejected], whole: str, where: str, way_out: str = "") -> FileUnreadableError:
    """Build the error with reasons, lines and remedy."""
    reasons = Counter(row.reason for row in rejected)
    summary = ", ".join(
        f"{number:,} with {reason} (lines {_lines(rejected, reason)})" for reason, number in reasons.most_common()
    )
    return FileUnreadableError(
        f"{where}: {len(rejected):,} of {whole} cannot be read as declared: {summary}. "
        f"{_remedy(reasons.most_common(1)[0][0])}{way_out}"
    )


_REMEDIES = {
    "undecodable": "Declare its `encoding` (cp1252 is that of Windows in western Europe), or export it as UTF-8.",
    "short_row": "Compare `delimiter` and `quote` with the file, or export it again.",
    "long_row": "Compare `delimiter` and `quote` with the file, or export it again.",
    "broken_quote": "Compare `quote` with the file (`quote: null` where it quotes nothing), or export it again.",
    "missing_id": "Name in `id` a column that every row fills.",
    "id_repeated": "Name in `id` a column that tells rows apart, or map `source_updated_at` if they are versions.",
}


def _remedy(reason: str) -> str:
    return _REMEDIES.get(
        reason, "Compare `format`, `encoding`, `delimiter` and `quote` with the file, or export it again."
    )


def refuse_missing(needed: Sequence[str], columns: Sequence[str], where: str, hint: str = "") -> None:
    """Raise `FileUnreadableError` naming the declared columns that the file lacks; `hint` is a likelier remedy."""
    missing = [name for name in needed if name not in columns]
    if missing:
        existing = ", ".join(map(repr, columns[:_MOST_NAMED])) + (" …" if len(columns) > _MOST_NAMED else "")
        raise FileUnreadableError(
            f"{where}: has no column {', '.join(map(repr, missing))}. It has {existing}. "
            f"{hint or 'Correct `columns` or export the file with it.'}"
        )


_MOST_NAMED = 40


def refuse_wide(count: int, where: str) -> None:
    """Raise `FileUnreadableError` for more columns than a table can have."""
    if count > MOST_COLUMNS:
        raise FileUnreadableError(
            f"{where}: has more than {MOST_COLUMNS:,} columns: no table has. Compare `delimiter` and `format` with the "
            "file, or export fewer columns."
        )


def _is_escaped(text: str) -> bool:
    """Whether every surrogate represents one byte that could not be decoded."""
    return all("\udc80" <= half <= "\udcff" for half in _SURROGATE.findall(text))


def _lines(rejected: Sequence[Rejected], reason: str) -> str:
    lines = [str(row.offset) for row in rejected if row.reason == reason]
    return ", ".join(lines[:_NAMED_LINES]) + (" …" if len(lines) > _NAMED_LINES else "")
