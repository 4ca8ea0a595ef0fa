"""A company whose alerts go to a mail server and a web hook on loopback, with a real warehouse between."""

from collections.abc import Iterator
from itertools import count
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa

from tests.flows.alerts.company import Company, company_of, mails, posts
from tests.flows.alerts.recipients import Hook, Mailbox, mail_server, web_hook
from tests.warehouse.conftest import connection_settings
from warehouse.connect import engine_for
from warehouse.embedded import EmbeddedServer
from warehouse.migrate import migrate

_numbers = count()


@pytest.fixture(scope="session")
def alert_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedServer]:
    with EmbeddedServer(tmp_path_factory.mktemp("alerts")) as running:
        with psycopg.connect(**connection_settings(running), autocommit=True) as connection:
            # No test here pulls the plug of the machine.
            connection.execute("ALTER SYSTEM SET fsync = off")
            connection.execute("SELECT pg_reload_conf()")
            connection.execute("CREATE DATABASE empty_warehouse")
        migrate(engine_for(running.url.set(database="empty_warehouse")))
        yield running


@pytest.fixture
def alert_warehouse(alert_server: EmbeddedServer) -> sa.Engine:
    name = f"alerts_{next(_numbers)}"
    with psycopg.connect(**connection_settings(alert_server), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE empty_warehouse")
    return engine_for(alert_server.url.set(database=name))


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    with mail_server() as running:
        yield running


@pytest.fixture
def hook() -> Iterator[Hook]:
    with web_hook() as running:
        yield running


@pytest.fixture
def company(alert_warehouse: sa.Engine, tmp_path: Path, mailbox: Mailbox, hook: Hook) -> Company:
    return company_of(alert_warehouse, tmp_path, owners=mails(mailbox), revops=posts(hook))
