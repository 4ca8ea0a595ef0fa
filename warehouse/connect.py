"""How the warehouse is reached: one engine for statements, ADBC for bulk, and a URL that may be shown."""

import os
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from adbc_driver_postgresql import dbapi
from psycopg.conninfo import make_conninfo
from sqlalchemy import URL, Engine, NullPool, create_engine, make_url, text
from sqlalchemy.exc import ArgumentError

from definitions.errors import ConfigurationError
from definitions.sql_text import identifier
from warehouse.database_errors import without_values
from warehouse.next_steps import next_step

_DRIVERS = frozenset({"postgresql", "postgres", "postgresql+psycopg"})
_SECRET_OPTIONS = frozenset({"sslpassword"})
# Every session speaks UTC, gives up on a host that does not answer, and notices within a minute a peer that is gone.
_OPTIONS = {
    "connect_timeout": "10",
    "keepalives_idle": "30",
    "keepalives_interval": "10",
    "keepalives_count": "3",
    "tcp_user_timeout": "60000",
    "options": "-c timezone=UTC -c datestyle=ISO",
}


def engine_for(url: str | URL) -> Engine:
    """Make the engine for a PostgreSQL URL; nothing is connected yet.

    The pool keeps nothing, so that a restarted server is met with a fresh connection and no session outlives its use.
    Parameters are hidden from messages. Raises `ConfigurationError` when the URL is none of PostgreSQL.
    """
    given = parsed(url)
    options = {**_OPTIONS, "application_name": _application_name()}
    return create_engine(given.set(query={**options, **given.query}), hide_parameters=True, poolclass=NullPool)


def end_sessions(engine: Engine) -> None:
    """End all sessions that this process has with the warehouse, and with them what they are doing.

    A server that is busy notices only much later that its client has gone, and holds locks until then.
    """
    ended = """
        SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE application_name = current_setting('application_name') AND application_name = :ours
        AND usename = current_user AND pid <> pg_backend_pid()
    """
    with engine.connect() as connection:
        connection.execute(text(ended), {"ours": _application_name()})


def _application_name() -> str:
    """What the server knows the sessions of this process by: `bantam host:4711`, at most 63 bytes."""
    return f"bantam {socket.gethostname()[:40]}:{os.getpid()}"


@without_values("Connecting")
def check_connection(engine: Engine, *, to_write: bool = False) -> None:
    """Connect once, so that a wrong address or password is told as such, and not by the step that first needs it.

    Raises `ConfigurationError` where user, password, database or rights are wrong, or the server takes no writes and
    is `to_write`; `PublishError` where it does not answer. The message names the host.
    """
    with engine.connect() as connection:
        takes_writes = connection.execute(text("SELECT current_setting('transaction_read_only') = 'off'")).scalar_one()
    if to_write and not takes_writes:
        step = next_step("25006", {"role": identifier(engine.url.username)})
        raise ConfigurationError(f"Connecting: {safe_url(engine.url)} takes no writes (SQLSTATE 25006). {step}")


def bulk_connection(engine: Engine) -> dbapi.Connection:
    """Open a connection that moves Arrow batches; every statement commits by itself. The caller closes it."""
    return _bulk(engine, autocommit=True)


@contextmanager
def bulk_connections(engine: Engine, count: int) -> Iterator[list[dbapi.Connection]]:
    """Open some connections that move Arrow batches; each commits what it wrote when it is told to.

    The driver reads the types of the whole catalogue, which takes it longer than all else: once for all of them.
    """
    with ExitStack() as opened:
        first = opened.enter_context(_bulk(engine, autocommit=False))
        yield [first, *(opened.enter_context(first.adbc_clone()) for _ in range(count - 1))]


def _bulk(engine: Engine, *, autocommit: bool) -> dbapi.Connection:
    return dbapi.connect(make_conninfo(**_keywords(engine)), autocommit=autocommit)


def for_program(engine: Engine, *, session: str) -> tuple[str, dict[str, str]]:
    """Say the engine's connection as psql takes it: an argument without secrets, and an environment with the password.

    `session` is added to the options of the URL. What unlocks a client's key is left out, so that the program asks.
    """
    said = _keywords(engine)
    # Others of this machine see the arguments of a program.
    secrets = {name: said.pop(name) for name in ("password", *_SECRET_OPTIONS) if name in said}
    said["options"] = f"{said['options']} {session}"
    environment = {"PGPASSWORD": secrets["password"]} if "password" in secrets else {}
    return make_conninfo(**said), {**environment, "PGTZ": "UTC"}


def _keywords(engine: Engine) -> dict[str, str]:
    """Say it in keywords: SQLAlchemy writes a blank of a URL as +, which the client library does not read back."""
    _, options = engine.dialect.create_connect_args(engine.url)
    return {name: str(value) for name, value in options.items() if name != "context"}  # psycopg's own, no setting


def safe_url(url: str | URL) -> str:
    """Write the URL as it may be shown: no password anywhere, none of the options Bantam adds.

    >>> safe_url("postgresql://ada:secret@db.example.com/crm")
    'postgresql+psycopg://ada:***@db.example.com/crm'
    """
    given = parsed(url)
    hidden = {name: "***" for name in given.query if name in _SECRET_OPTIONS}
    added = {**_OPTIONS, "application_name": _application_name()}
    shown = {name: value for name, value in given.query.items() if added.get(name) != value}
    return given.set(query={**shown, **hidden}).render_as_string(hide_password=True)


def whole_url(url: URL) -> str:
    """Write the URL with its password, as PostgreSQL's own clients read it: SQLAlchemy leaves blanks in it."""
    return url.render_as_string(hide_password=False).replace(" ", "%20")


def parsed(url: str | URL) -> URL:
    """Read a URL and name the driver; the error does not repeat the URL, which may hold a password."""
    try:
        given = make_url(url)
    except (ArgumentError, ValueError):
        given = None
    if given is None or given.drivername not in _DRIVERS or not given.database:
        raise ConfigurationError(
            "The warehouse URL is not one of PostgreSQL. Write postgresql://user:password@host:5432/database, "
            "with special characters of the password percent-encoded."
        )
    given = given.set(drivername="postgresql+psycopg")
    # Where the password stands in its own place, everything that prints a URL hides it.
    if isinstance(user := given.query.get("user"), str):
        given = given.set(username=user).difference_update_query(["user"])
    if isinstance(password := given.query.get("password"), str):
        given = given.set(password=password).difference_update_query(["password"])
    return given
