"""Ephemeral Prefect server for the flows of one command: a process that ends with the process that started it.

The server that Prefect starts itself outlives a killed process, holds its output open, and writes to its terminal.
`python -m flows.orchestration.ephemeral_server FD` is the server process: it serves on the listening socket FD until
its standard input is closed, which the kernel does however the parent process has ended.
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
# Time for the server to store the last requests; if it is killed, only these are lost.
_ENDS_IN_SECONDS = 5.0
_DRAINED_IN_SECONDS = 5.0
# Its new database takes 2 MB, and up to 6 MB while it is created; a server without room ends without a message.
_NEEDED_BYTES = 16 * 1024**2
_LOG_MODE = 0o600
_LAST_LINES = 3
# The environment that Prefect sets for a server that it starts.
_SERVER_ENVIRONMENT = {"PREFECT_UI_ENABLED": "0", "PREFECT__SERVER_EPHEMERAL": "1", "PREFECT__SERVER_FINAL": "1"}


@contextmanager
def ephemeral_server() -> Iterator[None]:
    """Run flows on a server of our own, unless the environment or a profile names one or disables it.

    PREFECT_HOME must be set; the server's output goes to `server.log` there. Raises `LandingError` if that cannot be
    written or the disk is full, `ConfigurationError` if the server does not start.
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
            # Imported while the server starts, because both take about as long.
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
        output = _open_log(log)
    except OSError as error:
        raise disk_error("start Prefect's server", log.parent, error, _NEEDED_BYTES) from None
    try:
        return subprocess.Popen(  # noqa: S603 - our own module
            [sys.executable, "-m", "flows.orchestration.ephemeral_server", str(listener.fileno())],
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=output,
            pass_fds=[listener.fileno()],
            env={**os.environ, **_SERVER_ENVIRONMENT},
            # Ctrl-C at a terminal is sent to all processes of a session's group: only the run must get it.
            start_new_session=True,
        )
    finally:
        os.close(output)


def _open_log(log: Path) -> int:
    log.parent.mkdir(parents=True, exist_ok=True)
    if shutil.disk_usage(log.parent).free < _NEEDED_BYTES:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    return os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, _LOG_MODE)


@contextmanager
def _named(url: str) -> Iterator[None]:
    """Set the server's URL in the environment, from which Prefect reads the settings of every thread."""
    from prefect.context import refresh_global_settings_context  # noqa: PLC0415 - as above

    os.environ["PREFECT_API_URL"] = url
    refresh_global_settings_context()
    try:
        yield
    finally:
        del os.environ["PREFECT_API_URL"]
        refresh_global_settings_context()


def _wait_for(server: subprocess.Popen[bytes], url: str, log: Path) -> None:
    """Send one request: the socket listens already, and the server responds as soon as it is up."""
    try:
        httpx.get(f"{url}/health", timeout=_STARTS_IN_SECONDS, trust_env=False).raise_for_status()
    except httpx.HTTPError as error:
        server.kill()
        last_lines = log.read_text(encoding="utf-8", errors="replace").splitlines()[-_LAST_LINES:]
        raise ConfigurationError(
            f"Prefect's server did not start ({type(error).__name__}). Its log is {log}, which ends: "
            f"{' / '.join(last_lines) or 'it is empty'}. Mend that, or name a server in PREFECT_API_URL."
        ) from None


def _drain() -> None:
    """Send the server the logs and events that Prefect's threads still buffer."""
    from prefect.events.worker import EventsWorker  # noqa: PLC0415 - as above
    from prefect.logging.handlers import APILogWorker  # noqa: PLC0415

    for worker in (APILogWorker, EventsWorker):
        # A failure loses only log lines in a database in the home.
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
