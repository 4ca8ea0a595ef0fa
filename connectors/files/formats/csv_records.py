r"""Records of delimited text by RFC 4180, with recovery of what breaks its rules.

A quote opens a cell only at its start, is doubled inside, and closes it before a delimiter or a line end: a cell may
hold anything, a pasted table too. Recovery begins where that fails, and invents no row out of the inside of a cell:

- `\"` inside a quoted cell is a quote, if the record then has the width of the header;
- a record whose quotes close, but whose width is wrong, is rejected whole;
- where a quote is never closed, its first line is rejected, and the lines after it are rows where they look like rows:
  as wide as the header, with an id like those of the rows around.
"""

import csv
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from connectors.files.formats.line_buffer import LineBuffer, reader_of
from definitions.mapping.file_stream import FileStream

# Fewer cells, in lines that all look like rows, may be the text of one cell.
_TELLING_CELLS = 6
_NEARLY_ALL = 0.8
_FIXED_LENGTH = 15


@dataclass(frozen=True, slots=True)
class CsvRecord:
    """One record: its first line, its text, and its cells, or why it is rejected."""

    line: int
    text: str
    cells: list[str]
    fault: str | None = None


class RecordReader:
    """Reader of the records in a buffer; `width` is the number of columns, `id_at` the index of that of the id."""

    def __init__(self, buffer: LineBuffer, stream: FileStream, width: int, id_at: int) -> None:
        self._buffer = buffer
        self._stream = stream
        self._width = width
        self._id_at = id_at
        self._reader = reader_of(buffer, stream)
        # After a broken record: the kinds of its id and of the last good one, and the last line that it might span.
        self._expected: set[tuple[object, ...]] = set()
        self._suspect_until = 0
        self._rejected_until = 0
        self._last_id: str | None = None

    @property
    def is_recovering(self) -> bool:
        """Whether the next line may be the inside of a broken cell."""
        return bool(self._expected)

    def records(self) -> Iterator[CsvRecord]:
        """Yield the records that begin in the current block; one may continue in the next. Blank lines have no cells.

        The record's lines are those that the buffer has taken: the caller settles each.
        """
        while not self._buffer.is_at_end_of_block:
            if (record := self._next()) is None:
                return
            yield record
            self._buffer.settle()

    def _next(self) -> CsvRecord | None:
        buffer = self._buffer
        if buffer.line <= self._rejected_until:
            return self._rejected("broken_quote", [next(buffer)])
        try:
            cells = next(self._reader)
        except StopIteration:
            return None
        except csv.Error:
            return self._recovered(buffer.taken, is_closed=False)
        if len(buffer.taken) == 1 or len(cells) == self._width:
            return self._checked(cells, buffer.taken)
        return self._recovered(buffer.taken, is_closed=True)

    def _checked(self, cells: list[str], taken: list[str]) -> CsvRecord:
        """Return a record that keeps RFC 4180, with the fault of its width, or of the rows that it swallows."""
        line = self._buffer.line
        if not cells or (len(cells) == self._width and not any(cells)):
            return CsvRecord(line, "".join(taken), [])
        if len(cells) != self._width:
            return self._rejected("short_row" if len(cells) < self._width else "long_row", taken)
        if len(taken) > 1 and len(taken) * (self._width - 1) >= _TELLING_CELLS and self._are_rows(taken):
            # One cell or rows between two stray quotes: nobody can tell, so that neither is believed.
            self._rejected_until = line + len(taken) - 1
            text = taken[0]
            self._put_back(taken[1:])
            return self._rejected("broken_quote", [text])
        if self._expected:
            if kind_of_id(cells[self._id_at]) not in self._expected:
                return self._rejected("broken_quote", taken)
            if line >= self._suspect_until:
                self._expected = set()
        self._last_id = cells[self._id_at]
        return CsvRecord(line, "".join(taken), cells)

    def _recovered(self, taken: list[str], *, is_closed: bool) -> CsvRecord:
        """Return what can be told of a record that breaks the rules, and leave the lines of others in the buffer."""
        quote = self._stream.quote or ""
        if not quote or quote not in taken[0]:
            return self._first_rejected("cell_too_long")
        if any("\\" + quote in line for line in taken):
            cells = self._read_again(lambda line: re.sub(rf"(?<!\\)\\{re.escape(quote)}", quote * 2, line))
            if cells is not None and len(cells) == self._width:
                return self._checked(cells, self._buffer.taken)
            is_closed = False
        if not is_closed:
            cells = self._read_again(self._with_inner_quotes_doubled)
            is_closed = cells is not None and len(cells) == self._width
        taken = self._buffer.taken
        if is_closed and (len(taken) == 1 or not self._are_rows(taken)):
            self._expect(taken)
            return self._rejected("broken_quote", taken)
        return self._first_rejected("broken_quote")

    def _first_rejected(self, fault: str) -> CsvRecord:
        """Reject the first line alone, and return the others to the buffer; they may be rows."""
        taken = self._buffer.taken
        self._expect(taken)
        first = taken[0]
        self._put_back(taken[1:])
        return self._rejected(fault, [first])

    def _expect(self, taken: list[str]) -> None:
        cells = _cells_of_open(taken[0], self._stream)
        neighbours = [cells[self._id_at]] if len(cells) > self._id_at else []
        neighbours += [] if self._last_id is None else [self._last_id]
        self._expected = {kind_of_id(one) for one in neighbours}
        self._suspect_until = self._buffer.line + len(taken) - 1

    def _put_back(self, lines: list[str]) -> None:
        self._buffer.give_back(len(lines))
        # A csv reader cannot continue after an error, nor over lines that it has seen.
        self._reader = reader_of(self._buffer, self._stream)

    def _rejected(self, fault: str, taken: list[str]) -> CsvRecord:
        return CsvRecord(self._buffer.line, "".join(taken), [], fault)

    def _read_again(self, mended: Callable[[str], str]) -> list[str] | None:
        """Read the record from its first line with mended quotes; None where that fails."""
        self._buffer.give_back(len(self._buffer.taken))
        self._reader = reader_of(self._buffer, self._stream)
        try:
            return next(reader_of(map(mended, self._buffer), self._stream), None)
        except csv.Error:
            return None

    def _with_inner_quotes_doubled(self, line: str) -> str:
        """Double quotes that neither open nor close a cell."""
        quote, delimiter = re.escape(self._stream.quote or ""), re.escape(self._stream.delimiter)
        return re.sub(rf"(?<=[^{delimiter}\r\n]){quote}(?=[^{delimiter}\r\n])", (self._stream.quote or "") * 2, line)

    def _are_rows(self, taken: list[str]) -> bool:
        """Whether the first line of a record, the last, and nearly all are rows by themselves, with ids alike."""
        lines = [_cells_of_open(taken[0], self._stream), *(_cells_of(line, self._stream) for line in taken[1:])]
        if len(lines[0]) != self._width or len(lines[-1]) != self._width:
            return False
        expected = self._kind_of_id(lines[0])
        alike = sum(len(cells) == self._width and self._kind_of_id(cells) == expected for cells in lines)
        return alike >= _NEARLY_ALL * len(lines)

    def _kind_of_id(self, cells: list[str]) -> tuple[object, ...]:
        return kind_of_id(cells[self._id_at].replace(self._stream.quote or "", ""))


def kind_of_text(text: str) -> tuple[bool, bool, bool]:
    """Return whether a text has figures, letters and blanks: what ids of one file share."""
    text = text.strip()
    return any(map(str.isdecimal, text)), any(map(str.isalpha, text)), " " in text


def kind_of_id(text: str) -> tuple[object, ...]:
    """Return the kind of text that an id is, and the length of a long one without blanks, else 0."""
    kind, length = kind_of_text(text), len(text.strip())
    return *kind, length if length >= _FIXED_LENGTH and not kind[-1] else 0


def _cells_of(line: str, stream: FileStream) -> list[str]:
    """Return the cells of a line by itself, whatever its quotes."""
    try:
        return next(csv.reader([line], delimiter=stream.delimiter, quotechar=stream.quote), [])
    except csv.Error:
        return line.split(stream.delimiter)


def _cells_of_open(line: str, stream: FileStream) -> list[str]:
    """Return the cells of a line whose last quote is left open, as if it were not there."""
    cells = _cells_of(line, stream)
    return [*cells[:-1], *cells[-1].split(stream.delimiter)] if cells else []
