"""Reader of CSV and TSV files: rows with the line they begin on; an invalid row is rejected alone.

The text comes in blocks of whole lines: a block without quotes is split at once, others are read record by record
(`csv_records`).
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import polars as pl

from connectors.files.formats.csv_records import CsvRecord, RecordReader
from connectors.files.formats.header import Header, read_header
from connectors.files.formats.line_buffer import LineBuffer
from connectors.files.formats.rows import MOST_BLANK_LINES, ReadFindings, Row, framed, frames, is_damaged, reject
from connectors.landing.reader import Rejected
from definitions.mapping.file_stream import FileStream

_LONE_RETURN = re.compile(r"\r(?!\n)")


def read_delimited(blocks: Iterator[str], stream: FileStream, findings: ReadFindings) -> Iterator[pl.DataFrame]:
    """Yield the rows of a delimited file, batch by batch.

    Raises `FileUnreadableError`: no header, a mapped column missing or duplicated.
    """
    buffer = LineBuffer(blocks)
    table = Table(stream, read_header(buffer, stream, findings), findings)
    header = table.header
    findings.columns, findings.id_at = header.named, header.names.index(stream.id)
    reader = RecordReader(buffer, stream, len(header.names), findings.id_at)
    block = buffer.rest() or buffer.next_block()
    while block is not None:
        if table.is_plain(block) and not reader.is_recovering:
            yield table.split(block, buffer.line)
            buffer.line += block.count("\n") + int(not block.endswith("\n"))
        else:
            buffer.load(block)
            yield from frames(table.rows(reader.records()), stream, findings)
        block = buffer.next_block()
    findings.notes += table.notes()


@dataclass(slots=True)
class Table:
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

    def rows(self, records: Iterable[CsvRecord]) -> Iterator[Row | Rejected]:
        """Yield the rows among records; blank ones, and a header that stands again, are counted."""
        for record in records:
            if record.fault is not None:
                yield reject(record.fault, record.line, record.text)
            elif not record.cells:
                self.blank_lines += 1
                self.findings.blank_lines.append(record.line)
            elif is_damaged(record.text):
                yield reject("undecodable", record.line, record.text)
            elif record.cells == self.header.cells:
                self._headers_again.append(record.line)
            else:
                cells = zip(self.header.names, record.cells, strict=True)
                yield Row(record.line, {name: cell for name, cell in cells if name})

    def split(self, block: str, first: int) -> pl.DataFrame:
        """Split all rows of a block without quotes at once; `first` is the number of its first line in the file."""
        width, delimiter = len(self.header.names), self.stream.delimiter
        # Millions of empty lines would otherwise cost a hundred bytes each.
        text = [] if not block.strip("\r\n") else [block]
        if not text:
            self.blank_lines += block.count("\n")
            self.findings.blank_lines.append(first)
        lines = pl.Series("text", text, pl.String).str.split("\n").explode().str.strip_suffix("\r").to_frame()
        lines = lines.with_row_index("line").with_columns(pl.col("line").cast(pl.Int64) + first)
        count = pl.col("text").str.count_matches(delimiter, literal=True).cast(pl.Int64) + 1
        lines = lines.with_columns(cells=count, is_blank=pl.col("text").str.strip_chars(delimiter) == "")
        is_again = pl.col("text") == delimiter.join(self.header.cells)
        is_right = (pl.col("cells") == width) & ~pl.col("is_blank")
        wrong = lines.filter(~is_right & ((pl.col("cells") != width) & (pl.col("text") != "")))
        is_blank = ~is_right & (pl.col("cells") == width) | (pl.col("text") == "")
        self.findings.blank_lines.extend(lines.filter(is_blank)["line"].tail(MOST_BLANK_LINES))
        if text:
            # The block ends in a line end, or in a last line without one: neither makes a blank line.
            blank = lines.height - lines.filter(is_right).height - wrong.height
            self.blank_lines += blank - int(block.endswith("\n"))
        self._headers_again += lines.filter(is_right & is_again)["line"].to_list()
        cells = pl.col("text").str.split_exact(delimiter, width - 1).alias("cells")
        split = lines.filter(is_right & ~is_again).select("line", cells).unnest("cells")
        split.columns = ["", *(name or f"\0{index}" for index, name in enumerate(self.header.names))]
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
            messages.append(f"{where}: column {unnamed} has no name; passed over")
        if self.blank_lines:
            messages.append(f"{where}: {self.blank_lines} blank lines passed over")
        if self._headers_again:
            lines = ", ".join(map(str, self._headers_again[:5])) + (" …" if len(self._headers_again) > 5 else "")  # noqa: PLR2004 - enough to find them
            messages.append(f"{where}: the header stands again in line {lines}; passed over")
        return tuple(messages)
