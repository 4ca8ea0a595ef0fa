"""Fill of the published tables: rows, and non-null rows of each column, as the baseline for the next run's audit."""

from collections.abc import Iterable

import psycopg
from sqlalchemy.engine import URL

from definitions.schema.tables import Table
from definitions.sql_text import identifier
from expectations.session import connected, row_of
from expectations.suites.structure import HISTORY, TableFill


def measure_fill(url: str | URL, schema: str, tables: Iterable[Table], *, seconds: float) -> dict[str, TableFill]:
    """Measure the tables of `schema`, by name: one scan for each table, of at most `seconds`.

    Tables that do not exist yet are left out, and so are history tables, whose volume is not compared.
    """
    found: dict[str, TableFill] = {}
    with connected(url, schema, "measuring the published tables", seconds=seconds) as connection:
        for table in tables:
            existing = set() if table.name in HISTORY else _columns(connection, schema, table.name)
            optional = [name for name in table.names if name in existing and name not in table.required]
            if existing:
                counts = ", ".join(["count(*)", *(f"count({identifier(name)})" for name in optional)])
                rows, *values = row_of(connection, f"SELECT {counts} FROM {identifier(table.name)}")
                found[table.name] = TableFill(rows, dict(zip(optional, values, strict=True)))
    return found


def _columns(connection: psycopg.Connection, schema: str, table: str) -> set[str]:
    query = "SELECT column_name FROM information_schema.columns WHERE table_schema = %s AND table_name = %s"
    return {name for (name,) in connection.execute(query, (schema, table))}
