"""Header of a CSV or TSV file: names of its columns, compared with the declared ones."""

import csv
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from connectors.files.line_buffer import LineBuffer, reader_of
from connectors.files.rows import ReadFindings, is_damaged, refuse_missing, refuse_wide
from definitions.errors import FileUnreadableError
from definitions.mapping.file_columns import header_name
from definitions.mapping.file_stream import FileStream

# A first line that declares the delimiter to spreadsheet programs.
_SEPARATOR_LINE = re.compile(r"\ufeff?\"?sep=(.)\"?\s*", re.IGNORECASE)
_DELIMITERS = (",", ";", "\t", "|")


@dataclass(frozen=True, slots=True)
class Header:
    """`cells` as in the file, `names` normalised for comparison: empty where the column is skipped.

    `unnamed` are the indexes (from 0) of columns without a name, which must be empty.
    """

    cells: list[str]
    names: list[str]
    unnamed: tuple[int, ...]

    @property
    def named(self) -> tuple[str, ...]:
        """Names of the columns that are read."""
        return tuple(name for name in self.names if name)


def read_header(buffer: LineBuffer, stream: FileStream, findings: ReadFindings) -> Header:
    """Read the header from the buffer.

    A duplicated column that is not mapped is skipped with a note. Raises `FileUnreadableError`: no header, of
    another encoding or delimiter, a mapped column missing or duplicated, too many columns.
    """
    where = findings.where
    cells, text = _cells(buffer, stream, where)
    refuse_wide(len(cells), where)
    names = [header_name(cell) for cell in cells]
    counts = Counter(name for name in names if name)
    doubled = sorted(name for name, count in counts.items() if count > 1)
    if mapped := [name for name in doubled if name in stream.needed_columns]:
        raise FileUnreadableError(
            f"{where}: column {', '.join(map(repr, mapped))} stands twice in the header. Rename one of them."
        )
    refuse_missing(stream.needed_columns, list(counts), where, _other_delimiter(text, stream))
    if doubled:
        columns = ", ".join(map(repr, doubled))
        findings.notes.append(f"{where}: column {columns} stands twice in the header and is not mapped; passed over")
    unnamed = tuple(index for index, name in enumerate(names) if not name)
    return Header(cells, ["" if name in set(doubled) else name for name in names], unnamed)


def refuse_unnamed(cell: str, index: int, line: int, where: str) -> None:
    """Raise `FileUnreadableError` where a cell of a column without a name holds something; `index` counts from 0."""
    if cell.strip():
        raise FileUnreadableError(
            f"{where}: column {index + 1} has no name but holds values (first in line {line}). Name it in the file."
        )


def _cells(buffer: LineBuffer, stream: FileStream, where: str) -> tuple[list[str], str]:
    """Read the cells of the header, and its text."""
    try:
        for cells in reader_of(buffer, stream):
            text = "".join(buffer.taken)
            buffer.settle()
            if is_damaged(text):
                raise FileUnreadableError(
                    f"{where}: the header is not {stream.encoding}. Declare its `encoding`, such as cp1252 or utf-16."
                )
            if separator := _SEPARATOR_LINE.fullmatch(text):
                _refuse_separator(separator.group(1), stream, where)
                continue
            if any(header_name(cell) for cell in cells):
                return cells, text
    except csv.Error:
        remedy = _other_delimiter("".join(buffer.taken), stream) or "Compare `quote` with the file, or export it again."
        raise FileUnreadableError(
            f"{where}: a quote in the header (line {buffer.line}) is not closed, or a name is too long. {remedy}"
        ) from None
    raise FileUnreadableError(f"{where}: has no header line. Export it again, with column names.")


def _refuse_separator(sign: str, stream: FileStream, where: str) -> None:
    if sign != stream.delimiter:
        raise FileUnreadableError(
            f"{where}: its first line says that {sign!r} parts the cells. Declare `delimiter: {_in_yaml(sign)}`."
        )


def _other_delimiter(text: str, stream: FileStream) -> str:
    """Suggest another delimiter that would find the columns; empty where none would."""
    for sign in _DELIMITERS:
        if sign != stream.delimiter and _has(text.rstrip("\r\n").split(sign), stream.needed_columns):
            return f"Its cells are parted by {sign!r}: declare `delimiter: {_in_yaml(sign)}`."
    return ""


def _has(cells: Sequence[str], needed: Sequence[str]) -> bool:
    names = {header_name(cell.strip().strip("\"'")) for cell in cells}
    return len(cells) > 1 and names.issuperset(needed)


def _in_yaml(sign: str) -> str:
    return '"\\t"' if sign == "\t" else f"'{sign}'"
