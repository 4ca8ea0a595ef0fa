"""Time limits of a session: lock wait, idle transaction, lost client, response time."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from definitions.errors import AnotherRunActiveError
from definitions.runtime.socket_abort import SocketAbort, aborted_after
from warehouse.database_errors import sqlstate

LOCK_SECONDS = 30.0


def limit_lock_wait(connection: sa.Connection, seconds: float = LOCK_SECONDS) -> None:
    """Set the lock time-out of this transaction (SQLSTATE 55P03 when exceeded)."""
    _set_local(connection, "lock_timeout", seconds)


@contextmanager
def another_run_if_locked(message: str) -> Iterator[None]:
    """Raise `AnotherRunActiveError` with this message where the block waits for a lock longer than its transaction may.

    PostgreSQL's own error is not shown with it: the message says who holds the lock.
    """
    try:
        yield
    except DBAPIError as error:
        if sqlstate(error) != psycopg.errors.LockNotAvailable.sqlstate:
            raise
        raise AnotherRunActiveError(message) from None


def limit_idle_transaction(connection: sa.Connection, seconds: float) -> None:
    """Set the idle time-out of this transaction, so that a suspended run holds no lock."""
    _set_local(connection, "idle_in_transaction_session_timeout", seconds)


def notice_lost_client(connection: sa.Connection) -> None:
    """Let the server cancel a long statement within seconds after its client died, in this transaction only.

    Without it the statement of a killed run keeps its locks until it ends. Servers on Windows do not support it.
    """
    connection.execute(
        sa.text(
            "SELECT set_config('client_connection_check_interval', '2s', true)"
            " WHERE version() !~* 'windows|mingw|visual|msvc'"
        )
    )


@contextmanager
def answered_within(connection: sa.Connection, seconds: float) -> Iterator[None]:
    """Abort the connection if the statements of the block take longer: a suspended server enforces no limit itself.

    The statements then raise the error of a lost connection.
    """
    with aborted_after(driver_of(connection).fileno(), seconds):
        yield


def abort_of(connection: sa.Connection) -> SocketAbort:
    """Return a handle that aborts this connection from another thread; the caller closes it."""
    return SocketAbort(driver_of(connection).fileno())


def driver_of(connection: sa.Connection) -> psycopg.Connection:
    """Return the psycopg connection, for features that SQLAlchemy does not offer."""
    driver = connection.connection.driver_connection
    if not isinstance(driver, psycopg.Connection):
        raise TypeError("the warehouse engine does not use psycopg")
    return driver


def _set_local(connection: sa.Connection, setting: str, seconds: float) -> None:
    values = {"setting": setting, "limit": f"{round(seconds * 1000)}ms"}
    connection.execute(sa.text("SELECT set_config(:setting, :limit, true)"), values)
