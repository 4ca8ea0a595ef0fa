"""Rows of a CSV or TSV file, each with the line it begins on; a bad row costs itself and no other.

The rules are RFC 4180's, strictly: a quote opens a cell only at its start, is doubled inside, and closes it before a
delimiter or a line end. What follows from an unclosed quote is not believed: its first line is set aside and reading
goes on with the next, so that it never swallows the rows after it.
"""

import csv
import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

import polars as pl

from connectors.files_bytes import lines_of
from connectors.files_rows import FileRows, Row, collected, framed, is_damaged, refuse_missing, set_aside
from connectors.landed import Rejected
from definitions.errors import FileUnreadableError
from definitions.file_stream import FileStream, header_name

_LONE_RETURN = re.compile(r"\r(?!\n)")
# One text in a frame is at most 4 GB of UTF-8, and a character is at most 4 bytes.
_SPLIT_AT_MOST = 1 << 30
# In a narrower table a line of ordinary text, with a comma or two, looks like a row.
_TELLING_WIDTH = 4


def read_delimited(text: str, stream: FileStream, where: str) -> FileRows:
    """Read the rows of a delimited file.

    Raises `FileUnreadableError` naming `where`: no header, a column named twice, a mapped column missing, values in a
    column without a name.
    """
    tape = _Tape(lines_of(text))
    header = _header(tape, stream, where)
    names = [header_name(cell) for cell in header]
    _refuse_doubled(names, where)
    named = [name for name in names if name]
    refuse_missing(stream.needed_columns, named, where)
    table = _Table(stream, names, where, is_damaged=is_damaged(text))
    has_quotes = stream.quote is not None and stream.quote in text
    if has_quotes or table.is_damaged or _LONE_RETURN.search(text) or len(text) > _SPLIT_AT_MOST:
        rows, rejected = collected(table.read(tape), stream)
    else:
        rows, rejected = table.split(text, tape.line)
    return FileRows(rows=rows, rejected=rejected, columns=tuple(named), notes=table.notes())


class _Tape:
    """The lines of a text, of which those of a record gone wrong can be given back."""

    def __init__(self, lines: Iterator[str]) -> None:
        self._lines = lines
        self._again: deque[str] = deque()
        self.taken: list[str] = []
        self.line = 1

    def __iter__(self) -> "_Tape":
        return self

    def __next__(self) -> str:
        line = self._again.popleft() if self._again else next(self._lines)
        self.taken.append(line)
        return line

    def settle(self) -> None:
        """Be done with the lines taken."""
        self.line += len(self.taken)
        self.taken.clear()

    def give_up_first(self) -> None:
        """Be done with the first line taken, and give the others back."""
        self._again.extendleft(reversed(self.taken[1:]))
        self.taken.clear()
        self.line += 1


@dataclass(slots=True)
class _Table:
    """Reads rows of one shape, and counts what it passes over."""

    stream: FileStream
    names: list[str]
    where: str
    is_damaged: bool
    blank_lines: int = 0

    def read(self, tape: _Tape) -> Iterator[Row | Rejected]:
        """Rows one by one, quotes obeyed."""
        unnamed = [place for place, name in enumerate(self.names) if not name]
        reader = _reader(tape, self.stream)
        while True:
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error:
                fault: str | None = "broken_quote" if (self.stream.quote or "") in tape.taken[0] else "cell_too_long"
            else:
                fault = self._fault(cells, tape.taken)
            if fault is not None:
                yield set_aside(fault, tape.line, tape.taken[0])
                tape.give_up_first()
                # A reader does not recover from its error.
                reader = _reader(tape, self.stream)
                continue
            if not any(cells):
                self.blank_lines += 1
            elif self.is_damaged and is_damaged("".join(cells)):
                yield set_aside("undecodable", tape.line, "".join(tape.taken))
            else:
                for place in unnamed:
                    _refuse_unnamed(cells[place], place, tape.line, self.where)
                values = dict(zip(self.names, cells, strict=True))
                values.pop("", None)
                yield Row(tape.line, values)
            tape.settle()

    def split(self, text: str, first: int) -> tuple[pl.DataFrame, tuple[Rejected, ...]]:
        """All rows at once, of a text without quotes: every line is a row, every delimiter parts two cells."""
        width = len(self.names)
        lines = pl.Series("text", [text]).str.split("\n").explode().str.strip_suffix("\r").to_frame()
        lines = lines.with_row_index("line", 1).filter(pl.col("line") >= first)
        count = pl.col("text").str.count_matches(self.stream.delimiter, literal=True).cast(pl.Int64) + 1
        is_blank = pl.col("text").str.strip_chars(self.stream.delimiter) == ""
        lines = lines.with_columns(pl.col("line").cast(pl.Int64), cells=count, is_blank=is_blank)
        is_right = (pl.col("cells") == width) & ~pl.col("is_blank")
        wrong = lines.filter(~is_right & ((pl.col("cells") != width) & (pl.col("text") != "")))
        self.blank_lines += lines.height - lines.filter(is_right).height - wrong.height
        # The text ends in a line end, or in a last line without one: neither makes a blank line.
        self.blank_lines -= int(text.endswith("\n"))
        cells = pl.col("text").str.split_exact(self.stream.delimiter, width - 1).alias("cells")
        split = lines.filter(is_right).select("line", cells).unnest("cells")
        split.columns = ["", *(name or f"\0{place}" for place, name in enumerate(self.names))]
        self._check_unnamed(split)
        rows = framed(split, self.stream, [name for name in self.names if name])
        rejected = [
            set_aside("short_row" if cells < width else "long_row", line, text)
            for line, text, cells in wrong.select("line", "text", "cells").rows()
        ]
        return rows, tuple(rejected)

    def notes(self) -> tuple[str, ...]:
        """What was passed over, in words."""
        unnamed = [str(place + 1) for place, name in enumerate(self.names) if not name]
        told = [f"{self.where}: column {', '.join(unnamed)} has no name and no value; passed over"] if unnamed else []
        if self.blank_lines:
            told.append(f"{self.where}: {self.blank_lines} blank lines passed over")
        return tuple(told)

    def _fault(self, cells: list[str], taken: list[str]) -> str | None:
        """Why the row is no row; None where it is one."""
        if len(cells) == len(self.names):
            return "broken_quote" if len(taken) > 1 and self._swallows(taken) else None
        if not cells:
            return None
        if len(taken) > 1:
            return "broken_quote"
        return "short_row" if len(cells) < len(self.names) else "long_row"

    def _swallows(self, taken: list[str]) -> bool:
        """Whether a quoted cell spans lines that are, each by itself, whole rows: then its quote was left open."""
        between, width = taken[1:-1], len(self.names)
        is_telling = len(between) > 1 and width >= _TELLING_WIDTH
        return is_telling and all(_width(line, self.stream) == width for line in between)

    def _check_unnamed(self, split: pl.DataFrame) -> None:
        for place, name in enumerate(self.names):
            if name:
                continue
            filled = split.filter(pl.col(f"\0{place}").str.strip_chars() != "")
            if filled.height:
                _refuse_unnamed(filled[f"\0{place}"][0], place, filled[""][0], self.where)


def _header(tape: _Tape, stream: FileStream, where: str) -> list[str]:
    try:
        for cells in _reader(tape, stream):
            tape.settle()
            if is_damaged("".join(cells)):
                raise FileUnreadableError(f"{where}: the header is not {stream.encoding}. Declare its encoding.")
            if any(header_name(cell) for cell in cells):
                return cells
    except csv.Error:
        raise FileUnreadableError(
            f"{where}: a quote in the header (line {tape.line}) is not closed. Export the file again."
        ) from None
    raise FileUnreadableError(f"{where}: has no header line. Export it again, with column names.")


def _reader(tape: _Tape, stream: FileStream) -> Iterator[list[str]]:
    if stream.quote is None:
        return csv.reader(tape, delimiter=stream.delimiter, quoting=csv.QUOTE_NONE)
    return csv.reader(tape, delimiter=stream.delimiter, quotechar=stream.quote, strict=True)


def _width(line: str, stream: FileStream) -> int:
    try:
        return len(next(_reader(_Tape(iter([line])), stream), []))
    except csv.Error:
        return 0


def _refuse_doubled(names: list[str], where: str) -> None:
    doubled = sorted({name for name in names if name and names.count(name) > 1})
    if doubled:
        raise FileUnreadableError(
            f"{where}: column {', '.join(map(repr, doubled))} stands twice in the header. Rename one of them."
        )


def _refuse_unnamed(cell: str, place: int, line: int, where: str) -> None:
    if cell.strip():
        raise FileUnreadableError(
            f"{where}: column {place + 1} has no name but holds values (first in line {line}). Name it in the file."
        )
