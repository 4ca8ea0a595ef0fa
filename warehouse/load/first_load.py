"""Fill an empty table: one INSERT, and for many rows nothing is logged or indexed row by row."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.exc import DBAPIError

from definitions.sql_text import identifier

# For 2,400,000 rows of all tables the server worked 10.9 s and logged 16 MB, 14.2 s and 1.4 GB with the key in place
# and every row logged. For few rows it is not worth a lock.
_MANY_ROWS = 20_000


def is_empty(connection: sa.Connection, table: sa.Table) -> bool:
    """Whether the table has no row at all."""
    return not connection.execute(sa.select(sa.exists(sa.select(1).select_from(table)))).scalar_one()


@contextmanager
def indexes_aside(connection: sa.Connection, empty: sa.Table, source: sa.Table) -> Iterator[None]:
    """Set the key and the indexes of an empty table aside while many rows of `source` are inserted; make them again.

    It happens inside the transaction, so nobody ever sees the table without them. It needs the table alone: whoever
    reads it already keeps it, and the rows go in the slow way. So does, for its part, what others have tied to the key.
    """
    aside: list[sa.ExecutableDDLElement] = []
    if _has_many(connection, source) and _is_alone(connection, empty):
        aside = _set_aside(connection, empty)
        _start_anew(connection, empty)
    yield
    for lacking in aside:
        connection.execute(lacking)


def _set_aside(connection: sa.Connection, table: sa.Table) -> list[sa.ExecutableDDLElement]:
    """Drop indexes and key, and give what makes them again."""
    indexes = _indexes(connection, table)
    for index in indexes:
        connection.execute(sa.schema.DropIndex(index))
    aside: list[sa.ExecutableDDLElement] = [sa.schema.CreateIndex(index) for index in indexes]
    # Sorting the keys of 1,200,000 activities at the end took the server 1.0 s, entering them row by row 1.3 to 1.9 s.
    key = table.primary_key
    there = sa.inspect(connection).get_pk_constraint(table.name, schema=table.schema)
    is_ours = (there["name"], there["constrained_columns"]) == (key.name, [column.name for column in key.columns])
    if is_ours and _is_let(connection, sa.schema.DropConstraint(key), psycopg.errors.DependentObjectsStillExist):
        aside.append(sa.schema.AddConstraint(key))
    return aside


def _start_anew(connection: sa.Connection, table: sa.Table) -> None:
    """Give the table a file of this transaction, which a server with `wal_level = minimal` fills without logging.

    A table that ever held a row keeps its file: a reader with an old snapshot may still come for it.
    """
    name = identifier(table.schema, table.name)
    size = sa.func.pg_relation_size(sa.cast(name, postgresql.REGCLASS))
    if connection.execute(sa.select(size)).scalar_one() == 0:
        _is_let(connection, f"TRUNCATE TABLE {name}", psycopg.errors.FeatureNotSupported)


def _indexes(connection: sa.Connection, table: sa.Table) -> list[sa.Index]:
    """Declared indexes that are there: an administrator may have dropped one."""
    there = {index["name"] for index in sa.inspect(connection).get_indexes(table.name, schema=table.schema)}
    return sorted((index for index in table.indexes if index.name in there), key=lambda index: str(index.name))


def _has_many(connection: sa.Connection, source: sa.Table) -> bool:
    some = sa.select(1).select_from(source).limit(_MANY_ROWS).subquery()
    return connection.execute(sa.select(sa.func.count()).select_from(some)).scalar_one() == _MANY_ROWS


def _is_alone(connection: sa.Connection, table: sa.Table) -> bool:
    """Take the table for us alone if nobody reads it at this moment; never wait, since a reader may wait for us."""
    name = identifier(table.schema, table.name)
    lock = f"LOCK TABLE {name} IN ACCESS EXCLUSIVE MODE NOWAIT"
    return _is_let(connection, lock, psycopg.errors.LockNotAvailable)


def _is_let(
    connection: sa.Connection, change: str | sa.ExecutableDDLElement, refusal: type[psycopg.DatabaseError]
) -> bool:
    """Do it and give true; give false, with nothing done, where PostgreSQL refuses it for this reason."""
    try:
        with connection.begin_nested():
            if isinstance(change, str):
                connection.exec_driver_sql(change)
            else:
                connection.execute(change)
    except DBAPIError as error:
        if not isinstance(error.orig, refusal):
            raise
        return False
    return True
