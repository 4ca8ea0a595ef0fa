"""A company whose alerts go to a mail server and a web hook on loopback, with a real warehouse between."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.databases import new_database
from tests.flows.alerts.company import Company, company_of, mails, posts
from tests.flows.alerts.recipients import Hook, Mailbox, mail_server, web_hook
from warehouse.connect import engine_for
from warehouse.embedded.server import EmbeddedServer


@pytest.fixture
def alert_warehouse(server: EmbeddedServer, migrated: str) -> sa.Engine:
    return engine_for(new_database(server, migrated))


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
