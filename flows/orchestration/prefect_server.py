"""Prefect server for `bantam serve` if none is configured: on 127.0.0.1, with its database in the home."""

import os
import socket
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from definitions.errors import ConfigurationError
from flows.orchestration.guarded_process import GuardedProcess

_ENDS_WITHIN_SECONDS = 15
_STARTS_WITHIN_SECONDS = 180


@contextmanager
def prefect_server(port: int, log: Path, check: Callable[[], None]) -> Iterator[tuple[str, GuardedProcess]]:
    """Start a server with all its services, yield its API and its process, and end it.

    `check` is called while it starts, and may raise to cancel. Raises `ConfigurationError` if the port is taken or the
    server does not start.
    """
    _check_free(port)
    command = [sys.executable, "-m", "prefect", "server", "start", "--host", "127.0.0.1", "--port", str(port)]
    api = f"http://127.0.0.1:{port}/api"
    environment = {**os.environ, "PREFECT_API_URL": api}
    server = GuardedProcess(
        command, folder=log.parent, log=log, environment=environment, grace_seconds=_ENDS_WITHIN_SECONDS
    )
    try:
        _wait_for(api, server, log, check)
        yield api, server
    finally:
        server.end()


def _check_free(port: int) -> None:
    try:
        socket.create_server(("127.0.0.1", port)).close()
    except OSError as error:
        raise ConfigurationError(
            f"127.0.0.1:{port}: Prefect's server cannot listen there ({error.strerror or error}). Name another --port, "
            "or set PREFECT_API_URL to the server that runs already."
        ) from None


def _wait_for(api: str, server: GuardedProcess, log: Path, check: Callable[[], None]) -> None:
    last = time.monotonic() + _STARTS_WITHIN_SECONDS
    while not _answers(api):
        check()
        if server.has_ended() or time.monotonic() > last:
            raise ConfigurationError(f"Prefect's server did not start within {_STARTS_WITHIN_SECONDS} s; see {log}.")
        time.sleep(0.2)


def _answers(api: str) -> bool:
    try:
        return httpx.get(f"{api}/health", timeout=10).is_success
    except httpx.TransportError:
        return False
