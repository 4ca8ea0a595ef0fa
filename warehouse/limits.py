"""Time limits of a session: how long it waits for a lock, stands idle in a transaction, or takes to answer."""

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
    """Give up waiting for a lock after so long, in this transaction only (SQLSTATE 55P03)."""
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
    """Let the server end this transaction when the client has sent nothing for so long: a frozen run holds no lock."""
    _set_local(connection, "idle_in_transaction_session_timeout", seconds)


def notice_lost_client(connection: sa.Connection) -> None:
    """Let the server end a long statement within seconds after its client died, in this transaction only.

    Without it the statement of a killed run ends first, and keeps its locks so long. Servers on Windows cannot do it.
    """
    connection.execute(
        sa.text(
            "SELECT set_config('client_connection_check_interval', '2s', true)"
            " WHERE version() !~* 'windows|mingw|visual|msvc'"
        )
    )


@contextmanager
def answered_within(connection: sa.Connection, seconds: float) -> Iterator[None]:
    """Break the connection off if the statements of the block take longer: the server's own limits may stand still.

    They then raise the error of a lost connection.
    """
    with aborted_after(driver_of(connection).fileno(), seconds):
        yield


def abort_of(connection: sa.Connection) -> SocketAbort:
    """Give what breaks this connection off from another thread; the caller closes it."""
    return SocketAbort(driver_of(connection).fileno())


def driver_of(connection: sa.Connection) -> psycopg.Connection:
    """The driver's own connection, for what SQLAlchemy has no words for."""
    driver = connection.connection.driver_connection
    if not isinstance(driver, psycopg.Connection):
        raise TypeError("the warehouse engine does not use psycopg")
    return driver


def _set_local(connection: sa.Connection, setting: str, seconds: float) -> None:
    values = {"setting": setting, "limit": f"{round(seconds * 1000)}ms"}
    connection.execute(sa.text("SELECT set_config(:setting, :limit, true)"), values)
