"""Time limits of a session: how long it waits for a lock, stands idle in a transaction, or takes to answer."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import sqlalchemy as sa

from definitions.runtime.socket_abort import SocketAbort, aborted_after

LOCK_SECONDS = 30.0


def limit_lock_wait(connection: sa.Connection, seconds: float = LOCK_SECONDS) -> None:
    """Give up waiting for a lock after so long, in this transaction only (SQLSTATE 55P03)."""
    _set_local(connection, "lock_timeout", seconds)


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
