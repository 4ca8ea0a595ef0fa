"""What holds for every test, and the PostgreSQL that those of one process share."""

from collections.abc import Iterator

import pytest
from hypothesis import settings

from tests.databases import migrated_database, quick_server
from warehouse.embedded.server import EmbeddedServer

# A test is right or wrong, never late: machines are slow at times. What passes once passes again until something is
# changed: the same thirty examples each time. `--hypothesis-profile=exploring` looks elsewhere, and longer.
settings.register_profile("settled", deadline=None, derandomize=True, max_examples=30)
settings.register_profile("exploring", deadline=None, max_examples=300)
settings.load_profile("settled")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files that start servers, so that two processes end at about the same time."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedServer]:
    """A server for tests that make databases of their own."""
    with quick_server(tmp_path_factory.mktemp("server")) as running:
        yield running


@pytest.fixture(scope="session")
def migrated(server: EmbeddedServer) -> str:
    """Name of a database at the present schema, to copy."""
    return migrated_database(server)
