"""Runs of a Prefect server: give a deployment a schedule of the test's own, and wait for what its runs become."""

import contextlib
import os
import random
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from tests.waiting import until

# Long enough for a machine that does much else; what is waited for comes much sooner.
PATIENCE = 300
_SILENT = """
definitions: handoff
sources:
  - {{name: web, kind: hubspot, base_url: "http://127.0.0.1:{port}", token: t, portal_id: "1", stages: {{}}}}
"""
_ENDED = {"COMPLETED", "FAILED", "CRASHED"}


def free_port() -> int:
    """A port below those that the kernel gives to outgoing connections: a server takes long to take one of them."""
    for port in random.sample(range(20_000, 32_000), 100):
        with contextlib.suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port
    raise AssertionError("no port is free")


class Api:
    """What a Prefect server knows, asked over HTTP."""

    def __init__(self, url: str) -> None:
        self.url = url

    def is_up(self) -> bool:
        try:
            return httpx.get(f"{self.url}/health", timeout=10).is_success
        except httpx.TransportError:
            return False

    def ask(self, path: str, **given: object) -> Any:
        return self._request("POST", path, given).json()

    def deployment(self, name: str) -> dict[str, Any]:
        (found,) = self.ask("deployments/filter", deployments={"name": {"any_": [name]}})
        return dict(found)

    def runs(self, name: str, **only: object) -> list[dict[str, Any]]:
        """Runs of a deployment, in the order of their time."""
        chosen = {"deployment_id": {"any_": [self.deployment(name)["id"]]}, **only}
        return list(self.ask("flow_runs/filter", flow_runs=chosen, sort="EXPECTED_START_TIME_ASC"))

    def begun(self, name: str) -> list[dict[str, Any]]:
        """Runs of a deployment whose time has come."""
        return [run for run in self.runs(name) if run["state_type"] != "SCHEDULED"]

    def ended(self, name: str, config: Path, *, state: str, because: str = "") -> dict[str, Any]:
        """Wait for a run of these settings that ended in this state; fail where one ended otherwise and none so.

        On a machine that is slower than the schedule, some are cancelled behind another by the deployment's limit: they
        tell nothing of how a run ends.
        """
        found: list[dict[str, Any]] = []

        def is_there() -> bool:
            runs = [run for run in self.begun(name) if run["parameters"]["config"] == str(config)]
            found[:] = [
                run for run in runs if run["state_name"] == state and because in (run["state"]["message"] or "")
            ]
            told = [(run["state_name"], run["state"]["message"] or "") for run in runs if run["state_type"] in _ENDED]
            otherwise = [(name, message) for name, message in told if "concurrency limit" not in message]
            assert found or not otherwise, otherwise
            return bool(found)

        until(is_there, seconds=PATIENCE, every=0.5)
        return found[0]

    def running(self, name: str) -> dict[str, Any]:
        """Wait for a run that is at work."""
        found: list[dict[str, Any]] = []

        def is_there() -> bool:
            found[:] = [run for run in self.begun(name) if run["state_type"] == "RUNNING"]
            return bool(found)

        until(is_there, seconds=PATIENCE, every=0.5)
        return found[0]

    def rest(self) -> None:
        """Wait until no run is at work: one that a worker had taken starts though its schedule is gone."""
        at_work = {"state": {"type": {"any_": ["PENDING", "RUNNING", "CANCELLING"]}}}
        until(lambda: not self.ask("flow_runs/filter", flow_runs=at_work), seconds=PATIENCE, every=0.5)

    def is_alive(self, run: dict[str, Any]) -> bool:
        """Whether a heartbeat of a run has arrived."""
        asked = {
            "event": {"name": ["prefect.flow-run.heartbeat"]},
            "resource": {"id": [f"prefect.flow-run.{run['id']}"]},
        }
        return bool(self.ask("events/filter", filter=asked)["events"])

    def log(self, run: dict[str, Any], *, with_line: str) -> str:
        """Everything that a run and its tasks logged, once a line of it is there: lines are sent after the state."""
        until(lambda: with_line in self._log(run), seconds=PATIENCE, every=0.5)
        return self._log(run)

    def _log(self, run: dict[str, Any]) -> str:
        lines = self.ask("logs/filter", logs={"flow_run_id": {"any_": [run["id"]]}}, sort="TIMESTAMP_ASC", limit=200)
        return "\n".join(line["message"] for line in lines)

    def artifacts(self, run: dict[str, Any]) -> dict[str, Any]:
        """Artifacts of a run by key."""
        kept = self.ask("artifacts/filter", artifacts={"flow_run_id": {"any_": [run["id"]]}})
        return {one["key"]: one["data"] for one in kept}

    @contextmanager
    def scheduled(self, name: str, config: Path, *, seconds: int = 10, **parameters: object) -> Iterator[None]:
        """Let a deployment run by a schedule of so many seconds and by no other, and stop it in the end."""
        deployment = self.deployment(name)
        place = f"deployments/{deployment['id']}/schedules"
        for schedule in deployment["schedules"]:
            self._request("PATCH", f"{place}/{schedule['id']}", {"active": False})
        ours = {
            "schedule": {"interval": seconds},
            "active": True,
            "parameters": {"config": str(config), **parameters},
        }
        (made,) = self._request("POST", place, [ours]).json()
        try:
            yield
        finally:
            if self.is_up():
                self._request("DELETE", f"{place}/{made['id']}", None)

    def _request(self, method: str, path: str, given: object) -> httpx.Response:
        """Ask, and again while the server has no time for its database, as Prefect's own client does."""
        answers: list[httpx.Response] = []

        def is_answered() -> bool:
            answers.append(httpx.request(method, f"{self.url}/{path}", json=given, timeout=60))
            return answers[-1].status_code != httpx.codes.SERVICE_UNAVAILABLE

        until(is_answered, seconds=PATIENCE, every=0.5)
        return answers[-1].raise_for_status()


@contextmanager
def silent_vendor() -> Iterator[int]:
    """A port that lets everybody connect and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as vendor:
        yield vendor.getsockname()[1]


def write_silent_settings(folder: Path, port: int) -> Path:
    """Settings of a source that never answers."""
    path = folder / "silent.yaml"
    path.write_text(_SILENT.format(port=port))
    return path


def processes_of(home: Path) -> list[int]:
    """Processes that were started with this home in their environment."""
    marks = f"BANTAM_HOME={home}".encode()
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit() and int(folder.name) != os.getpid():
            try:
                variables = (folder / "environ").read_bytes().split(b"\0")
            except (FileNotFoundError, ProcessLookupError, PermissionError):
                continue
            if marks in variables:
                found.append(int(folder.name))
    return found
