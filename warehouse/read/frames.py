"""Queries that return typed frames, over ADBC."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeAlias

import polars as pl
import sqlalchemy as sa
from adbc_driver_postgresql import dbapi
from sqlalchemy.dialects import postgresql

from definitions.polars_types import schema_of
from definitions.schema.column import Column, Kind
from warehouse.connect import bulk_connection
from warehouse.database_errors import without_values

# ADBC takes parameters as $1; a statement never contains a value.
_DIALECT = postgresql.dialect(paramstyle="numeric_dollar")  # type: ignore[no-untyped-call]  # untyped in SQLAlchemy


# 40 MB of a table where a block has the usual 8 kB.
_PART_BLOCKS = 5_000
Readable: TypeAlias = sa.Engine | dbapi.Connection


@without_values("Reading the warehouse")
def reading(engine: sa.Engine) -> dbapi.Connection:
    """Open one connection for several queries: opening takes 60 ms, as the driver reads the server's types.

    The caller closes it.
    """
    return bulk_connection(engine)


@without_values("Reading the warehouse")
def read(warehouse: Readable, statement: sa.Select[Any], fields: Sequence[Column]) -> pl.DataFrame:
    """Run a query whose columns are these fields in this order, and return a frame of the fields' types."""
    with _connected(warehouse) as connection, connection.cursor() as cursor:
        _ask(cursor, statement)
        return _typed(pl.DataFrame(cursor.fetch_arrow_table()), fields)


@without_values("Reading the warehouse")
def read_parts(
    warehouse: Readable,
    table: sa.Table,
    statement: sa.Select[Any],
    fields: Sequence[Column],
    take: Callable[[pl.DataFrame], None],
    *,
    part_blocks: int = _PART_BLOCKS,
) -> None:
    """Run a query of one table like `read`, but in parts of some blocks each, and call `take` with each part.

    There is at least one part, perhaps empty. The driver holds the whole result of a query in memory, so each part is
    a query of its own; the caller ensures that nobody writes meanwhile.
    """
    with _connected(warehouse) as connection, connection.cursor() as cursor:
        _ask(cursor, sa.select(_blocks_of(table)))
        (blocks,) = cursor.fetchone()
        firsts = [*range(0, blocks, part_blocks)] or [0]
        for first, after in zip(firsts, [*firsts[1:], None], strict=True):
            _ask(cursor, statement.where(_is_in_blocks(table, first, after)))
            take(_typed(pl.DataFrame(cursor.fetch_arrow_table()), fields))


def _blocks_of(table: sa.Table) -> sa.ColumnElement[int]:
    size = sa.func.pg_relation_size(table.fullname, type_=sa.BigInteger)
    return size // sa.cast(sa.func.current_setting("block_size"), sa.BigInteger)


def _is_in_blocks(table: sa.Table, first: int, after: int | None) -> sa.ColumnElement[bool]:
    """Build the condition that a row is in the blocks from `first` on and before `after` (None: no end)."""
    row_position: sa.ColumnElement[Any] = sa.literal_column(f"{table.fullname}.ctid")
    is_behind = row_position >= sa.literal_column(f"'({first},0)'::tid")
    return is_behind if after is None else is_behind & (row_position < sa.literal_column(f"'({after},0)'::tid"))


@contextmanager
def _connected(warehouse: Readable) -> Iterator[dbapi.Connection]:
    """Yield the given bulk connection, or a new one for this query."""
    if isinstance(warehouse, sa.Engine):
        with bulk_connection(warehouse) as connection:
            yield connection
    else:
        yield warehouse


def _ask(cursor: dbapi.Cursor, statement: sa.Select[Any]) -> None:
    compiled = statement.compile(dialect=_DIALECT, compile_kwargs={"render_postcompile": True})
    values = [compiled.params[name] for name in compiled.positiontup or ()]
    cursor.execute(str(compiled), values or None)


def _typed(rows: pl.DataFrame, fields: Sequence[Column]) -> pl.DataFrame:
    schema = schema_of(fields)
    return rows.rename(dict(zip(rows.columns, schema.names(), strict=True))).cast(schema)


def column_of(table: sa.FromClause, field: Column) -> sa.ColumnElement[Any]:
    """Return the column expression to read: decimals and JSON are cast to text."""
    column = table.c[field.name]
    return sa.cast(column, sa.Text()).label(field.name) if field.kind in {Kind.MONEY, Kind.JSON} else column
