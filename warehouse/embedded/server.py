"""Embedded PostgreSQL server under `<home>/warehouse/`, inaccessible to other users of the machine.

The folder is accessible to its owner only, every connection needs a generated password, and the server listens on a
Unix socket in its data folder; on 127.0.0.1 only while it is served. Any number of processes may use it at once: each
holds a shared lock on `users.lock`, which the kernel releases even when the process is killed.
"""

import contextlib
import fcntl
import os
import secrets
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

import psycopg
from psycopg import sql
from sqlalchemy import URL

from definitions.errors import ConfigurationError, PublishError
from definitions.runtime.folder_owner import check_is_ours, unusable
from warehouse.database_errors import without_values
from warehouse.embedded.cluster import OWNER, SOCKET_PORT, START_ANEW, Cluster
from warehouse.embedded.programs import find_programs
from warehouse.read.reader_role import READER, enable_reader_login

_DATABASE = "bantam"
_WAITS = 600
_ENDS = 100
_WAIT_SECONDS = 0.1


def is_made(home: Path) -> bool:
    """Whether there is a warehouse under `home`. Raises `ConfigurationError` if it belongs to another account."""
    folder = home / "warehouse"
    check_is_ours(folder)
    return (folder / "data").exists()


class EmbeddedServer:
    """A PostgreSQL under `home`, started when the first process needs it and stopped when the last one leaves.

    Use it as a context manager, or call `start` and `stop`. With `keep` it keeps running after this process. It also
    keeps running where the last process was killed; the next one uses it and stops it.
    """

    __slots__ = ("_cluster", "_hold", "_keep", "_sleep")

    def __init__(self, home: Path, *, keep: bool = False, sleep: Callable[[float], None] = time.sleep) -> None:
        self._cluster = Cluster(home.resolve() / "warehouse", find_programs())
        self._keep = keep
        self._sleep = sleep
        self._hold: int | None = None

    def __enter__(self) -> Self:
        """Start the server."""
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Leave the server."""
        self.stop()

    @without_values("Starting the embedded warehouse")
    def start(self) -> URL:
        """Create the server if needed, start it if it is down, and return the owner's URL; safe to repeat.

        Takes about a second the first time, a fifth of one later. Raises `ConfigurationError` when it cannot run here,
        `PublishError` with the end of the log when it did not start.
        """
        self._use(port=None)
        return self.url

    @without_values("Serving the embedded warehouse")
    def serve(self, port: int) -> URL:
        """Listen on 127.0.0.1 too, and return the URL of `bantam_reader` there.

        The warehouse must have been migrated. Raises `ConfigurationError` when another process uses the server without
        that port: a restart would break its connections.
        """
        self._use(port=port)
        return self.enable_reader().set(host="127.0.0.1").difference_update_query(["host"])

    @without_values("Letting the reader into the embedded warehouse")
    def enable_reader(self) -> URL:
        """Enable the login of `bantam_reader`, which reads `curated` only, and return its URL through the socket.

        The warehouse must have been migrated.
        """
        # Locked: two at once would write the same password file and the same row of the catalogue.
        with _alone(self._cluster.folder):
            password = _secret(self._cluster.folder / "reader_password")
            with _connection(self.url, _DATABASE) as connection:
                enable_reader_login(connection, password)
        return self.url.set(username=READER, password=password)

    @property
    def url(self) -> URL:
        """URL of the owner through the socket; its text form hides the password."""
        return URL.create(
            "postgresql+psycopg",
            username=OWNER,
            password=_read_secret(self._cluster.folder / "password"),
            host="localhost",
            port=self._cluster.port() or SOCKET_PORT,
            database=_DATABASE,
            query={"host": str(self._cluster.socket_folder())},
        )

    def is_running(self) -> bool:
        """Whether a server responds now, whoever started it; nothing is created, started or locked."""
        return self._cluster.answers()

    def stop(self) -> None:
        """Leave the server; the last process to leave stops it, except with `keep`. Safe to repeat."""
        if self._hold is None:
            return
        with _alone(self._cluster.folder):
            self._leave()
            if not self._keep and self._is_unused() and self._cluster.answers():
                self._cluster.stop()

    def _use(self, *, port: int | None) -> None:
        try:
            self._enter(port)
        except BaseException:
            # After a failed start, release the lock, so that others can stop the server.
            self.stop()
            raise

    def _enter(self, port: int | None) -> None:
        cluster = self._cluster
        _close_to_others(cluster.folder)
        with _alone(cluster.folder):
            if not cluster.data.exists():
                cluster.make(_secret(cluster.folder / "password", renew=True))
            cluster.take_over()
            cluster.check_version()
            if port is not None:
                self._free_for(port)
            if self._hold is None:
                self._hold = _lock_file(cluster.folder / "users.lock")
                fcntl.flock(self._hold, fcntl.LOCK_SH)
            if not cluster.answers():
                self._let_end()
                cluster.launch(port)
            self._make_database()

    def _let_end(self) -> None:
        """Wait until a server that is shutting down has ended: PostgreSQL does not start a second one."""
        for _ in range(_ENDS):
            if not self._cluster.is_ending():
                return
            self._sleep(_WAIT_SECONDS)

    def _free_for(self, port: int) -> None:
        """Stop a server that does not listen on the port, if no other process uses it; else raise."""
        cluster = self._cluster
        if not cluster.answers() or (cluster.port() == port and cluster.listens()):
            return
        self._leave()
        if not self._is_unused():
            raise ConfigurationError(
                f"Another process uses the warehouse, which does not listen on port {port}. Wait for it to end, then "
                "serve; runs may start while the warehouse is served."
            )
        cluster.stop()

    def _leave(self) -> None:
        if self._hold is not None:
            os.close(self._hold)
            self._hold = None

    def _is_unused(self) -> bool:
        """Whether no process uses the server; the caller holds the start lock."""
        with os.fdopen(_lock_file(self._cluster.folder / "users.lock"), "w") as users:
            try:
                fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return False
        return True

    def _make_database(self) -> None:
        with self._connect_when_ready("postgres") as connection:
            found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [_DATABASE]).fetchone()
            if found is None:
                connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(_DATABASE)))

    def _connect_when_ready(self, database: str) -> psycopg.Connection:
        """Connect as soon as the server accepts connections; after a crash it recovers first."""
        for _ in range(_WAITS):
            try:
                return _connection(self.url, database)
            except psycopg.OperationalError as error:
                # The client library has no SQLSTATE here; messages of our own server are English.
                if "starting up" not in str(error) and "not yet accepting" not in str(error):
                    raise
            self._sleep(_WAIT_SECONDS)
        raise PublishError(f"PostgreSQL is still recovering in {self._cluster.data}.{self._cluster.last_words()}")


def _connection(url: URL, database: str) -> psycopg.Connection:
    return psycopg.connect(
        host=str(url.query["host"]),
        port=url.port,
        user=url.username,
        password=url.password,
        dbname=database,
        autocommit=True,
    )


def _close_to_others(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        check_is_ours(folder)
        folder.chmod(0o700)
    except OSError as error:
        raise unusable(folder, error) from None


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Hold the lock for starting, stopping, entering and leaving the server."""
    with os.fdopen(_lock_file(folder / "start.lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _lock_file(path: Path) -> int:
    try:
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise unusable(path, error) from None


def _secret(path: Path, *, renew: bool = False) -> str:
    """Read the password in the file, or generate one from a secure source of randomness."""
    if path.exists() and not renew:
        return _read_secret(path)
    password = secrets.token_hex(24)
    fresh = path.with_name(f"{path.name}.new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
        file.write(password)
    fresh.replace(path)
    return password


def _read_secret(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii")
    except FileNotFoundError:
        raise ConfigurationError(
            f"{path} is gone, and with it the way into the warehouse in {path.parent}. Put it back. Or: {START_ANEW}"
        ) from None
    except OSError as error:
        raise unusable(path, error) from None
