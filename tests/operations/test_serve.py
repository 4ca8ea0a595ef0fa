"""`bantam serve`: what is due runs, and the command ends with everything that it started."""

import json
import os
import signal
import socket
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.flows.prefect_server import PrefectServer
from tests.flows.shop import CONFIG, write_deals
from tests.flows.terminal import bantam
from tests.operations.prefect_runs import PATIENCE, Api, free_port, processes_of, silent_vendor, write_silent_settings
from tests.waiting import until

pytestmark = pytest.mark.slow
HOURLY = "hourly"
ROWS = ("1,Acme renewal,Talking,2026-10-01,1250", "2,Beta,Won,2026-09-01,300")


@pytest.fixture
def shop(tmp_path):
    config = tmp_path / "bantam.yaml"
    config.write_text(CONFIG)
    write_deals(tmp_path, ROWS)
    return config


@pytest.fixture
def home(tmp_path):
    yield tmp_path / "home"
    assert processes_of(tmp_path / "home") == []


@pytest.fixture
def port():
    return free_port()


def serving(api):
    """Wait until the command has asked for runs of every deployment."""

    def is_asked() -> bool:
        return api.is_up() and [one["status"] for one in api.ask("deployments/filter")] == ["READY"] * 4

    until(is_asked, seconds=PATIENCE, every=0.5)


def reports(home):
    return [json.loads(path.read_text())["status"] for path in sorted((home / "reports").glob("*.json"))]


def test_what_is_due_runs_and_ctrl_c_ends_a_run_at_work_with_the_server(shop, home, port, tmp_path):
    api = Api(f"http://127.0.0.1:{port}/api")

    def meanwhile(process):
        serving(api)
        with api.scheduled(HOURLY, shop):
            run = api.ended(HOURLY, shop, state="Completed")
        assert run["parameters"]["time_limit_minutes"] == 55
        assert "run-summary" in api.artifacts(run)
        with silent_vendor() as vendor:
            config = write_silent_settings(tmp_path, vendor)
            with api.scheduled(HOURLY, config):
                api.running(HOURLY)
                os.kill(process, signal.SIGINT)
                until(lambda: processes_of(home) == [], seconds=PATIENCE, every=0.5)

    ended = bantam(home, "serve", "--config", str(shop), "--port", str(port), meanwhile=meanwhile, COLUMNS="80")
    assert (ended.code, ended.complaint.count("\n")) == (130, 1)
    assert "interrupted; what is published stands" in ended.complaint
    assert reports(home).count("published") == 1
    # A path stays in one piece.
    assert [line for line in ended.out.splitlines() if len(line) > 80 and not line.startswith("Log: ")] == []
    for name in ("refresh_pipeline/hourly", "reclassify_stale/nightly", "send_digests/weekdays"):
        assert name in ended.out
    assert "Log: " in ended.out


def test_it_ends_on_sigterm_also_when_the_server_it_was_given_is_gone(shop, home, tmp_path_factory):
    given = PrefectServer(tmp_path_factory.mktemp("given"))

    with ExitStack() as there:
        there.enter_context(given.running())

        def meanwhile(process):
            serving(Api(given.api))
            there.close()
            os.kill(process, signal.SIGTERM)

        ended = bantam(home, "serve", "--config", str(shop), meanwhile=meanwhile, PREFECT_API_URL=given.api)
    assert (ended.code, ended.complaint.count("\n")) == (143, 1)
    assert "terminated; what is published stands" in ended.complaint


def test_it_says_so_and_ends_when_its_own_server_has_died(shop, home, port):
    def meanwhile(process):
        serving(Api(f"http://127.0.0.1:{port}/api"))
        for one in processes_of(home):
            if b"uvicorn" in command_of(one) or b"--port" in command_of(one):
                os.kill(one, signal.SIGKILL)

    ended = bantam(home, "serve", "--config", str(shop), "--port", str(port), meanwhile=meanwhile)
    assert (ended.code, ended.complaint.count("\n")) == (1, 1)
    assert "server has ended" in ended.complaint


def test_nothing_outlives_it_when_it_is_killed(shop, home, port):
    def meanwhile(process):
        serving(Api(f"http://127.0.0.1:{port}/api"))
        os.kill(process, signal.SIGKILL)
        until(lambda: processes_of(home) == [], seconds=PATIENCE, every=0.5)

    ended = bantam(home, "serve", "--config", str(shop), "--port", str(port), meanwhile=meanwhile)
    assert ended.code == -signal.SIGKILL


def test_a_port_that_is_taken_is_told_with_the_next_step(shop, home):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        ended = bantam(home, "serve", "--config", str(shop), "--port", str(taken.getsockname()[1]))
    assert (ended.code, "--port" in ended.complaint) == (2, True)


def command_of(process):
    return Path(f"/proc/{process}/cmdline").read_bytes()
