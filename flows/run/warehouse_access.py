"""Warehouse access: the PostgreSQL named by the environment, or the embedded one under BANTAM_HOME."""

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import sqlalchemy as sa
from pydantic import SecretStr

from definitions.runtime.disk_space import disk_error
from flows.home.folders import make_folder_of_ours
from flows.orchestration.interruption import at_interruption
from flows.settings import Settings
from warehouse.connect import check_connection, end_sessions, engine_for
from warehouse.embedded.server import EmbeddedServer, is_made
from warehouse.migrate import found_version, migrate, newest_version

# Bytes on disk; an embedded warehouse with a small company takes 68 MB.
_ROOM = 96 * 1024**2


def home_from_environment() -> Path:
    """Return the home folder that the environment names."""
    return Path(os.environ.get("BANTAM_HOME") or ".bantam").resolve()


@contextmanager
def open_warehouse(settings: Settings) -> Iterator[sa.Engine]:
    """Open the warehouse of these settings, to write, migrated to the present schema."""
    with _opened(settings.home, settings.warehouse_url, to_write=True) as engine:
        yield engine


@contextmanager
def warehouse_from_environment() -> Iterator[sa.Engine]:
    """Open the warehouse that the environment names, migrated; for commands that only read."""
    url = os.environ.get("BANTAM_WAREHOUSE_URL")
    with _opened(home_from_environment(), SecretStr(url) if url else None) as engine:
        yield engine


@contextmanager
def unmigrated_warehouse() -> Iterator[sa.Engine | None]:
    """Open the warehouse that the environment names, without creating or migrating one.

    Yields None if there is no embedded one yet. An embedded one is started for the time of the block.
    """
    url, home = os.environ.get("BANTAM_WAREHOUSE_URL"), home_from_environment()
    if url:
        engine = engine_for(url)
        check_connection(engine, to_write=False)
        yield engine
    elif not is_made(home):
        yield None
    else:
        with EmbeddedServer(home) as server:
            yield engine_for(server.url)


def why_unreadable(engine: sa.Engine | None) -> str | None:
    """Return in one line why an unmigrated warehouse cannot be read; None if it can."""
    version = None if engine is None else found_version(engine)
    if version is None:
        return "Nothing was published yet. Run `bantam run` or `bantam demo`."
    if version != newest_version():
        return f"The warehouse is at schema {version}; the next `bantam run` brings it to {newest_version()}."
    return None


@contextmanager
def _opened(home: Path, url: SecretStr | None, *, to_write: bool = False) -> Iterator[sa.Engine]:
    if url is not None:
        engine = engine_for(url.get_secret_value())
        check_connection(engine, to_write=to_write)
        with at_interruption(partial(end_sessions, engine)):
            migrate(engine)
            yield engine
        return
    make_folder_of_ours(home)
    _check_room(home)
    server = EmbeddedServer(home)
    # Registered before the start, because a signal may come while the server starts.
    with at_interruption(server.stop), server:
        engine = engine_for(server.url)
        with at_interruption(partial(end_sessions, engine)):
            migrate(engine)
            yield engine


def _check_room(home: Path) -> None:
    """Raise `LandingError` if the disk is too full for a new embedded warehouse, before initdb fails with ten lines."""
    folder = home / "warehouse"
    if not (folder / "data").exists() and shutil.disk_usage(home).free < _ROOM:
        full = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        raise disk_error("make the embedded warehouse", folder, full, _ROOM)
