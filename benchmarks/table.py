"""The figures as a table that fits eighty columns, under a line that says what machine they are of."""

import os
import platform
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl
from rich import box
from rich.console import Console
from rich.table import Table

WIDTH = 80


@dataclass(frozen=True, slots=True)
class Row:
    """One figure and what is aimed at."""

    what: str
    figure: str
    target: str


def machine() -> str:
    """Cores, memory, load and versions: figures of one machine say little of another."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / (1 << 30)
    load = os.getloadavg()[0]
    return (
        f"{len(os.sched_getaffinity(0)) if hasattr(os, 'sched_getaffinity') else os.cpu_count()} cores, "
        f"{memory:.0f} GiB, load {load:.1f}, {platform.system()} {platform.machine()}, "
        f"Python {platform.python_version()}, Polars {pl.__version__}"
    )


def show(rows: Iterable[Row]) -> None:
    """Print the table."""
    table = Table(box=box.SIMPLE, width=WIDTH)
    table.add_column("measured")
    table.add_column("figure", justify="right")
    table.add_column("target", justify="right")
    for row in rows:
        table.add_row(row.what, row.figure, row.target)
    Console(width=WIDTH).print(table)


def steps(cases: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """Tell what each step of each case took."""
    yield f"{'':34}{'wall s':>9}{'our cpu s':>11}{'server s':>10}{'peak MiB':>10}"
    for case, figures in cases.items():
        for name, (wall, own, server, peak) in figures["steps"].items():
            yield f"{case + ': ' + name:34}{wall:>9.1f}{own:>11.1f}{server:>10.1f}{peak:>10,.0f}"
