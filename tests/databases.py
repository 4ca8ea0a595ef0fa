"""One PostgreSQL for all tests of a process, and databases of their own on it."""

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import psycopg
import sqlalchemy as sa

from warehouse.connect import engine_for, url_with_password
from warehouse.embedded.server import EmbeddedServer
from warehouse.migrate import migrate

# How many others are at a database; a process of the server ends some moments after its client left.
OTHER_SESSIONS = (
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND backend_type = 'client backend' "
    "AND pid <> pg_backend_pid()"
)
_numbers = count()


@contextmanager
def quick_server(folder: Path) -> Iterator[EmbeddedServer]:
    """A server that waits for no disk: no test that uses it pulls the plug of the machine."""
    with EmbeddedServer(folder) as running:
        with psycopg.connect(**connection_settings(running), autocommit=True) as connection:
            connection.execute("ALTER SYSTEM SET fsync = off")
            connection.execute("SELECT pg_reload_conf()")
        yield running


def new_database(server: EmbeddedServer, template: str = "template0") -> sa.URL:
    """Make a database: an empty one, or a copy of another of the server."""
    name = f"test_{next(_numbers)}"
    with psycopg.connect(**connection_settings(server), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
    return server.url.set(database=name)


def drop_database(server: EmbeddedServer, url: sa.URL) -> None:
    """Remove a database with everybody in it."""
    with psycopg.connect(**connection_settings(server), autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {url.database} WITH (FORCE)")


def migrated_database(server: EmbeddedServer) -> str:
    """Make a database at the present schema, to be copied; its name."""
    url = new_database(server)
    migrate(engine_for(url))
    return str(url.database)


def address(url: sa.URL) -> str:
    """Write the address as PostgreSQL's own clients take it, password and all."""
    return url_with_password(url.set(drivername="postgresql"))


def connection_settings(server: EmbeddedServer) -> dict[str, Any]:
    """The settings of a connection to the server's first database."""
    url = server.url
    return {
        "host": url.query["host"],
        "port": url.port,
        "user": url.username,
        "password": url.password,
        "dbname": url.database,
    }
