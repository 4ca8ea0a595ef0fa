"""Tables on a terminal: no frame, numbers right-aligned, and no broken word, whatever the width.

Columns without room are printed below their row, each as `name: value`.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from rich.console import Console, ConsoleOptions, RenderResult
from rich.text import Text

# The narrower type first: a bool is an int, and a datetime is a date.
_FORMATTERS: tuple[tuple[type, Callable[[Any], str]], ...] = (
    (bool, lambda value: "yes" if value else "no"),
    (datetime, lambda value: f"{value:%Y-%m-%d %H:%M}"),
    (date, date.isoformat),
    (Decimal, lambda value: f"{value:,.0f}"),
    (int, lambda value: f"{value:,}"),
)
_SEVERITY = {"critical": "bold red", "warning": "yellow", "info": "dim"}
_WORD = re.compile(r"\s*\S+\s*|\s+$")
_GAP = "  "
_MARGIN = " "
_BELOW = "    "
# A sentence in a narrower column is hard to read.
_COMFORTABLE = 22
# A few longer words, such as links, do not make a column wider.
_LONGEST_WORD = 40


@dataclass(slots=True)
class Table:
    """Title, columns, and rows of as many cells; a column whose name begins with # holds numbers.

    A cell may have several lines.
    """

    title: str
    columns: tuple[str, ...]
    rows: list[list[Text]] = field(default_factory=list)
    caption: str = ""

    @property
    def row_count(self) -> int:
        """Number of rows."""
        return len(self.rows)

    def add_row(self, *cells: str | Text, style: str = "") -> None:
        """Add a row; missing cells at its end are empty."""
        texts = [Text(cell, style=style) if isinstance(cell, str) else cell for cell in cells]
        self.rows.append([*texts, *(Text("") for _ in self.columns[len(texts) :])])

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Yield the lines for a console of this width."""
        if self.title:
            yield from _wrapped(Text(self.title, style="bold"), options.max_width)
            yield Text("")
        names = [name.lstrip("#") for name in self.columns]
        columns = [
            _Column(name, is_number=column.startswith("#"), cells=[row[index] for row in self.rows])
            for index, (column, name) in enumerate(zip(self.columns, names, strict=True))
        ]
        inline, below = _split_columns(columns, options.max_width - len(_MARGIN))
        widths = _widths([columns[index] for index in inline], options.max_width - len(_MARGIN))
        yield from self._lines([Text(names[index], style="dim") for index in inline], inline, widths)
        yield Text(_MARGIN + "─" * (sum(widths) + len(_GAP) * (len(widths) - 1)), style="dim")
        for row in self.rows:
            fits = [_longest(row[index].plain.split()) <= width for index, width in zip(inline, widths, strict=True)]
            yield from self._lines(
                [row[index] if fit else Text("") for index, fit in zip(inline, fits, strict=True)], inline, widths
            )
            outside = [index for index, fit in zip(inline, fits, strict=True) if not fit]
            for index in sorted([*below, *outside]):
                yield from _labelled_lines(names[index], row[index], options.max_width)
            if below:
                yield Text("")
        if not below:
            yield Text("")
        if self.caption:
            yield from _wrapped(Text(self.caption), options.max_width)
            yield Text("")

    def _lines(self, cells: Sequence[Text], indexes: Sequence[int], widths: Sequence[int]) -> Iterator[Text]:
        """Yield the lines of one row: each cell wrapped to the width of its column."""
        wrapped = [list(_wrapped(cell, width)) for cell, width in zip(cells, widths, strict=True)]
        for number in range(max(map(len, wrapped), default=0)):
            line = Text(_MARGIN)
            for lines, index, width in zip(wrapped, indexes, widths, strict=True):
                cell = lines[number].copy() if number < len(lines) else Text("")
                cell.align("right" if self.columns[index].startswith("#") else "left", width)
                line.append_text(cell).append(_GAP)
            line.rstrip()
            yield line


@dataclass(frozen=True, slots=True)
class _Column:
    """One column: name, cells, and the widths they need.

    Widths ignore a cell with a much longer word than the others: it is printed below its row.
    """

    name: str
    is_number: bool
    cells: Sequence[Text]

    @property
    def least(self) -> int:
        """Width without broken words; numbers stay on one line."""
        words = ([cell.plain] if self.is_number else cell.plain.split() for cell in self._usual)
        return max(_longest(self.name.split()), *map(_longest, words))

    @property
    def natural(self) -> int:
        """Width without wrapped lines."""
        return max(_longest([self.name]), *(_longest(cell.plain.split("\n")) for cell in self._usual))

    @property
    def comfortable(self) -> int:
        """Width in which the column is readable."""
        return self.least if self.is_number else max(self.least, min(self.natural, _COMFORTABLE))

    @property
    def _usual(self) -> Sequence[Text]:
        usual = [cell for cell in self.cells if _longest(cell.plain.split()) <= _LONGEST_WORD]
        filled_cells = sum(bool(cell.plain) for cell in self.cells)
        return usual if 2 * sum(bool(cell.plain) for cell in usual) >= filled_cells else self.cells


def table(title: str, *columns: str) -> Table:
    """Make a table; a column whose name begins with # holds numbers."""
    return Table(title, columns)


def filled(made: Table, rows: Iterable[Sequence[Any]]) -> Table:
    """Add rows of plain values."""
    for row in rows:
        made.add_row(*(as_text(value) for value in row))
    return made


def as_text(value: Any) -> Text:
    """Format one value; text of a source is never interpreted as markup."""
    if value is None:
        return Text("")
    text = next((form(value) for kind, form in _FORMATTERS if isinstance(value, kind)), str(value))
    return Text(text, style=_SEVERITY.get(text, ""))


def number(value: int | None) -> str:
    """Format a count; zero and null become a dot, so that other counts are easy to see."""
    return "·" if not value else f"{value:,}"


def money(value: Any) -> str:
    """Format an amount without cents; null becomes empty text."""
    return "" if value is None else f"{Decimal(value):,.0f}"


def _split_columns(columns: Sequence[_Column], width: int) -> tuple[list[int], list[int]]:
    """Split columns into those side by side and those below each row: the widest ones, but never the first."""
    inline = list(range(len(columns)))
    below: list[int] = []
    while len(inline) > 1 and _sum(columns[index].comfortable for index in inline) > width:
        widest = max(inline[1:], key=lambda index: (columns[index].comfortable, columns[index].natural, index))
        inline.remove(widest)
        below.append(widest)
    return inline, sorted(below)


def _widths(columns: Sequence[_Column], width: int) -> list[int]:
    """Distribute the width: each column gets what it needs, the remainder goes to those that would be wrapped."""
    widths = [column.comfortable for column in columns]
    left = width - _sum(widths)
    while left > 0 and (short := [index for index, column in enumerate(columns) if widths[index] < column.natural]):
        for index in short[:left]:
            widths[index] += 1
        left -= len(short)
    return widths


def _sum(widths: Iterable[int]) -> int:
    listed = list(widths)
    return sum(listed) + len(_GAP) * (len(listed) - 1)


def _longest(words: Iterable[str]) -> int:
    return max((Text(word).cell_len for word in words), default=0)


def _labelled_lines(name: str, value: Text, width: int) -> Iterator[Text]:
    """Yield a value below its row, nothing for an empty one. A word longer than a line gets a line of its own."""
    if not value.plain:
        return
    begin = f"{name}: "
    lines = list(_wrapped(value, max(width - len(_BELOW) - len(begin), 1)))
    for index, line in enumerate(lines):
        labelled = Text(_BELOW)
        labelled.append(begin if index == 0 else " " * len(begin), style="dim")
        yield labelled.append_text(line)


def _wrapped(text: Text, width: int) -> Iterator[Text]:
    """Yield lines of at most so many characters, broken between words only; Rich itself cuts a longer word."""
    for line in text.split("\n", allow_blank=True):
        breaks, used = [], 0
        for word in _WORD.finditer(line.plain):
            size = Text(word[0].rstrip()).cell_len
            if used and used + size > width:
                breaks.append(word.start())
                used = 0
            used += Text(word[0]).cell_len
        for piece in line.divide(breaks):
            piece.rstrip()
            piece.no_wrap = True
            piece.overflow = "ignore"
            yield piece
