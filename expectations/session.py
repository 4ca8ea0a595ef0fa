"""PostgreSQL sessions of an audit: their limits, and the error when one cannot be opened or is lost."""

import math
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import psycopg
from sqlalchemy.engine import URL, make_url

from definitions.errors import AuditRefusedError
from definitions.sql_text import identifier

# Added to the time limit of an audit for the server's own limit, which ends what the audit could not end itself.
_GRACE_SECONDS = 5
_LOCK_SECONDS = 60
_LEAST_MEMORY = "64MB"  # a server's default of 4 MB makes every join and sort of a large table go through the disk


@contextmanager
def connected(
    url: str | URL,
    schema: str,
    operation: str,
    *,
    seconds: float,
    watch: Callable[[psycopg.Connection], object] = lambda _: None,
) -> Iterator[psycopg.Connection]:
    """Connect for counting: only `schema` is searched, days begin at midnight UTC, waits for locks are limited.

    The server ends a statement that takes longer than `seconds`, or whose client has died. `operation` begins the
    messages ("the audit of run 7"); `watch` is called with the connection. Raises `AuditRefusedError` if the connection
    cannot be opened or is lost; without the address, which may hold a password, and without the server's message, which
    may quote a value.
    """
    try:
        connection = psycopg.connect(**_keywords(url), autocommit=True)
    except psycopg.Error as error:
        raise AuditRefusedError(
            f"{operation} cannot reach the warehouse ({type(error).__name__}). Check that its server runs; run again."
        ) from None
    try:
        with connection:
            watch(connection)
            _prepare(connection, schema, seconds)
            yield connection
    except psycopg.Error as error:
        raise connection_lost(operation, type(error).__name__) from None


@contextmanager
def read_only_connections(
    url: str | URL, schema: str, *, seconds: float, watch: Callable[[psycopg.Connection], object]
) -> Iterator[Callable[[], psycopg.Connection]]:
    """Yield a function that opens connections for queries of others: read-only, with the limits of `connected`.

    All connections are closed at the end, in any state.
    """
    with ExitStack() as connections:

        def connect() -> psycopg.Connection:
            connection = psycopg.connect(**_keywords(url), autocommit=True)
            connections.callback(connection.close)
            watch(connection)
            _prepare(connection, schema, seconds)
            run(connection, "SET default_transaction_read_only TO on")
            connection.autocommit = False
            return connection

        yield connect


def connection_lost(operation: str, kind: str) -> AuditRefusedError:
    """Build the error for a lost connection or a cancelled statement; it has the error type, not its message."""
    return AuditRefusedError(
        f"{operation} was broken off by the warehouse ({kind}); the published tables stay as they were. Check that its "
        "server runs and takes our connections, and read its log; run again."
    )


def row_of(connection: psycopg.Connection, sql: str) -> tuple[Any, ...]:
    """Return the single row of a query."""
    row = run(connection, sql).fetchone()
    if row is None:
        raise AuditRefusedError("a count gave no row: a check is written wrongly. Compare its SQL with its words.")
    return row


def run(connection: psycopg.Connection, sql: str) -> psycopg.Cursor[tuple[Any, ...]]:
    """Run one statement made of quoted names and checks; without parameters, so that no character is special."""
    return connection.execute(sql)


def _keywords(url: str | URL) -> dict[str, Any]:
    """Convert the address to libpq settings; its query parameters win, as for the folder of a socket.

    >>> _keywords("postgresql+psycopg://ada@localhost/bantam?host=%2Frun%2Fpg")
    {'host': '/run/pg', 'user': 'ada', 'dbname': 'bantam'}
    """
    parsed = make_url(url)
    named = {"host": parsed.host, "port": parsed.port, "user": parsed.username, "password": parsed.password}
    keywords = {**named, "dbname": parsed.database, **parsed.normalized_query}
    return {name: ",".join(value) if isinstance(value, tuple) else value for name, value in keywords.items() if value}


def _prepare(connection: psycopg.Connection, schema: str, seconds: float) -> None:
    run(connection, f"SET search_path TO {identifier(schema)}")
    run(connection, "SET TIME ZONE 'UTC'")
    run(connection, f"SET statement_timeout TO '{math.ceil(seconds) + _GRACE_SECONDS}s'")
    run(connection, f"SET lock_timeout TO '{_LOCK_SECONDS}s'")
    # Otherwise the queries of a killed run would go on and lock staging. Servers on Windows cannot detect it.
    run(
        connection,
        "SELECT set_config('client_connection_check_interval', '2s', false) "
        "WHERE version() !~* 'windows|mingw|visual|msvc'",
    )
    # Compiling hundreds of small expressions costs more than it saves.
    run(connection, "SET jit TO off")
    run(
        connection,
        f"SELECT set_config('work_mem', '{_LEAST_MEMORY}', false) "
        f"WHERE pg_size_bytes(current_setting('work_mem')) < pg_size_bytes('{_LEAST_MEMORY}')",
    )
