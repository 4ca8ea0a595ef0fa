"""A shop that keeps its deals in one file: the smallest company that can be refreshed."""

import itertools
import shutil
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import psycopg

from tests.flows.line import Line
from warehouse.embedded import EmbeddedServer

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
_numbers = itertools.count()


def write_deals(folder: Path, rows: Iterable[str]) -> None:
    (folder / "deals.csv").write_text("\n".join([HEADER, *rows]) + "\n")


def opened_shop(folder: Path, rows: Iterable[str], server: EmbeddedServer | None = None) -> Line:
    """A shop with settings and deals; its warehouse is a new database of the server, or an embedded one of its own."""
    folder.mkdir(parents=True)
    (folder / "bantam.yaml").write_text(CONFIG)
    write_deals(folder, rows)
    variables = {} if server is None else {"BANTAM_WAREHOUSE_URL": new_database(server)}
    return Line(config=folder / "bantam.yaml", home=folder / "home", variables=variables)


def copied_shop(line: Line, folder: Path, server: EmbeddedServer) -> Line:
    """The shop again, as it stands: files, landing, state and warehouse."""
    shutil.copytree(line.config.parent, folder)
    variables = {"BANTAM_WAREHOUSE_URL": new_database(server, like=line.variables["BANTAM_WAREHOUSE_URL"])}
    return replace(line, config=folder / "bantam.yaml", home=folder / "home", variables=variables)


def new_database(server: EmbeddedServer, *, like: str | None = None) -> str:
    """URL of a database of its own: an empty one, or a copy."""
    name = f"shop_{next(_numbers)}"
    template = "template0" if like is None else like.partition("?")[0].rpartition("/")[2]
    url = server.url
    with psycopg.connect(
        host=str(url.query["host"]), port=url.port, user=url.username, password=url.password, dbname=url.database,
        autocommit=True,
    ) as connection:  # fmt: skip
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
    return url.set(database=name).render_as_string(hide_password=False)
