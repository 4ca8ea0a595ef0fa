"""Rows that remain of a file after an erasure: landed in place of the file, each with the line it had there."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import polars as pl

from connectors.files.formats.rows import FileRows
from connectors.landing.erased import TOMBSTONE, StreamEraser
from connectors.landing.reader import inflate

REMAINING_SUFFIX = ".remaining.jsonl.zst"
_SCHEMA = pl.Schema({"line": pl.Int64(), "raw": pl.String()})


class RemainingRow(msgspec.Struct, frozen=True):
    """One row: its line in the file, and its values as one JSON object of text."""

    line: int
    raw: str


def remaining_rows(found: FileRows, eraser: StreamEraser) -> pl.DataFrame | None:
    """Return the rows (line, raw) as they may be stored; None where neither they nor the rejected tell of the erased.

    A row that was set aside or repeats another counts too: it stands in the file.
    """
    kept = erased_rows(found.rows.select("line", "raw"), eraser)
    is_same = kept.equals(found.rows.select("line", "raw"))
    if is_same and not any(eraser.tells_of_erased(one.record) for one in found.rejected):
        return None
    return kept


def erased_rows(rows: pl.DataFrame, eraser: StreamEraser) -> pl.DataFrame:
    """Return rows that have `raw` as they may be stored: without erased ones, without erased addresses."""
    texts = [eraser.kept(raw.encode()).decode() for raw in rows["raw"]]
    return rows.with_columns(raw=pl.Series(texts, dtype=pl.String)).filter(pl.col("raw") != TOMBSTONE.decode())


def remaining_lines(rows: pl.DataFrame) -> Iterator[bytes]:
    """Yield the content of the landed file, line by line."""
    encode = msgspec.json.Encoder().encode
    return (encode(RemainingRow(line, raw)) + b"\n" for line, raw in rows.select("line", "raw").rows())


def rows_of_remaining(path: Path) -> pl.DataFrame:
    """Read the rows (line, raw) of such a file."""
    rows = msgspec.json.Decoder(RemainingRow).decode_lines(inflate(path))
    return pl.DataFrame([(row.line, row.raw) for row in rows], schema=_SCHEMA, orient="row")
