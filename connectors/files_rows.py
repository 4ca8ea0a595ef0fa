"""What reading a file gives: its rows as JSON objects of text with their lines, and the rows set aside."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import msgspec
import polars as pl

from connectors.landed import Rejected
from definitions.errors import FileUnreadableError
from definitions.file_stream import FileStream

ROWS = pl.Schema({"line": pl.Int64(), "raw": pl.String(), "id": pl.String(), "version": pl.String()})
_BATCH = 50_000
_SURROGATE = re.compile("[\ud800-\udfff]")
# A handful of bad rows in a small file is not yet a pattern.
_FEW = 10
_SHOWN = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class FileRows:
    """`rows`: the line, `raw` (one JSON object, each value as the file writes it), and what identifies the row.

    `notes` say what was passed over.
    """

    rows: pl.DataFrame
    rejected: tuple[Rejected, ...]
    columns: tuple[str, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Row:
    """One good row: its first line, and its values by column."""

    line: int
    values: Mapping[str, str | None]


def collected(found: Iterable[Row | Rejected], stream: FileStream) -> tuple[pl.DataFrame, tuple[Rejected, ...]]:
    """Rows as a frame, in the order of the file, and the rejected ones."""
    rejected: list[Rejected] = []
    parts = [pl.DataFrame(schema=ROWS), *_frames(found, stream, rejected)]
    return pl.concat(parts), tuple(rejected)


def framed(texts: pl.DataFrame, stream: FileStream, names: Sequence[str]) -> pl.DataFrame:
    """Rows as a frame, from columns of text under their `names`, and their lines in the column without a name."""
    version = pl.lit(None, pl.String) if stream.version is None else pl.col(stream.version)
    raw = pl.struct(names).struct.json_encode()
    return texts.select(line="", raw=raw, id=pl.col(stream.id), version=version).cast(ROWS)


def _frames(found: Iterable[Row | Rejected], stream: FileStream, rejected: list[Rejected]) -> Iterator[pl.DataFrame]:
    encode = msgspec.json.Encoder().encode
    batch: list[tuple[int, bytes, str | None, str | None]] = []
    for row in found:
        if isinstance(row, Rejected):
            rejected.append(row)
            continue
        version = None if stream.version is None else row.values.get(stream.version)
        batch.append((row.line, encode(row.values), row.values.get(stream.id), version))
        if len(batch) == _BATCH:
            yield _frame(batch)
            batch = []
    if batch:
        yield _frame(batch)


def _frame(batch: list[tuple[int, bytes, str | None, str | None]]) -> pl.DataFrame:
    line, raw, ids, versions = zip(*batch, strict=True)
    text = pl.Series(raw, dtype=pl.Binary).cast(pl.String)
    return pl.DataFrame({"line": line, "raw": text, "id": ids, "version": versions}, schema=ROWS)


def set_aside(reason: str, line: int, text: str, field: str | None = None) -> Rejected:
    """One rejected row, its line end apart; bytes that were not of the encoding are written as escapes."""
    text = text.rstrip("\r\n")
    shown = text.encode("utf-8", "surrogateescape" if _is_escaped(text) else "replace")
    return Rejected(
        reason=reason, page=None, offset=line, field=field, record=shown.decode("utf-8", "backslashreplace")
    )


def is_damaged(text: str) -> bool:
    """Whether the text holds half a character: a byte that is not of the declared encoding, or half a pair."""
    return _SURROGATE.search(text) is not None


def mended(text: str) -> str:
    """Text with the replacement character for each half of a pair."""
    return text if text.isascii() else _SURROGATE.sub("\ufffd", text)


def refuse_many(rows: FileRows, where: str, share: float) -> None:
    """Raise `FileUnreadableError` where more rows were set aside than a few and than `share` of all (0 to 1)."""
    count = len(rows.rejected)
    total = rows.rows.height + count
    if count <= max(_FEW, share * total):
        return
    reasons = Counter(rejected.reason for rejected in rows.rejected)
    told = ", ".join(
        f"{number} with {reason} (lines {_lines(rows.rejected, reason)})" for reason, number in reasons.most_common()
    )
    raise FileUnreadableError(
        f"{where}: {count} of {total} rows cannot be read as declared: {told}. "
        "Compare `format`, `encoding`, `delimiter` and `quote` with the file, or export it again."
    )


def refuse_missing(needed: Sequence[str], columns: Sequence[str], where: str) -> None:
    """Raise `FileUnreadableError` naming the declared columns that the file does not have."""
    missing = [name for name in needed if name not in columns]
    if missing:
        raise FileUnreadableError(
            f"{where}: has no column {', '.join(map(repr, missing))}. It has {', '.join(map(repr, columns))}. "
            "Correct `columns` or export the file with it."
        )


def _is_escaped(text: str) -> bool:
    """Whether every half character stands for one byte that could not be decoded."""
    return all("\udc80" <= half <= "\udcff" for half in _SURROGATE.findall(text))


def _lines(rejected: Sequence[Rejected], reason: str) -> str:
    lines = [str(row.offset) for row in rejected if row.reason == reason]
    return ", ".join(lines[:_SHOWN]) + (" …" if len(lines) > _SHOWN else "")
