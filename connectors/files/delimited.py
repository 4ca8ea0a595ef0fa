"""Reader of CSV and TSV files: rows with the line they begin on; an invalid row is rejected alone.

The rules are RFC 4180's, strictly: a quote opens a cell only at its start, is doubled inside, and closes it before a
delimiter or a line end. An unclosed quote must not swallow the rows after it: its first line is rejected and reading
continues with the next. The text comes in blocks of whole lines: a block without quotes is split at once, others are
read row by row.
"""

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

import polars as pl

from connectors.files.header import Header, read_header, refuse_unnamed
from connectors.files.line_buffer import LineBuffer, reader_of
from connectors.files.rows import ReadFindings, Row, framed, frames, is_damaged, reject
from connectors.landing.reader import Rejected
from definitions.mapping.file_stream import FileStream

_LONE_RETURN = re.compile(r"\r(?!\n)")
# In a narrower table, ordinary text with a comma or two looks like a row.
_TELLING_WIDTH = 4


def read_delimited(blocks: Iterator[str], stream: FileStream, findings: ReadFindings) -> Iterator[pl.DataFrame]:
    """Yield the rows of a delimited file, batch by batch.

    Raises `FileUnreadableError`: no header, a mapped column missing or duplicated, values in a column without a name.
    """
    buffer = LineBuffer(blocks)
    table = _Table(stream, read_header(buffer, stream, findings), findings)
    findings.columns = table.header.named
    block = buffer.rest() or buffer.next_block()
    while block is not None:
        if table.is_plain(block):
            yield table.split(block, buffer.line)
            buffer.line += block.count("\n") + int(not block.endswith("\n"))
        else:
            buffer.load(block)
            yield from frames(table.read(buffer), stream, findings)
        block = buffer.next_block()
    findings.notes += table.notes()


@dataclass(slots=True)
class _Table:
    """Row reader of one header, with counts of skipped lines."""

    stream: FileStream
    header: Header
    findings: ReadFindings
    blank_lines: int = 0
    _headers_again: list[int] = field(default_factory=list)

    def is_plain(self, block: str) -> bool:
        """Whether every line of the block is a row and every delimiter separates two cells."""
        quote = self.stream.quote
        return not ((quote and quote in block) or _LONE_RETURN.search(block) or is_damaged(block))

    def read(self, buffer: LineBuffer) -> Iterator[Row | Rejected]:
        """Yield the rows of a block, quotes interpreted; a row may continue in the next block."""
        names, reader = self.header.names, reader_of(buffer, self.stream)
        while not buffer.is_at_end_of_block:
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error:
                fault: str | None = "broken_quote" if (self.stream.quote or "") in buffer.taken[0] else "cell_too_long"
            else:
                fault = self._fault(cells, buffer.taken)
            if fault is not None:
                yield reject(fault, buffer.line, buffer.taken[0])
                buffer.discard_first()
                # A csv reader cannot continue after an error.
                reader = reader_of(buffer, self.stream)
                continue
            if not any(cells):
                self.blank_lines += 1
            elif is_damaged("".join(cells)):
                yield reject("undecodable", buffer.line, "".join(buffer.taken))
            elif cells == self.header.cells:
                self._headers_again.append(buffer.line)
            else:
                for index in self.header.unnamed:
                    refuse_unnamed(cells[index], index, buffer.line, self.findings.where)
                yield Row(buffer.line, {name: cell for name, cell in zip(names, cells, strict=True) if name})
            buffer.settle()

    def split(self, block: str, first: int) -> pl.DataFrame:
        """Split all rows of a block without quotes at once; `first` is the number of its first line in the file."""
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
        split.columns = ["", *(name or f"\0{index}" for index, name in enumerate(self.header.names))]
        self._check_unnamed(split)
        rejected = [
            reject("short_row" if cells < width else "long_row", line, text)
            for line, text, cells in wrong.select("line", "text", "cells").rows()
        ]
        self.findings.reject(*rejected)
        return framed(split, self.stream, [name for name in self.header.names if name])

    def notes(self) -> tuple[str, ...]:
        """Return notes on skipped columns and lines."""
        where, messages = self.findings.where, []
        if self.header.unnamed:
            unnamed = ", ".join(str(index + 1) for index in self.header.unnamed)
            messages.append(f"{where}: column {unnamed} has no name and no value; passed over")
        if self.blank_lines:
            messages.append(f"{where}: {self.blank_lines} blank lines passed over")
        if self._headers_again:
            lines = ", ".join(map(str, self._headers_again[:5])) + (" …" if len(self._headers_again) > 5 else "")  # noqa: PLR2004 - enough to find them
            messages.append(f"{where}: the header stands again in line {lines}; passed over")
        return tuple(messages)

    def _fault(self, cells: list[str], taken: list[str]) -> str | None:
        """Return why a row is invalid; None for a valid or blank one."""
        width = len(self.header.names)
        if len(cells) == width:
            return "broken_quote" if len(taken) > 1 and self._swallows(taken) else None
        if not cells:
            return None
        if len(taken) > 1:
            return "broken_quote"
        return "short_row" if len(cells) < width else "long_row"

    def _swallows(self, taken: list[str]) -> bool:
        """Whether a quoted cell spans lines that are each a complete row: then its quote was not closed."""
        between, width = taken[1:-1], len(self.header.names)
        is_telling = len(between) > 1 and width >= _TELLING_WIDTH
        return is_telling and all(_width(line, self.stream) == width for line in between)

    def _check_unnamed(self, split: pl.DataFrame) -> None:
        for index in self.header.unnamed:
            filled = split.filter(pl.col(f"\0{index}").str.strip_chars() != "")
            if filled.height:
                refuse_unnamed(filled[f"\0{index}"][0], index, filled[""][0], self.findings.where)


def _width(line: str, stream: FileStream) -> int:
    try:
        return len(next(reader_of(LineBuffer(iter([line])), stream), []))
    except csv.Error:
        return 0
