"""A shop that keeps its deals in one file: the smallest company that can be refreshed."""

import shutil
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from sqlalchemy import make_url

from tests.flows.line import Line, warehouse_in
from warehouse.embedded.server import EmbeddedServer

CONFIG = """
definitions: handoff
sources:
  - name: shop
    kind: files
    currency: USD
    stages: {Talking: meeting_discovery, Won: closed_won, Lost: closed_lost}
    streams:
      - name: deals
        kind: opportunity
        path: deals.csv
        id: id
        columns: {name: name, source_stage: stage, source_close_date: close, amount: amount}
"""
HEADER = "id,name,stage,close,amount"


def write_deals(folder: Path, rows: Iterable[str]) -> None:
    (folder / "deals.csv").write_text("\n".join([HEADER, *rows]) + "\n")


def opened_shop(folder: Path, rows: Iterable[str], server: EmbeddedServer | None = None) -> Line:
    """A shop with settings and deals; its warehouse is a new database of the server, or an embedded one of its own."""
    folder.mkdir(parents=True)
    (folder / "bantam.yaml").write_text(CONFIG)
    write_deals(folder, rows)
    variables = {} if server is None else warehouse_in(server)
    return Line(config=folder / "bantam.yaml", home=folder / "home", variables=variables)


def copied_shop(line: Line, folder: Path, server: EmbeddedServer) -> Line:
    """The shop again, as it stands: files, landing, state and warehouse."""
    shutil.copytree(line.config.parent, folder)
    template = str(make_url(line.variables["BANTAM_WAREHOUSE_URL"]).database)
    return replace(line, config=folder / "bantam.yaml", home=folder / "home", variables=warehouse_in(server, template))
