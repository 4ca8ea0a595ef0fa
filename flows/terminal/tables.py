"""Tables as a terminal shows them: no frame, numbers to the right, and no word broken, however narrow it is.

Columns that have no room beside the others stand below their row, each as `name: value`.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from rich.console import Console, ConsoleOptions, RenderResult
from rich.text import Text

# The narrower kind first: a truth value is a number, and a moment is a day.
_WRITERS: tuple[tuple[type, Callable[[Any], str]], ...] = (
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
# A sentence in a column of less is read down rather than along.
_COMFORTABLE = 22
# A column is not made wider for a few longer words, such as links.
_LONGEST_WORD = 40


@dataclass(slots=True)
class Table:
    """A title, columns, and rows of as many cells; a column whose name begins with # holds numbers.

    A cell may have lines of its own.
    """

    title: str
    columns: tuple[str, ...]
    rows: list[list[Text]] = field(default_factory=list)
    caption: str = ""

    @property
    def row_count(self) -> int:
        """How many rows there are."""
        return len(self.rows)

    def add_row(self, *cells: str | Text, style: str = "") -> None:
        """Add a row; cells that are left out at its end are empty."""
        texts = [Text(cell, style=style) if isinstance(cell, str) else cell for cell in cells]
        self.rows.append([*texts, *(Text("") for _ in self.columns[len(texts) :])])

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Give the lines for a console of this width."""
        if self.title:
            yield from _wrapped(Text(self.title, style="bold"), options.max_width)
            yield Text("")
        names = [name.lstrip("#") for name in self.columns]
        columns = [
            _Column(name, is_number=given.startswith("#"), cells=[row[place] for row in self.rows])
            for place, (given, name) in enumerate(zip(self.columns, names, strict=True))
        ]
        beside, below = _placed(columns, options.max_width - len(_MARGIN))
        widths = _widths([columns[place] for place in beside], options.max_width - len(_MARGIN))
        yield from self._lines([Text(names[place], style="dim") for place in beside], beside, widths)
        yield Text(_MARGIN + "─" * (sum(widths) + len(_GAP) * (len(widths) - 1)), style="dim")
        for row in self.rows:
            fits = [_longest(row[place].plain.split()) <= width for place, width in zip(beside, widths, strict=True)]
            yield from self._lines(
                [row[place] if fit else Text("") for place, fit in zip(beside, fits, strict=True)], beside, widths
            )
            outside = [place for place, fit in zip(beside, fits, strict=True) if not fit]
            for place in sorted([*below, *outside]):
                yield from _named(names[place], row[place], options.max_width)
            if below:
                yield Text("")
        if not below:
            yield Text("")
        if self.caption:
            yield from _wrapped(Text(self.caption), options.max_width)
            yield Text("")

    def _lines(self, cells: Sequence[Text], places: Sequence[int], widths: Sequence[int]) -> Iterator[Text]:
        """The lines of one row: each cell wrapped in its own width, side by side."""
        wrapped = [list(_wrapped(cell, width)) for cell, width in zip(cells, widths, strict=True)]
        for number in range(max(map(len, wrapped), default=0)):
            line = Text(_MARGIN)
            for part, place, width in zip(wrapped, places, widths, strict=True):
                cell = part[number].copy() if number < len(part) else Text("")
                cell.align("right" if self.columns[place].startswith("#") else "left", width)
                line.append_text(cell).append(_GAP)
            line.rstrip()
            yield line


@dataclass(frozen=True, slots=True)
class _Column:
    """One column: its name and its cells, and how much room they need.

    A cell with a longer word than almost all others is left out of account: it stands below its row.
    """

    name: str
    is_number: bool
    cells: Sequence[Text]

    @property
    def least(self) -> int:
        """Width in which no word has to be broken; numbers stay on one line."""
        parts = ([cell.plain] if self.is_number else cell.plain.split() for cell in self._usual)
        return max(_longest(self.name.split()), *map(_longest, parts))

    @property
    def natural(self) -> int:
        """Width in which nothing has to be wrapped."""
        return max(_longest([self.name]), *(_longest(cell.plain.split("\n")) for cell in self._usual))

    @property
    def comfortable(self) -> int:
        """Width in which the column can be read."""
        return self.least if self.is_number else max(self.least, min(self.natural, _COMFORTABLE))

    @property
    def _usual(self) -> Sequence[Text]:
        usual = [cell for cell in self.cells if _longest(cell.plain.split()) <= _LONGEST_WORD]
        given = sum(bool(cell.plain) for cell in self.cells)
        return usual if 2 * sum(bool(cell.plain) for cell in usual) >= given else self.cells


def table(title: str, *columns: str) -> Table:
    """Make a table; a column whose name begins with # holds numbers."""
    return Table(title, columns)


def filled(made: Table, rows: Iterable[Sequence[Any]]) -> Table:
    """Add rows of plain values."""
    for row in rows:
        made.add_row(*(shown(value) for value in row))
    return made


def shown(value: Any) -> Text:
    """Write one value as a person reads it; text of a source is never read as markup."""
    if value is None:
        return Text("")
    told = next((write(value) for kind, write in _WRITERS if isinstance(value, kind)), str(value))
    return Text(told, style=_SEVERITY.get(told, ""))


def number(value: int | None) -> str:
    """Write a count; a dot where there is nothing, so that what there is stands out."""
    return "·" if not value else f"{value:,}"


def money(value: Any) -> str:
    """Write an amount without cents; empty where none is known."""
    return "" if value is None else f"{Decimal(value):,.0f}"


def _placed(columns: Sequence[_Column], width: int) -> tuple[list[int], list[int]]:
    """Which columns stand side by side, and which below each row: those that need most, but never the first."""
    beside = list(range(len(columns)))
    below: list[int] = []
    while len(beside) > 1 and _sum(columns[place].comfortable for place in beside) > width:
        widest = max(beside[1:], key=lambda place: (columns[place].comfortable, columns[place].natural, place))
        beside.remove(widest)
        below.append(widest)
    return beside, sorted(below)


def _widths(columns: Sequence[_Column], width: int) -> list[int]:
    """Share the room: each column has what it needs, and what is left goes to those that would be wrapped."""
    widths = [column.comfortable for column in columns]
    left = width - _sum(widths)
    while left > 0 and (short := [place for place, one in enumerate(columns) if widths[place] < one.natural]):
        for place in short[:left]:
            widths[place] += 1
        left -= len(short)
    return widths


def _sum(widths: Iterable[int]) -> int:
    given = list(widths)
    return sum(given) + len(_GAP) * (len(given) - 1)


def _longest(words: Iterable[str]) -> int:
    return max((Text(word).cell_len for word in words), default=0)


def _named(name: str, value: Text, width: int) -> Iterator[Text]:
    """A value below its row; nothing where there is none. A word that no line holds stands on one of its own."""
    if not value.plain:
        return
    begin = f"{name}: "
    lines = list(_wrapped(value, max(width - len(_BELOW) - len(begin), 1)))
    for place, line in enumerate(lines):
        told = Text(_BELOW)
        told.append(begin if place == 0 else " " * len(begin), style="dim")
        yield told.append_text(line)


def _wrapped(text: Text, width: int) -> Iterator[Text]:
    """Lines of at most so many characters, broken between words only; Rich itself cuts a word that is longer."""
    for line in text.split("\n", allow_blank=True):
        breaks, used = [], 0
        for word in _WORD.finditer(line.plain):
            size = Text(word[0].rstrip()).cell_len
            if used and used + size > width:
                breaks.append(word.start())
                used = 0
            used += Text(word[0]).cell_len
        for part in line.divide(breaks):
            part.rstrip()
            part.no_wrap = True
            part.overflow = "ignore"
            yield part
