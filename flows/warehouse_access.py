"""Which warehouse: the one the environment names, or the embedded one under BANTAM_HOME, at its present schema."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa
from pydantic import SecretStr

from flows.folders import make_folder_of_ours
from flows.settings import Settings
from warehouse.connect import check_connection, engine_for
from warehouse.embedded import EmbeddedServer
from warehouse.migrate import migrate


def home_here() -> Path:
    """The folder of local state that the environment names."""
    return Path(os.environ.get("BANTAM_HOME") or ".bantam").resolve()


@contextmanager
def opened_warehouse(settings: Settings) -> Iterator[sa.Engine]:
    """Give the warehouse of these settings."""
    with _opened(settings.home, settings.warehouse_url, to_write=True) as engine:
        yield engine


@contextmanager
def warehouse_here() -> Iterator[sa.Engine]:
    """Give the warehouse that the environment names; for commands that only look."""
    url = os.environ.get("BANTAM_WAREHOUSE_URL")
    with _opened(home_here(), SecretStr(url) if url else None) as engine:
        yield engine


@contextmanager
def _opened(home: Path, url: SecretStr | None, *, to_write: bool = False) -> Iterator[sa.Engine]:
    if url is not None:
        engine = engine_for(url.get_secret_value())
        check_connection(engine, to_write=to_write)
        migrate(engine)
        yield engine
        return
    make_folder_of_ours(home)
    with EmbeddedServer(home) as server:
        engine = engine_for(server.url)
        migrate(engine)
        yield engine
