"""Connections to the warehouse: an engine for statements, ADBC for bulk data, and URLs without secrets."""

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
# Every session uses UTC, times out on an unreachable host, and detects a dead peer within a minute.
_OPTIONS = {
    "connect_timeout": "10",
    "keepalives_idle": "30",
    "keepalives_interval": "10",
    "keepalives_count": "3",
    "tcp_user_timeout": "60000",
    "options": "-c timezone=UTC -c datestyle=ISO",
}


def engine_for(url: str | URL) -> Engine:
    """Create the engine of a PostgreSQL URL; nothing is connected yet.

    Connections are not pooled, so that a restarted server gets a fresh one and no session outlives its use.
    Parameters are hidden from messages. Raises `ConfigurationError` when the URL is not a PostgreSQL URL.
    """
    parsed_url = parsed(url)
    options = {**_OPTIONS, "application_name": _application_name()}
    return create_engine(
        parsed_url.set(query={**options, **parsed_url.query}), hide_parameters=True, poolclass=NullPool
    )


def end_sessions(engine: Engine) -> None:
    """Terminate all sessions of this process, with their running statements.

    A busy server detects only much later that its client has gone, and holds locks until then.
    """
    ended = """
        SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE application_name = current_setting('application_name') AND application_name = :own_name
        AND usename = current_user AND pid <> pg_backend_pid()
    """
    with engine.connect() as connection:
        connection.execute(text(ended), {"own_name": _application_name()})


def _application_name() -> str:
    """Return the application name of this process's sessions: `bantam host:4711`, at most 63 bytes."""
    return f"bantam {socket.gethostname()[:40]}:{os.getpid()}"


@without_values("Connecting")
def check_connection(engine: Engine, *, to_write: bool = False) -> None:
    """Connect once, so that a wrong address or password is reported as such, before any other step.

    Raises `ConfigurationError` where user, password, database or rights are wrong, or `to_write` and the server is
    read-only; `PublishError` where it does not respond. The message names the host.
    """
    with engine.connect() as connection:
        takes_writes = connection.execute(text("SELECT current_setting('transaction_read_only') = 'off'")).scalar_one()
    if to_write and not takes_writes:
        step = next_step("25006", {"role": identifier(engine.url.username)})
        raise ConfigurationError(f"Connecting: {safe_url(engine.url)} takes no writes (SQLSTATE 25006). {step}")


def bulk_connection(engine: Engine) -> dbapi.Connection:
    """Open an ADBC connection for Arrow batches, in autocommit mode. The caller closes it."""
    return _bulk(engine, autocommit=True)


@contextmanager
def bulk_connections(engine: Engine, count: int) -> Iterator[list[dbapi.Connection]]:
    """Open `count` ADBC connections for Arrow batches, without autocommit.

    The driver reads all types of the catalogue, the slowest part of connecting; the clones share them.
    """
    with ExitStack() as stack:
        first = stack.enter_context(_bulk(engine, autocommit=False))
        yield [first, *(stack.enter_context(first.adbc_clone()) for _ in range(count - 1))]


def _bulk(engine: Engine, *, autocommit: bool) -> dbapi.Connection:
    return dbapi.connect(make_conninfo(**_keywords(engine)), autocommit=autocommit)


def psql_arguments(engine: Engine, *, session: str) -> tuple[str, dict[str, str]]:
    """Return the connection for psql: a conninfo argument without secrets, and an environment with the password.

    `session` is added to the options of the URL. The passphrase of a client key is left out, so that psql prompts.
    """
    keywords = _keywords(engine)
    # Other users of the machine see the arguments of a process.
    secrets = {name: keywords.pop(name) for name in ("password", *_SECRET_OPTIONS) if name in keywords}
    keywords["options"] = f"{keywords['options']} {session}"
    environment = {"PGPASSWORD": secrets["password"]} if "password" in secrets else {}
    return make_conninfo(**keywords), {**environment, "PGTZ": "UTC"}


def _keywords(engine: Engine) -> dict[str, str]:
    """Return the URL as libpq keywords: SQLAlchemy encodes a space in a URL as +, which libpq does not decode."""
    _, options = engine.dialect.create_connect_args(engine.url)
    return {name: str(value) for name, value in options.items() if name != "context"}  # psycopg's own, no libpq keyword


def safe_url(url: str | URL) -> str:
    """Format the URL for display: without any password or the options that Bantam adds.

    >>> safe_url("postgresql://ada:secret@db.example.com/crm")
    'postgresql+psycopg://ada:***@db.example.com/crm'
    """
    parsed_url = parsed(url)
    hidden = {name: "***" for name in parsed_url.query if name in _SECRET_OPTIONS}
    added = {**_OPTIONS, "application_name": _application_name()}
    visible = {name: value for name, value in parsed_url.query.items() if added.get(name) != value}
    return parsed_url.set(query={**visible, **hidden}).render_as_string(hide_password=True)


def url_with_password(url: URL) -> str:
    """Format the URL with its password for PostgreSQL's own clients; SQLAlchemy does not encode spaces."""
    return url.render_as_string(hide_password=False).replace(" ", "%20")


def parsed(url: str | URL) -> URL:
    """Parse a URL and set the driver; raises `ConfigurationError` without the URL, which may hold a password."""
    try:
        parsed_url = make_url(url)
    except (ArgumentError, ValueError):
        parsed_url = None
    if parsed_url is None or parsed_url.drivername not in _DRIVERS or not parsed_url.database:
        raise ConfigurationError(
            "The warehouse URL is not one of PostgreSQL. Write postgresql://user:password@host:5432/database, "
            "with special characters of the password percent-encoded."
        )
    parsed_url = parsed_url.set(drivername="postgresql+psycopg")
    # SQLAlchemy hides a password only in its own field, not in the query.
    if isinstance(user := parsed_url.query.get("user"), str):
        parsed_url = parsed_url.set(username=user).difference_update_query(["user"])
    if isinstance(password := parsed_url.query.get("password"), str):
        parsed_url = parsed_url.set(password=password).difference_update_query(["password"])
    return parsed_url
