"""prefect.yaml on a real Prefect server: every deployment registers, and a real process worker runs one."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from tests.flows.line import ROOT
from tests.flows.shop import CONFIG, write_deals

pytestmark = pytest.mark.slow
ROWS = ("1,Acme renewal,Talking,2026-10-01,1250", "2,Beta,Won,2026-09-01,300")
SCHEDULES = {
    "hourly": ("refresh_pipeline", "5 * * * *"),
    "nightly": ("reclassify_stale", "20 0 * * *"),
    "weekdays": ("send_digests", "30 7 * * 1-5"),
}


class Prefect:
    """A server of our own on a free port, with a folder of its own."""

    def __init__(self, folder: Path) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self.api = f"http://127.0.0.1:{self.port}/api"
        self.folder = folder
        self.environment = {
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

    def run(self, *asked: str, seconds: int = 240) -> str:
        command = [sys.executable, "-m", "prefect", "--no-prompt", *asked]
        done = subprocess.run(
            command, env=self.environment, cwd=ROOT, capture_output=True, text=True, timeout=seconds, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def start(self) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "prefect", "server", "start", "--host", "127.0.0.1", "--port", str(self.port)]
        return subprocess.Popen(
            command, env=self.environment, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )

    def ask(self, path: str, **filters: object) -> list[dict]:
        return httpx.post(f"{self.api}/{path}/filter", json=filters, timeout=60).raise_for_status().json()


@pytest.fixture(scope="module")
def prefect(tmp_path_factory):
    made = Prefect(tmp_path_factory.mktemp("prefect"))
    (made.folder / "bantam.yaml").write_text(CONFIG)
    write_deals(made.folder, ROWS)
    server = made.start()
    try:
        # Each try backs off longer inside the transport; a server that never answers fails the test here.
        with httpx.Client(transport=httpx.HTTPTransport(retries=10), timeout=10) as client:
            for _ in range(12):
                try:
                    client.get(f"{made.api}/health").raise_for_status()
                    break
                except httpx.HTTPError:
                    assert server.poll() is None, "the Prefect server ended"
        made.run("work-pool", "create", "bantam", "--type", "process")
        made.run("deploy", "--all")
        yield made
    finally:
        server.terminate()
        server.wait(30)


def test_every_deployment_is_registered_with_its_schedule(prefect):
    deployments = {one["name"]: one for one in prefect.ask("deployments")}
    assert set(deployments) == set(SCHEDULES)
    for name, (entrypoint, cron) in SCHEDULES.items():
        one = deployments[name]
        schedule = one["schedules"][0]["schedule"]
        assert one["entrypoint"].endswith(f":{entrypoint}")
        assert (schedule["cron"], schedule["timezone"]) == (cron, "America/New_York")
        assert one["global_concurrency_limit"]["limit"] == 1
        assert one["concurrency_options"]["collision_strategy"] == "CANCEL_NEW"
        assert "bantam" in one["tags"]
        assert one["work_pool_name"] == "bantam"


def test_a_process_worker_runs_a_deployed_refresh(prefect):
    config = prefect.folder / "bantam.yaml"
    # Prefect's own client asks again while the server's database is busy.
    asked = ("--param", f"config={config}", "--param", "as_of=2026-11-23")
    prefect.run("deployment", "run", "refresh_pipeline/hourly", *asked)
    prefect.run("worker", "start", "--pool", "bantam", "--run-once")
    runs = [run for run in prefect.ask("flow_runs") if run["parameters"].get("config") == str(config)]
    assert [run["state_type"] for run in runs] == ["COMPLETED"]
    assert {"run-summary", "balance", "findings"} <= {artifact["key"] for artifact in prefect.ask("artifacts")}
    (report,) = (prefect.folder / "home" / "reports").glob("*.json")
    told = json.loads(report.read_text())
    assert (told["status"], [row["difference"] for row in told["balance"]]) == ("published", [0])
