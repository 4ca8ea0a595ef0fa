"""`bantam warehouse url`, `shell`, `serve` and `grant-reader`: the published tables for people and BI tools."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa
from rich.console import Console

from definitions.errors import ConfigurationError
from flows.run.warehouse_access import home_from_environment, warehouse_from_environment
from warehouse.connect import engine_for, psql_arguments, safe_url, url_with_password
from warehouse.embedded.programs import find_programs
from warehouse.embedded.server import EmbeddedServer
from warehouse.migrate import migrate
from warehouse.read.reader_role import READER, allow_acting_as_reader, grant_reader


def url(*, show_password: bool = False) -> None:
    """Print the URL of the warehouse, for programs of this user on this machine.

    Parameters
    ----------
    show_password
        Print the password too; it opens everything.
    """
    with warehouse_from_environment() as engine:
        text = url_with_password(engine.url) if show_password else safe_url(engine.url)
    sys.stdout.write(text + "\n")


def shell(*, command: str | None = None) -> None:
    """Query the curated tables with psql, as `bantam_reader`; see the help of the command for its rights.

    Parameters
    ----------
    command
        Run this SQL and end.
    """
    with _reader_engine() as engine:
        session = f"-c search_path=curated -c default_transaction_read_only=on -c role={READER}"
        database, environment = psql_arguments(engine, session=session)
        options = ["--command", command] if command else []
        command_line = [str(find_programs().folder / "psql"), "--dbname", database, *options]
        done = subprocess.run(command_line, env=os.environ | environment, check=False)  # noqa: S603 - our own program, no shell
    sys.exit(done.returncode)


@contextmanager
def _reader_engine() -> Iterator[sa.Engine]:
    """Yield the warehouse that the environment names, with the reader role."""
    with warehouse_from_environment() as engine:
        if os.environ.get("BANTAM_WAREHOUSE_URL"):
            allow_acting_as_reader(engine)
            yield engine
            return
        with EmbeddedServer(home_from_environment()) as server:
            yield engine_for(server.enable_reader())


def grant(name: str) -> None:
    """Let a login of your server read the curated tables, those to come included, and nothing else.

    Parameters
    ----------
    name
        A role that may log in to the server that BANTAM_WAREHOUSE_URL names.
    """
    if not os.environ.get("BANTAM_WAREHOUSE_URL"):
        raise ConfigurationError(
            "The embedded warehouse has one reader, whose URL `bantam warehouse serve` prints. A server of your own, "
            "which may have more, is named in BANTAM_WAREHOUSE_URL."
        )
    with warehouse_from_environment() as engine:
        grant_reader(engine, name)
        server = sa.make_url(safe_url(engine.url))
    login = sa.URL.create("postgresql", name, None, server.host, server.port, server.database, server.query)
    sys.stdout.write(f"{name} may read schema curated and nothing else: {login}\n")


def serve(*, port: int = 5433) -> None:
    """Let BI tools of this machine read the curated tables on 127.0.0.1 until interrupted.

    Parameters
    ----------
    port
        Port to listen on.
    """
    if os.environ.get("BANTAM_WAREHOUSE_URL"):
        raise ConfigurationError("BANTAM_WAREHOUSE_URL names a server of its own; point the BI tool to that one.")
    with EmbeddedServer(home_from_environment()) as server:
        migrate(engine_for(server.url))
        reader = server.serve(port)
        Console().print("Connect with (reads schema curated only):", markup=False)
        sys.stdout.write(url_with_password(reader.set(drivername="postgresql")) + "\n")
        sys.stdout.flush()
        signal.pause()
