"""First load of an empty table: one INSERT, for many rows without the write-ahead log and index maintenance."""

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
    """Whether the table has no row."""
    return not connection.execute(sa.select(sa.exists(sa.select(1).select_from(table)))).scalar_one()


@contextmanager
def indexes_aside(connection: sa.Connection, empty: sa.Table, source: sa.Table) -> Iterator[None]:
    """Drop key and indexes of an empty table while many rows of `source` are inserted, and recreate them.

    It happens inside the transaction, so no other session sees the table without them. It needs an exclusive lock:
    where another session reads the table, nothing is dropped. A key that other objects depend on stays, too.
    """
    dropped: list[sa.ExecutableDDLElement] = []
    if _has_many(connection, source) and _is_alone(connection, empty):
        dropped = _drop_indexes(connection, empty)
        _start_anew(connection, empty)
    yield
    for statement in dropped:
        connection.execute(statement)


def _drop_indexes(connection: sa.Connection, table: sa.Table) -> list[sa.ExecutableDDLElement]:
    """Drop indexes and key, and return the statements that recreate them."""
    indexes = _indexes(connection, table)
    for index in indexes:
        connection.execute(sa.schema.DropIndex(index))
    dropped: list[sa.ExecutableDDLElement] = [sa.schema.CreateIndex(index) for index in indexes]
    # Sorting the keys of 1,200,000 activities at the end took the server 1.0 s, inserting one by one 1.3 to 1.9 s.
    key = table.primary_key
    found = sa.inspect(connection).get_pk_constraint(table.name, schema=table.schema)
    is_declared = (found["name"], found["constrained_columns"]) == (key.name, [column.name for column in key.columns])
    if is_declared and _is_accepted(
        connection, sa.schema.DropConstraint(key), psycopg.errors.DependentObjectsStillExist
    ):
        dropped.append(sa.schema.AddConstraint(key))
    return dropped


def _start_anew(connection: sa.Connection, table: sa.Table) -> None:
    """Truncate the table, so that a server with `wal_level = minimal` fills its new file without logging.

    A table that ever held a row keeps its file: a reader with an old snapshot may still need it.
    """
    name = identifier(table.schema, table.name)
    size = sa.func.pg_relation_size(sa.cast(name, postgresql.REGCLASS))
    if connection.execute(sa.select(size)).scalar_one() == 0:
        _is_accepted(connection, f"TRUNCATE TABLE {name}", psycopg.errors.FeatureNotSupported)


def _indexes(connection: sa.Connection, table: sa.Table) -> list[sa.Index]:
    """Return the declared indexes that exist: an administrator may have dropped one."""
    existing = {index["name"] for index in sa.inspect(connection).get_indexes(table.name, schema=table.schema)}
    return sorted((index for index in table.indexes if index.name in existing), key=lambda index: str(index.name))


def _has_many(connection: sa.Connection, source: sa.Table) -> bool:
    sample = sa.select(1).select_from(source).limit(_MANY_ROWS).subquery()
    return connection.execute(sa.select(sa.func.count()).select_from(sample)).scalar_one() == _MANY_ROWS


def _is_alone(connection: sa.Connection, table: sa.Table) -> bool:
    """Try to lock the table exclusively; never wait, since a reader may wait for us (deadlock)."""
    name = identifier(table.schema, table.name)
    lock = f"LOCK TABLE {name} IN ACCESS EXCLUSIVE MODE NOWAIT"
    return _is_accepted(connection, lock, psycopg.errors.LockNotAvailable)


def _is_accepted(
    connection: sa.Connection, change: str | sa.ExecutableDDLElement, refusal: type[psycopg.DatabaseError]
) -> bool:
    """Execute the change; return False, with nothing changed, where PostgreSQL refuses it with `refusal`."""
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
