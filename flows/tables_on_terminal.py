"""Tables as a terminal shows them: no frame, numbers to the right, and what does not fit is folded, not lost."""

from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.table import Table
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


def table(title: str, *columns: str) -> Table:
    """Make a table; a column whose name starts with # holds numbers. The first one never breaks."""
    made = Table(
        title=title, title_justify="left", title_style="bold", header_style="dim", box=SIMPLE_HEAD, pad_edge=False,
        padding=(0, 1, 0, 0), caption_justify="left",
    )  # fmt: skip
    for place, column in enumerate(columns):
        if column.startswith("#"):
            made.add_column(column.lstrip("#"), justify="right", no_wrap=True)
        else:
            made.add_column(column, no_wrap=place == 0, overflow="fold")
    return made


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
