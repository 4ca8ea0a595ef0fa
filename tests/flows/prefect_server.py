"""A Prefect server of our own, and its command line."""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from tests.flows.line import ROOT

# Commands as they are typed, in one process: each process of its own would import Prefect for some seconds first.
_COMMANDS = """
import json, sys
from prefect.cli import app
for command in json.loads(sys.argv[1]):
    sys.argv = ["prefect", "--no-prompt", *command]
    try:
        app()
    except SystemExit as ended:
        if ended.code:
            raise
"""


class PrefectServer:
    """A server on a free port, with a folder of its own."""

    def __init__(self, folder: Path) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            self._port = free.getsockname()[1]
        self.api = f"http://127.0.0.1:{self._port}/api"
        self.folder = folder
        self._environment = {
            **os.environ,
            # Where Prefect keeps what workers run: by default a folder that only its first user may write to.
            "TMPDIR": str(folder),
            "PREFECT_HOME": str(folder / "prefect"),
            "PREFECT_API_URL": self.api,
            "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
            "DO_NOT_TRACK": "1",
            "GX_ANALYTICS_ENABLED": "false",
            "BANTAM_FOLDER": str(ROOT),
            "BANTAM_HOME": str(folder / "home"),
            "PYTHONPATH": str(ROOT),
            "PYTHONWARNINGS": "ignore",
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        }

    def run(self, *commands: Sequence[str]) -> None:
        """Give commands to Prefect's command line; each must succeed."""
        done = subprocess.run(
            [sys.executable, "-c", _COMMANDS, json.dumps(commands)],
            env=self._environment, cwd=ROOT, capture_output=True, text=True, timeout=480, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr

    def ask(self, path: str, **filters: object) -> list[dict[str, Any]]:
        """Everything of a kind that the server knows."""
        told: list[dict[str, Any]] = (
            httpx.post(f"{self.api}/{path}/filter", json=filters, timeout=60).raise_for_status().json()
        )
        return told

    @contextmanager
    def running(self) -> Iterator[None]:
        """Start the server, without the services that plan runs for the weeks to come, and stop it."""
        where = "--host", "127.0.0.1", "--port", str(self._port), "--no-services"
        process = subprocess.Popen(
            [sys.executable, "-m", "prefect", "server", "start", *where],
            env=self._environment, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            self._wait_for(process)
            yield
        finally:
            process.terminate()
            process.wait(60)

    def _wait_for(self, process: subprocess.Popen[bytes]) -> None:
        # The transport backs off between its tries, 3.5 s in all; a server that never answers fails the first command.
        with httpx.Client(transport=httpx.HTTPTransport(retries=4), timeout=10) as client:
            for _ in range(60):
                try:
                    client.get(f"{self.api}/health").raise_for_status()
                except httpx.HTTPError:
                    assert process.poll() is None, "the Prefect server ended"
                else:
                    break


@contextmanager
def flows_run_on(api: str) -> Iterator[None]:
    """Let flows that are called in this process be runs of a server; what they log is there when this ends."""
    # Within functions: the import takes seconds, which tests of other files need not wait for.
    from prefect.logging.handlers import APILogWorker  # noqa: PLC0415
    from prefect.settings import PREFECT_API_URL, temporary_settings  # noqa: PLC0415

    with temporary_settings({PREFECT_API_URL: api}):
        yield
        APILogWorker.drain_all()
