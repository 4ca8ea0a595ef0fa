"""Which warehouse: the one the environment names, or the embedded one under BANTAM_HOME, at its present schema."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa
from pydantic import SecretStr

from flows.folders import make_folder_of_ours
from flows.settings import Settings
from warehouse.connect import engine_for
from warehouse.embedded import EmbeddedServer, is_made
from warehouse.migrate import found_version, migrate, newest_version


def home_here() -> Path:
    """The folder of local state that the environment names."""
    return Path(os.environ.get("BANTAM_HOME") or ".bantam").resolve()


@contextmanager
def opened_warehouse(settings: Settings) -> Iterator[sa.Engine]:
    """Give the warehouse of these settings."""
    with _opened(settings.home, settings.warehouse_url) as engine:
        yield engine


@contextmanager
def warehouse_here() -> Iterator[sa.Engine]:
    """Give the warehouse that the environment names; for commands that only look."""
    url = os.environ.get("BANTAM_WAREHOUSE_URL")
    with _opened(home_here(), SecretStr(url) if url else None) as engine:
        yield engine


@contextmanager
def warehouse_as_it_stands() -> Iterator[sa.Engine | None]:
    """Give the warehouse that the environment names, and change nothing of it: none is made, and none is migrated.

    None where there is no embedded one. An embedded one is started while it is looked at.
    """
    url, home = os.environ.get("BANTAM_WAREHOUSE_URL"), home_here()
    if url:
        yield engine_for(url)
    elif not is_made(home):
        yield None
    else:
        with EmbeddedServer(home) as server:
            yield engine_for(server.url)


def why_unreadable(engine: sa.Engine | None) -> str | None:
    """Say in one line why a warehouse that is only looked at cannot be read; null where it can."""
    version = None if engine is None else found_version(engine)
    if version is None:
        return "Nothing was published yet. Run `bantam run` or `bantam demo`."
    if version != newest_version():
        return f"The warehouse is at schema {version}; the next `bantam run` brings it to {newest_version()}."
    return None


@contextmanager
def _opened(home: Path, url: SecretStr | None) -> Iterator[sa.Engine]:
    if url is not None:
        engine = engine_for(url.get_secret_value())
        migrate(engine)
        yield engine
        return
    make_folder_of_ours(home)
    with EmbeddedServer(home) as server:
        engine = engine_for(server.url)
        migrate(engine)
        yield engine
