"""How the warehouse is reached: one engine for statements, ADBC for bulk, and a URL that may be shown."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from adbc_driver_postgresql import dbapi
from psycopg.conninfo import make_conninfo
from sqlalchemy import URL, Engine, NullPool, create_engine, make_url
from sqlalchemy.exc import ArgumentError

from definitions.errors import ConfigurationError

_DRIVERS = frozenset({"postgresql", "postgres", "postgresql+psycopg"})
_SECRET_OPTIONS = frozenset({"sslpassword"})
# Every session speaks UTC, gives up on a host that does not answer, and notices within a minute a peer that is gone.
_OPTIONS = {
    "application_name": "bantam",
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
    return create_engine(given.set(query={**_OPTIONS, **given.query}), hide_parameters=True, poolclass=NullPool)


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
    shown = {name: value for name, value in given.query.items() if _OPTIONS.get(name) != value}
    return given.set(query={**shown, **hidden}).render_as_string(hide_password=True)


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
