"""Rows of a CSV or TSV file, each with the line it begins on; a bad row costs itself and no other.

The rules are RFC 4180's, strictly: a quote opens a cell only at its start, is doubled inside, and closes it before a
delimiter or a line end. What follows from an unclosed quote is not believed: its first line is set aside and reading
goes on with the next, so that it never swallows the rows after it. The text comes in blocks of whole lines: one
without quotes is split at once, the others are read row by row.
"""

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

import polars as pl

from connectors.files.header import Header, read_header, refuse_unnamed
from connectors.files.line_buffer import LineBuffer, reader_of
from connectors.files.rows import ReadFindings, Row, framed, frames, is_damaged, set_aside
from connectors.landing.reader import Rejected
from definitions.mapping.file_stream import FileStream

_LONE_RETURN = re.compile(r"\r(?!\n)")
# In a narrower table a line of ordinary text, with a comma or two, looks like a row.
_TELLING_WIDTH = 4


def read_delimited(blocks: Iterator[str], stream: FileStream, findings: ReadFindings) -> Iterator[pl.DataFrame]:
    """Read the rows of a delimited file, part by part.

    Raises `FileUnreadableError`: no header, a mapped column missing or named twice, values in a column without a name.
    """
    tape = LineBuffer(blocks)
    table = _Table(stream, read_header(tape, stream, findings), findings)
    findings.columns = table.header.named
    block = tape.rest() or tape.next_block()
    while block is not None:
        if table.is_plain(block):
            yield table.split(block, tape.line)
            tape.line += block.count("\n") + int(not block.endswith("\n"))
        else:
            tape.load(block)
            yield from frames(table.read(tape), stream, findings)
        block = tape.next_block()
    findings.notes += table.notes()


@dataclass(slots=True)
class _Table:
    """Reads rows of one shape, and counts what it passes over."""

    stream: FileStream
    header: Header
    findings: ReadFindings
    blank_lines: int = 0
    _headers_again: list[int] = field(default_factory=list)

    def is_plain(self, block: str) -> bool:
        """Whether every line of the block is a row, and every delimiter parts two cells."""
        quote = self.stream.quote
        return not ((quote and quote in block) or _LONE_RETURN.search(block) or is_damaged(block))

    def read(self, tape: LineBuffer) -> Iterator[Row | Rejected]:
        """Rows of a block one by one, quotes obeyed; one that goes on in the next block takes its lines from there."""
        names, reader = self.header.names, reader_of(tape, self.stream)
        while not tape.is_at_end_of_block:
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
                reader = reader_of(tape, self.stream)
                continue
            if not any(cells):
                self.blank_lines += 1
            elif is_damaged("".join(cells)):
                yield set_aside("undecodable", tape.line, "".join(tape.taken))
            elif cells == self.header.cells:
                self._headers_again.append(tape.line)
            else:
                for place in self.header.unnamed:
                    refuse_unnamed(cells[place], place, tape.line, self.findings.where)
                yield Row(tape.line, {name: cell for name, cell in zip(names, cells, strict=True) if name})
            tape.settle()

    def split(self, block: str, first: int) -> pl.DataFrame:
        """All rows of a block without quotes at once; its first line is the `first` of the file."""
        width, delimiter = len(self.header.names), self.stream.delimiter
        # Millions of empty lines would otherwise cost a hundred bytes each.
        text = [] if not block.strip("\r\n") else [block]
        self.blank_lines += block.count("\n") if not text else 0
        lines = pl.Series("text", text, pl.String).str.split("\n").explode().str.strip_suffix("\r").to_frame()
        lines = lines.with_row_index("line").with_columns(pl.col("line").cast(pl.Int64) + first)
        count = pl.col("text").str.count_matches(delimiter, literal=True).cast(pl.Int64) + 1
        lines = lines.with_columns(cells=count, is_blank=pl.col("text").str.strip_chars(delimiter) == "")
        is_again = pl.col("text") == delimiter.join(self.header.cells)
        is_right = (pl.col("cells") == width) & ~pl.col("is_blank")
        wrong = lines.filter(~is_right & ((pl.col("cells") != width) & (pl.col("text") != "")))
        if text:
            # The block ends in a line end, or in a last line without one: neither makes a blank line.
            blank = lines.height - lines.filter(is_right).height - wrong.height
            self.blank_lines += blank - int(block.endswith("\n"))
        self._headers_again += lines.filter(is_right & is_again)["line"].to_list()
        cells = pl.col("text").str.split_exact(delimiter, width - 1).alias("cells")
        split = lines.filter(is_right & ~is_again).select("line", cells).unnest("cells")
        split.columns = ["", *(name or f"\0{place}" for place, name in enumerate(self.header.names))]
        self._check_unnamed(split)
        rejected = [
            set_aside("short_row" if cells < width else "long_row", line, text)
            for line, text, cells in wrong.select("line", "text", "cells").rows()
        ]
        self.findings.set_aside(*rejected)
        return framed(split, self.stream, [name for name in self.header.names if name])

    def notes(self) -> tuple[str, ...]:
        """What was passed over, in words."""
        where, told = self.findings.where, []
        if self.header.unnamed:
            unnamed = ", ".join(str(place + 1) for place in self.header.unnamed)
            told.append(f"{where}: column {unnamed} has no name and no value; passed over")
        if self.blank_lines:
            told.append(f"{where}: {self.blank_lines} blank lines passed over")
        if self._headers_again:
            lines = ", ".join(map(str, self._headers_again[:5])) + (" …" if len(self._headers_again) > 5 else "")  # noqa: PLR2004 - enough to find them
            told.append(f"{where}: the header stands again in line {lines}; passed over")
        return tuple(told)

    def _fault(self, cells: list[str], taken: list[str]) -> str | None:
        """Why the row is no row; None where it is one."""
        width = len(self.header.names)
        if len(cells) == width:
            return "broken_quote" if len(taken) > 1 and self._swallows(taken) else None
        if not cells:
            return None
        if len(taken) > 1:
            return "broken_quote"
        return "short_row" if len(cells) < width else "long_row"

    def _swallows(self, taken: list[str]) -> bool:
        """Whether a quoted cell spans lines that are, each by itself, whole rows: then its quote was left open."""
        between, width = taken[1:-1], len(self.header.names)
        is_telling = len(between) > 1 and width >= _TELLING_WIDTH
        return is_telling and all(_width(line, self.stream) == width for line in between)

    def _check_unnamed(self, split: pl.DataFrame) -> None:
        for place in self.header.unnamed:
            filled = split.filter(pl.col(f"\0{place}").str.strip_chars() != "")
            if filled.height:
                refuse_unnamed(filled[f"\0{place}"][0], place, filled[""][0], self.findings.where)


def _width(line: str, stream: FileStream) -> int:
    try:
        return len(next(reader_of(LineBuffer(iter([line])), stream), []))
    except csv.Error:
        return 0
