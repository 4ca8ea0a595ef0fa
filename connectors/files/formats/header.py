"""Header of a table: names of its columns, compared with the declared ones, and the line it stands in."""

import csv
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from connectors.files.formats.line_buffer import LineBuffer, reader_of
from connectors.files.formats.rows import ReadFindings, is_damaged, refuse_missing, refuse_wide
from definitions.errors import FileUnreadableError
from definitions.mapping.file_columns import header_name
from definitions.mapping.file_stream import FileStream

# A first line that declares the delimiter to spreadsheet programs.
_SEPARATOR_LINE = re.compile(r"\ufeff?\"?sep=(.)\"?\s*", re.IGNORECASE)
_DELIMITERS = (",", ";", "\t", "|")
# No export has a longer preamble; one that has declares `header_line`.
_SEARCHED_LINES = 50


@dataclass(frozen=True, slots=True)
class Header:
    """`cells` as in the file, `names` normalised for comparison: empty where the column is skipped.

    `unnamed` are the indexes (from 0) of columns without a name, such as the index of a pandas frame.
    """

    cells: list[str]
    names: list[str]
    unnamed: tuple[int, ...]

    @property
    def named(self) -> tuple[str, ...]:
        """Names of the columns that are read."""
        return tuple(name for name in self.names if name)


@dataclass(frozen=True, slots=True)
class HeaderLine:
    """A line that may be the header: its number, cells and text; `fault` is why it cannot be read."""

    line: int
    cells: list[str]
    text: str
    fault: str | None = None


def read_header(buffer: LineBuffer, stream: FileStream, findings: ReadFindings) -> Header:
    """Read the header of a delimited file from the buffer, and what stands before it.

    Raises `FileUnreadableError` as `header_of`, and for a delimiter other than that of a line `sep=`.
    """
    return header_of(_lines(buffer, stream, findings.where), stream, findings)


def header_of(lines: Iterable[HeaderLine], stream: FileStream, findings: ReadFindings) -> Header:
    """Find the header among the first lines: `header_line`, or the first one that has every declared column.

    Lines before it, and duplicated columns that are not mapped, are skipped with a note. Raises `FileUnreadableError`:
    no header, of another encoding or delimiter, a mapped column missing or duplicated, too many columns.
    """
    where = findings.where
    find = _searched if stream.header_line is None else _declared
    found, before = find(lines, stream, where)
    refuse_wide(len(found.cells), where)
    names = [header_name(cell) for cell in found.cells]
    counts = Counter(name for name in names if name)
    doubled = sorted(name for name, count in counts.items() if count > 1)
    if mapped := [name for name in doubled if name in stream.needed_columns]:
        raise FileUnreadableError(
            f"{where}: column {', '.join(map(repr, mapped))} stands twice in the header. Rename one of them in the "
            "file; the one that keeps the name is read."
        )
    refuse_missing(stream.needed_columns, list(counts), where, _hint(found, stream))
    if before:
        findings.notes.append(f"{where}: the header is line {found.line}; what stands before it is passed over")
    if doubled:
        columns = ", ".join(map(repr, doubled))
        findings.notes.append(f"{where}: column {columns} stands twice in the header and is not mapped; passed over")
    unnamed = tuple(index for index, name in enumerate(names) if not name)
    return Header(found.cells, ["" if name in set(doubled) else name for name in names], unnamed)


def _declared(lines: Iterable[HeaderLine], stream: FileStream, where: str) -> tuple[HeaderLine, int]:
    """Return the line that `header_line` names, and how many lines that are not blank stand before it."""
    number, before = stream.header_line or 1, 0
    for one in lines:
        if one.line >= number:
            if one.line > number or not (one.fault or _is_filled(one)):
                break
            return _readable(one, stream, where), before
        before += bool(one.fault) or _is_filled(one)
    raise FileUnreadableError(f"{where}: line {number} is no header line. Correct `header_line`, counted from 1.")


def _searched(lines: Iterable[HeaderLine], stream: FileStream, where: str) -> tuple[HeaderLine, int]:
    """Return the first line that has every declared column, and how many that are not blank stand before it.

    Raises for the likeliest line where none has them all.
    """
    tried: list[HeaderLine] = []
    for one in islice((one for one in lines if one.fault or _is_filled(one)), _SEARCHED_LINES):
        if not one.fault and _has(one.cells, stream.needed_columns, least=2 if tried else 1):
            return one, len(tried)
        tried.append(one)
    if not tried:
        raise FileUnreadableError(f"{where}: has no header line. Export it again, with column names.")
    likely = max(tried, key=lambda one: (bool(_other_delimiter(one.text, stream)), _known(one, stream)))
    return _readable(likely, stream, where), 0


def _is_filled(one: HeaderLine) -> bool:
    return any(map(header_name, one.cells))


def _known(one: HeaderLine, stream: FileStream) -> int:
    return len({header_name(cell) for cell in one.cells} & set(stream.needed_columns))


def _readable(one: HeaderLine, stream: FileStream, where: str) -> HeaderLine:
    if one.fault == "undecodable":
        raise FileUnreadableError(
            f"{where}: the header is not {stream.encoding}. Declare its `encoding`, such as cp1252 or utf-16."
        )
    if one.fault is not None:
        remedy = _other_delimiter(one.text, stream) or "Compare `quote` with the file, or export it again."
        raise FileUnreadableError(
            f"{where}: a quote in the header (line {one.line}) is not closed, or a name is too long. {remedy}"
        )
    return one


def _lines(buffer: LineBuffer, stream: FileStream, where: str) -> Iterator[HeaderLine]:
    """Yield the records at the head of the buffer, each settled; a blank line is none."""
    is_first = True
    while True:
        line = buffer.line
        try:
            cells = next(reader_of(buffer, stream), None)
        except csv.Error:
            buffer.give_back(len(buffer.taken) - 1)
            found = HeaderLine(line, [], "".join(buffer.taken), "broken_quote")
        else:
            if cells is None:
                return
            text = "".join(buffer.taken)
            found = HeaderLine(line, cells, text, "undecodable" if is_damaged(text) else None)
        buffer.settle()
        separator = _SEPARATOR_LINE.fullmatch(found.text)
        if separator and is_first:
            _refuse_separator(separator.group(1), stream, where)
            continue
        is_first = is_first and not found.cells
        yield found


def _refuse_separator(sign: str, stream: FileStream, where: str) -> None:
    if sign != stream.delimiter:
        raise FileUnreadableError(
            f"{where}: its first line says that {sign!r} parts the cells. Declare `delimiter: {_in_yaml(sign)}`."
        )


def _hint(found: HeaderLine, stream: FileStream) -> str:
    """Return the likely remedy for a header without the declared columns; empty where none is likely."""
    if hint := _other_delimiter(found.text, stream):
        return hint
    if stream.header_line is not None:
        return "Correct `header_line` or `columns`, or export the file with it."
    return (
        f"Correct `columns` or export the file with it; where the header is another line than {found.line}, declare "
        "`header_line`."
    )


def _other_delimiter(text: str, stream: FileStream) -> str:
    """Suggest another delimiter that would find the columns; empty where none would."""
    for sign in _DELIMITERS:
        cells = [cell.strip().strip("\"'") for cell in text.rstrip("\r\n").split(sign)]
        if sign != stream.delimiter and _has(cells, stream.needed_columns, least=2):
            return f"Its cells are parted by {sign!r}: declare `delimiter: {_in_yaml(sign)}`."
    return ""


def _has(cells: Sequence[str], needed: Sequence[str], *, least: int) -> bool:
    return len(cells) >= least and {header_name(cell) for cell in cells}.issuperset(needed)


def _in_yaml(sign: str) -> str:
    return '"\\t"' if sign == "\t" else f"'{sign}'"
