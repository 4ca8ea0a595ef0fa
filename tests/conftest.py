"""What holds for every test, and the PostgreSQL that those of one process share."""

import sys
from collections.abc import Generator, Iterator
from typing import Any

import pytest
from hypothesis import settings

from tests.databases import migrated_database, quick_server
from warehouse.embedded.server import EmbeddedServer

# A test is right or wrong, never late: machines are slow at times. What passes once passes again until something is
# changed: the same thirty examples each time. `--hypothesis-profile=exploring` looks elsewhere, and longer.
settings.register_profile("settled", deadline=None, derandomize=True, max_examples=30)
settings.register_profile("exploring", deadline=None, max_examples=300)
# Of `make test-fast`, which is for between two edits.
settings.register_profile("quick", deadline=None, derandomize=True, max_examples=8)
settings.load_profile("settled")


# What `make test-fast` runs.
FAST = "not slow"
_STARTS_A_PROCESS = frozenset({"subprocess.Popen", "os.fork", "os.forkpty", "os.posix_spawn", "os.system"})


_RUNNING: list[str] = []


def pytest_configure(config: pytest.Config) -> None:
    """Refuse, among the fast tests, every start of a process: such a test is marked slow."""
    if config.option.markexpr == FAST:
        sys.addaudithook(_refuse_processes)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Note the test that runs now."""
    _RUNNING.append(item.nodeid)
    try:
        return (yield)
    finally:
        _RUNNING.pop()


def _refuse_processes(event: str, _arguments: tuple[Any, ...]) -> None:
    if _RUNNING and event in _STARTS_A_PROCESS:
        raise RuntimeError(f"{event}: a test that starts a process is marked slow")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what uses PostgreSQL as slow; begin with slow files, so that two processes end at about the same time."""
    for item in items:
        if "server" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.slow)
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
