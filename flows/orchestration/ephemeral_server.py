"""Prefect's server for the flows of one command: a process of ours, which ends with the process that started it.

Prefect would start one itself, which outlives a process that is killed, holds its output open, and writes to its
terminal. `python -m flows.orchestration.ephemeral_server FD` is that server: it serves on the listening socket FD until
its standard input is closed, which the kernel does however the process that holds the other end has ended.
"""

import errno
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx

from definitions.errors import ConfigurationError
from definitions.runtime.disk_space import disk_error

_STARTS_IN_SECONDS = 180.0
# For the server to write down what it was told last; killed it loses no more than that.
_ENDS_IN_SECONDS = 5.0
_DRAINED_IN_SECONDS = 5.0
# Its fresh database takes 2 MB, and up to 6 MB while it is made; a server without room ends without a word.
_ROOM = 16 * 1024**2
_LOG_MODE = 0o600
_LAST_LINES = 3
# What Prefect itself sets for a server that it starts.
_AS_PREFECT_STARTS_IT = {"PREFECT_UI_ENABLED": "0", "PREFECT__SERVER_EPHEMERAL": "1", "PREFECT__SERVER_FINAL": "1"}


@contextmanager
def ephemeral_server() -> Iterator[None]:
    """Let flows run on a server of our own, unless the environment or a profile names one, or wants none.

    PREFECT_HOME is set; the server's output goes into `server.log` there. Raises `LandingError` where that cannot be
    written or has no room, `ConfigurationError` where the server does not start.
    """
    from prefect.settings import get_current_settings  # noqa: PLC0415 - a second that other commands need not wait

    settings = get_current_settings()
    if settings.api.url is not None or not settings.server.ephemeral.enabled:
        yield
        return
    log = Path(os.environ["PREFECT_HOME"]) / "server.log"
    with socket.create_server(("127.0.0.1", 0), backlog=128) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/api"
        server = _started(listener, log)
    try:
        with _named(url):
            # Imported while the server starts, which takes it as long.
            import flows.refresh_pipeline  # noqa: F401, PLC0415 - its imports are those of the other flows too

            _wait_for(server, url, log)
            try:
                yield
            finally:
                _drain()
    finally:
        _stop(server)


def _started(listener: socket.socket, log: Path) -> subprocess.Popen[bytes]:
    try:
        output = _opened(log)
    except OSError as error:
        raise disk_error("start Prefect's server", log.parent, error, _ROOM) from None
    try:
        return subprocess.Popen(  # noqa: S603 - our own module
            [sys.executable, "-m", "flows.orchestration.ephemeral_server", str(listener.fileno())],
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=output,
            pass_fds=[listener.fileno()],
            env={**os.environ, **_AS_PREFECT_STARTS_IT},
            # Ctrl-C at a terminal is sent to all processes of a session's group: the run is told, and ends the server.
            start_new_session=True,
        )
    finally:
        os.close(output)


def _opened(log: Path) -> int:
    log.parent.mkdir(parents=True, exist_ok=True)
    if shutil.disk_usage(log.parent).free < _ROOM:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    return os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, _LOG_MODE)


@contextmanager
def _named(url: str) -> Iterator[None]:
    """Name the server to Prefect: in the environment, from which it takes the settings of every thread."""
    from prefect.context import refresh_global_settings_context  # noqa: PLC0415 - as above

    os.environ["PREFECT_API_URL"] = url
    refresh_global_settings_context()
    try:
        yield
    finally:
        del os.environ["PREFECT_API_URL"]
        refresh_global_settings_context()


def _wait_for(server: subprocess.Popen[bytes], url: str, log: Path) -> None:
    """Ask once: the socket listens already, and the server answers as soon as it is up."""
    try:
        httpx.get(f"{url}/health", timeout=_STARTS_IN_SECONDS, trust_env=False).raise_for_status()
    except httpx.HTTPError as error:
        server.kill()
        told = log.read_text(encoding="utf-8", errors="replace").splitlines()[-_LAST_LINES:]
        raise ConfigurationError(
            f"Prefect's server did not start ({type(error).__name__}). Its log is {log}, which ends: "
            f"{' / '.join(told) or 'it is empty'}. Mend that, or name a server in PREFECT_API_URL."
        ) from None


def _drain() -> None:
    """Give the server what Prefect's threads still hold of logs and events."""
    from prefect.events.worker import EventsWorker  # noqa: PLC0415 - as above
    from prefect.logging.handlers import APILogWorker  # noqa: PLC0415

    for worker in (APILogWorker, EventsWorker):
        # What cannot be delivered is a log line less in a database that lives in the home.
        with suppress(Exception):
            worker.drain_all(timeout=_DRAINED_IN_SECONDS, at_exit=False)


def _stop(server: subprocess.Popen[bytes]) -> None:
    if server.stdin is not None:
        server.stdin.close()
    try:
        server.wait(_ENDS_IN_SECONDS)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()


def _serve(descriptor: int) -> None:
    import uvicorn  # noqa: PLC0415 - of the server's process alone, as Prefect's server is
    from prefect.server.api.server import create_app  # noqa: PLC0415

    server = uvicorn.Server(uvicorn.Config(create_app, factory=True, log_level="error", lifespan="on"))

    def end() -> None:
        sys.stdin.buffer.read()
        server.should_exit = True
        time.sleep(_ENDS_IN_SECONDS - 1)
        os._exit(0)

    threading.Thread(target=end, daemon=True).start()
    server.run(sockets=[socket.socket(fileno=descriptor)])


if __name__ == "__main__":
    _serve(int(sys.argv[1]))
