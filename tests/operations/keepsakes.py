"""Moments of a home and its warehouse, to be put together anew: each half alone, or both of different days."""

import re
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import polars as pl
from sqlalchemy import make_url

from definitions.errors import LandingError
from definitions.schema.tables import CURATED, FCT_CLASSIFICATION_CHANGE
from tests.flows.line import Line, same_rows, warehouse_in
from warehouse.embedded.server import EmbeddedServer

MOVES = ("record_id", "from_class", "to_class", "changed_on")
ADVISED = re.compile(r"`bantam run --full((?: --source [a-z_]+)+)`")


@dataclass(frozen=True, slots=True)
class Kept:
    """A home and a warehouse as they stood after one run."""

    home: Path
    warehouse: str


def kept(line: Line, folder: Path, server: EmbeddedServer) -> Kept:
    """Copy both halves of a line."""
    shutil.copytree(line.home, folder)
    template = str(make_url(line.variables["BANTAM_WAREHOUSE_URL"]).database)
    copied = warehouse_in(server, template)["BANTAM_WAREHOUSE_URL"]
    return Kept(folder, str(make_url(copied).database))


def restored(line: Line, folder: Path, server: EmbeddedServer, *, home: Kept | None, warehouse: str) -> Line:
    """The line with a home as it was at one moment (none: an empty one) and a warehouse as it was at another."""
    if home is not None:
        shutil.copytree(home.home, folder)
    return replace(line, home=folder, variables={**line.variables, **warehouse_in(server, warehouse)})


def differences(
    one: Mapping[str, pl.DataFrame], other: Mapping[str, pl.DataFrame], *, without: tuple[str, ...] = ()
) -> list[str]:
    """Tables and columns that differ, but for those named; the ledger, which is keyed by runs, by what it says."""
    told = [
        same_rows(one[table.name], other[table.name], table, without)
        for table in CURATED
        if table != FCT_CLASSIFICATION_CHANGE and table.name not in without
    ]
    said = [sorted(tables[FCT_CLASSIFICATION_CHANGE.name].select(MOVES).rows()) for tables in (one, other)]
    is_apart = said[0] != said[1] and FCT_CLASSIFICATION_CHANGE.name not in without
    return [*filter(None, told), *(["the ledger"] if is_apart else [])]


def advised(error: LandingError) -> dict[str, Any]:
    """What the command in a message asks for, as `Line.refresh` takes it."""
    found = ADVISED.search(str(error))
    assert found, str(error)
    return {"full": True, "sources": re.findall(r"--source ([a-z_]+)", found.group(1))}


def states(home: Path) -> dict[str, bytes]:
    """Content of the state files, by source and name."""
    return {str(path.relative_to(home / "state")): path.read_bytes() for path in home.glob("state/*/*/*.parquet")}


def flip(path: Path, bit: int | None = None) -> None:
    """Change one bit of a file, in its middle unless said."""
    content = bytearray(path.read_bytes())
    place = len(content) * 4 if bit is None else bit
    content[place // 8] ^= 1 << place % 8
    path.write_bytes(content)


def newest(paths: Iterable[Path]) -> Path:
    """The last of some files by the name of their run's folder."""
    return max(paths, key=lambda path: (path.parent.name, path.name))
