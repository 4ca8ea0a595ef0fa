"""What reading a file gives: its rows as JSON objects of text with their lines, and the rows set aside."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import msgspec
import polars as pl

from connectors.landed import Rejected
from definitions.errors import FileUnreadableError

ROWS = pl.Schema({"line": pl.Int64(), "raw": pl.String()})
_BATCH = 50_000
_SURROGATE = re.compile("[\ud800-\udfff]")
# A handful of bad rows in a small file is not yet a pattern.
_FEW = 10
_SHOWN = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class FileRows:
    """`rows` (line, raw): one JSON object a row, each value as the file writes it. `notes` say what was passed over."""

    rows: pl.DataFrame
    rejected: tuple[Rejected, ...]
    columns: tuple[str, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Row:
    """One good row: its first line, and its values by column."""

    line: int
    values: Mapping[str, str | None]


def collected(found: Iterable[Row | Rejected]) -> tuple[pl.DataFrame, tuple[Rejected, ...]]:
    """Rows as a frame, in the order of the file, and the rejected ones."""
    rejected: list[Rejected] = []
    parts = [pl.DataFrame(schema=ROWS), *_frames(found, rejected)]
    return pl.concat(parts), tuple(rejected)


def _frames(found: Iterable[Row | Rejected], rejected: list[Rejected]) -> Iterator[pl.DataFrame]:
    encode = msgspec.json.Encoder().encode
    lines: list[int] = []
    raw: list[bytes] = []
    for row in found:
        if isinstance(row, Rejected):
            rejected.append(row)
            continue
        lines.append(row.line)
        raw.append(encode(row.values))
        if len(raw) == _BATCH:
            yield _frame(lines, raw)
            lines, raw = [], []
    yield _frame(lines, raw)


def _frame(lines: list[int], raw: list[bytes]) -> pl.DataFrame:
    return pl.DataFrame({"line": lines, "raw": pl.Series(raw, dtype=pl.Binary).cast(pl.String)}, schema=ROWS)


def set_aside(reason: str, line: int, text: str, field: str | None = None) -> Rejected:
    """One rejected row, its line end apart; bytes that were not of the encoding are written as escapes."""
    text = text.rstrip("\r\n")
    shown = text.encode("utf-8", "surrogateescape" if _is_escaped(text) else "replace")
    return Rejected(reason=reason, page=1, offset=line, field=field, record=shown.decode("utf-8", "backslashreplace"))


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
