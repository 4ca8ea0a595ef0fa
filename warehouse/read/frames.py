"""Read rows back as typed frames, over ADBC."""

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

# ADBC takes parameters as $1; what is asked of it never holds a value.
_DIALECT = postgresql.dialect(paramstyle="numeric_dollar")  # type: ignore[no-untyped-call]  # SQLAlchemy leaves it so


# 40 MB of a table where a block has the usual 8 kB.
_PART_BLOCKS = 5_000
Readable: TypeAlias = sa.Engine | dbapi.Connection


@without_values("Reading the warehouse")
def reading(engine: sa.Engine) -> dbapi.Connection:
    """Open one connection for many questions: each costs 60 ms, in which the client learns the types of the server.

    The caller closes it.
    """
    return bulk_connection(engine)


@without_values("Reading the warehouse")
def read(warehouse: Readable, statement: sa.Select[Any], fields: Sequence[Column]) -> pl.DataFrame:
    """Run a query whose columns are these fields in this order, and give a frame of the fields' types."""
    with _opened(warehouse) as connection, connection.cursor() as cursor:
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
    """Do as `read` with a query of one table, and give the rows of some blocks of it at a time to `take`.

    At least one part, which may be empty. The driver holds all rows of an answer at once, so each part is a question of
    its own; the caller sees to it that nobody writes meanwhile.
    """
    with _opened(warehouse) as connection, connection.cursor() as cursor:
        _ask(cursor, sa.select(_blocks_of(table)))
        (blocks,) = cursor.fetchone()
        firsts = [*range(0, blocks, part_blocks)] or [0]
        for first, after in zip(firsts, [*firsts[1:], None], strict=True):
            _ask(cursor, statement.where(_lies_in(table, first, after)))
            take(_typed(pl.DataFrame(cursor.fetch_arrow_table()), fields))


def _blocks_of(table: sa.Table) -> sa.ColumnElement[int]:
    size = sa.func.pg_relation_size(table.fullname, type_=sa.BigInteger)
    return size // sa.cast(sa.func.current_setting("block_size"), sa.BigInteger)


def _lies_in(table: sa.Table, first: int, after: int | None) -> sa.ColumnElement[bool]:
    """Whether a row lies in the blocks from `first` on, and before `after` where that is not null."""
    place: sa.ColumnElement[Any] = sa.literal_column(f"{table.fullname}.ctid")
    is_behind = place >= sa.literal_column(f"'({first},0)'::tid")
    return is_behind if after is None else is_behind & (place < sa.literal_column(f"'({after},0)'::tid"))


@contextmanager
def _opened(warehouse: Readable) -> Iterator[dbapi.Connection]:
    """Use the bulk connection that is open, or one for this question alone."""
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
    """The column as it is read: decimals and JSON as text, which a frame takes as it is."""
    column = table.c[field.name]
    return sa.cast(column, sa.Text()).label(field.name) if field.kind in {Kind.MONEY, Kind.JSON} else column
