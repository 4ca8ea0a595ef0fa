"""Prefect's server, which a command starts for its flows, ends with it, and writes nothing on its terminal."""

import os
import signal
import subprocess
import sys
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.flows.line import ROOT, environment
from tests.flows.shop import opened_shop
from tests.flows.terminal import bantam
from tests.operations.repetitions import repetitions
from tests.waiting import until
from warehouse.connect import engine_for
from warehouse.publishing.run_lock import run_lock

pytestmark = pytest.mark.slow

ROWS = ("1,Acme,Talking,2026-12-01,100", "2,Beta,Talking,2026-10-01,200")
VENDOR = """
sources:
  - {{name: web, kind: hubspot, base_url: "http://127.0.0.1:{port}", token: t, portal_id: "1", stages: {{}}}}
"""


@pytest.fixture
def shop(server, tmp_path):
    return opened_shop(tmp_path / "shop", ROWS, server)


def server_of(process):
    """The process of Prefect's server that this one started; None before it did."""
    for found in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(found.read_text().rsplit(")", 1)[1].split()[1])
            command = found.with_name("cmdline").read_bytes()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if parent == process and b"flows.orchestration.ephemeral_server" in command:
            return int(found.parent.name)
    return None


def runs(process):
    try:
        return ") Z " not in Path(f"/proc/{process}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False


@pytest.mark.parametrize("moment", ["as soon as the server is there", "while the run is at work"])
def test_a_run_that_is_killed_takes_it_along_and_lets_go_of_its_output(shop, moment):
    """As with `bantam run | tail`, which reads until nobody can write any more."""
    command = [
        sys.executable,
        "-c",
        "from flows.terminal.command_line import main; main()",
        "run",
        "--config",
        str(shop.config),
    ]
    variables = {**os.environ, **shop.surroundings()}
    variables.pop("PREFECT_API_URL", None)
    process = subprocess.Popen(
        command, env=variables, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    try:
        until(lambda: server_of(process.pid) is not None)
        prefect = server_of(process.pid)
        if moment == "while the run is at work":
            until(lambda: any(shop.home.glob("landing/*")), seconds=240)
        process.send_signal(signal.SIGKILL)
        out, _ = process.communicate(timeout=60)
    finally:
        process.kill()
        process.wait()
    assert (process.returncode, out) == (-9, "")
    until(lambda: not runs(prefect))


@contextmanager
def refusing_vendor():
    class Refusing(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(401)
            self.send_header("Content-Length", "0")
            self.end_headers()

        do_POST = do_GET  # noqa: N815 - the name the server calls

        def log_message(self, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Refusing) as vendor:
        thread = threading.Thread(target=vendor.serve_forever)
        thread.start()
        yield vendor.server_port
        vendor.shutdown()
        thread.join()


@pytest.mark.parametrize("number", range(repetitions(3, 10)))
def test_a_run_that_ends_early_has_the_last_word(shop, number):
    """Three early ends: settings that are wrong, a lock that is held, a source that refuses."""
    asked = ("run", "--config", str(shop.config), "--quiet")
    settings = shop.config.read_text()

    shop.config.write_text(settings.replace("definitions: handoff", "definitions: handof"))
    wrong = bantam(shop.home, *asked, **shop.variables)
    shop.config.write_text(settings)
    with run_lock(engine_for(shop.variables["BANTAM_WAREHOUSE_URL"])):
        held = bantam(shop.home, *asked, **shop.variables)
    with refusing_vendor() as port, environment(shop.variables):
        shop.config.write_text(VENDOR.format(port=port))
        refused = bantam(shop.home, *asked, **shop.variables)

    assert [ended.code for ended in (wrong, held, refused)] == [2, 75, 3]
    for ended in (wrong, held, refused):
        assert ended.out == ""
        assert ended.complaint.startswith("bantam: ")
        assert ended.complaint.count("\n") == 1, ended.complaint
    assert "credentials refused" in refused.complaint


def test_its_own_words_are_kept_in_the_home_and_closed_to_others(shop):
    assert bantam(shop.home, "run", "--config", str(shop.config), "--quiet", **shop.variables).code == 0
    log = shop.home / "prefect" / "server.log"
    assert log.stat().st_mode & 0o077 == 0


def test_one_that_cannot_start_is_told_with_its_log(shop):
    """Prefect's own database is a folder here."""
    (shop.home / "prefect" / "prefect.db").mkdir(parents=True)
    ended = bantam(shop.home, "run", "--config", str(shop.config), "--quiet", **shop.variables)
    assert ended.code == 2
    assert f"Its log is {shop.home}/prefect/server.log" in ended.complaint
    assert ended.complaint.count("\n") == 1
