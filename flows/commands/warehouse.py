"""`bantam warehouse url`, `shell` and `serve`: the published tables for people and BI tools."""

import os
import signal
import subprocess
import sys

from rich.console import Console

from definitions.errors import ConfigurationError
from flows.warehouse_access import home_here, warehouse_here
from warehouse.connect import engine_for, safe_url
from warehouse.embedded import EmbeddedServer
from warehouse.migrate import migrate
from warehouse.programs import find_programs


def url(*, show_password: bool = False) -> None:
    """Print the URL of the warehouse, for programs of this user on this machine.

    Parameters
    ----------
    show_password
        Print the password too; it opens everything.
    """
    with warehouse_here() as engine:
        shown = engine.url.render_as_string(hide_password=False) if show_password else safe_url(engine.url)
    sys.stdout.write(shown + "\n")


def shell(*, command: str | None = None) -> None:
    """Ask the curated tables with psql.

    Parameters
    ----------
    command
        Run this SQL and end.
    """
    with warehouse_here() as engine:
        given = engine.url
        environment = {
            **os.environ,
            "PGPASSWORD": given.password or "",
            "PGOPTIONS": "-c search_path=curated -c default_transaction_read_only=on",
            "PGTZ": "UTC",
        }
        host = given.query.get("host") or given.host or ""
        place = ["--host", str(host), "--port", str(given.port or 5432), "--username", given.username or ""]
        asked = ["--command", command] if command else []
        program = str(find_programs().folder / "psql")
        command_line = [program, *place, "--dbname", given.database or "", *asked]
        done = subprocess.run(command_line, env=environment, check=False)  # noqa: S603 - our own program, no shell
    sys.exit(done.returncode)


def serve(*, port: int = 5433) -> None:
    """Let BI tools of this machine read the curated tables on 127.0.0.1 until interrupted.

    Parameters
    ----------
    port
        Port to listen on.
    """
    if os.environ.get("BANTAM_WAREHOUSE_URL"):
        raise ConfigurationError("BANTAM_WAREHOUSE_URL names a server of its own; point the BI tool to that one.")
    with EmbeddedServer(home_here()) as server:
        migrate(engine_for(server.url))
        reader = server.serve(port)
        Console().print("Connect with (reads schema curated only):", markup=False)
        sys.stdout.write(reader.set(drivername="postgresql").render_as_string(hide_password=False) + "\n")
        sys.stdout.flush()
        signal.pause()
