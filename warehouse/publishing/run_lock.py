"""One refresh at a time: an advisory lock of the warehouse, which dies with whoever holds it."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

import psycopg
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError, OperationalError

from definitions.errors import AnotherRunActiveError, PublishError
from warehouse.database_errors import told_of, without_values
from warehouse.limits import answered_within

# Looking up a lock takes no time; a server that stands still must not keep a run from ending.
_ANSWER_SECONDS = 10.0
_IS_HELD = """
    SELECT EXISTS (
        SELECT FROM pg_locks
        WHERE locktype = 'advisory' AND granted AND objsubid = 1
        AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
        AND ((classid::bigint << 32) | objid::bigint) = :key
    )
"""
_IS_HELD_HERE = _IS_HELD.replace(":key", ":key AND pid = pg_backend_pid()")


@dataclass(frozen=True, slots=True)
class RunLock:
    """A lock that is held; `check` it before what must not be done by two."""

    name: str
    _connection: sa.Connection

    def check(self) -> None:
        """Raise `PublishError` when the lock was lost with its session: another run may have begun meanwhile."""
        is_held, reason = False, ""
        try:
            # A connection that was lost is not made again: the lock went with its session.
            if not self._connection.invalidated:
                with answered_within(self._connection, _ANSWER_SECONDS):
                    asked = sa.text(_IS_HELD_HERE)
                    is_held = self._connection.execute(asked, {"key": lock_key(self.name)}).scalar_one()
        except DBAPIError as error:
            reason = f"{told_of(error, f'Holding the lock {self.name}')} "
        if not is_held:
            raise PublishError(
                f"{reason}The lock was lost: the server or a firewall ended the session that held the lock "
                f"{self.name}, and another run may be at work. Run again."
            )


@contextmanager
def run_lock(engine: sa.Engine, name: str = "refresh", *, wait_seconds: int = 0) -> Iterator[RunLock]:
    """Hold the warehouse's lock of this name on a connection of its own.

    The lock belongs to the session, so it is free again the moment the process ends, killed or not. Raises
    `AnotherRunActiveError` when another session holds it, at once or after `wait_seconds`.
    """
    connection = _connect(engine)
    try:
        if not _take(connection, name, wait_seconds):
            raise _held_by_another(name)
        yield RunLock(name, connection)
    finally:
        _free(connection)


def check_free(engine: sa.Engine, name: str = "refresh") -> None:
    """Raise `AnotherRunActiveError` when a session holds the lock of this name; for who has not begun to work.

    Only looks: whoever takes the lock at this moment is not turned away. That it is free now says nothing of later.
    """
    if _is_held(engine, name):
        raise _held_by_another(name)


@without_values("Looking at the run lock")
def _is_held(engine: sa.Engine, name: str) -> bool:
    with engine.connect() as connection:
        return bool(connection.execute(sa.text(_IS_HELD), {"key": lock_key(name)}).scalar_one())


def _held_by_another(name: str) -> AnotherRunActiveError:
    return AnotherRunActiveError(
        f"Another run holds the lock {name} of this warehouse. It frees it when it ends; run again then."
    )


@without_values("Taking the run lock")
def _connect(engine: sa.Engine) -> sa.Connection:
    connection = engine.connect().execution_options(isolation_level="AUTOCOMMIT")
    # The session is idle for as long as the run takes, which a server may be told to end.
    connection.execute(sa.text("SET idle_session_timeout TO 0"))
    return connection


@without_values("Taking the run lock")
def _take(connection: sa.Connection, name: str, wait_seconds: int) -> bool:
    key = {"key": lock_key(name)}
    if wait_seconds <= 0:
        return bool(connection.execute(sa.text("SELECT pg_try_advisory_lock(:key)"), key).scalar_one())
    wait = {"wait": f"{wait_seconds}s"}
    connection.execute(sa.text("SELECT set_config('lock_timeout', :wait, false)"), wait)
    try:
        connection.execute(sa.text("SELECT pg_advisory_lock(:key)"), key)
    except OperationalError as error:
        if not isinstance(error.orig, psycopg.errors.LockNotAvailable):
            raise
        return False
    return True


def _free(connection: sa.Connection) -> None:
    """Free the lock before the session is closed: the server ends that some moments after its client has left."""
    try:
        # Where the session was lost, so was the lock.
        if not connection.invalidated:
            with suppress(DBAPIError), answered_within(connection, _ANSWER_SECONDS):
                connection.execute(sa.text("SELECT pg_advisory_unlock_all()"))
    finally:
        connection.invalidate()
        connection.close()


def lock_key(name: str) -> int:
    """Number of a lock: the same in every process, in none but Bantam.

    >>> lock_key("refresh") == lock_key("refresh") != lock_key("pull hubspot")
    True
    """
    return int.from_bytes(hashlib.sha256(f"bantam {name}".encode()).digest()[:8], signed=True)
