"""The sandbox as a process: it says where it is, answers, and never outlives who started it."""

import signal
import socket
import subprocess
import sys
from email.utils import parsedate_to_datetime

import pytest

from tests.sandbox.sandbox_process import ROOT, start, stop

pytestmark = pytest.mark.slow


def test_it_ends_when_its_standard_input_closes():
    process = start()
    with process.client() as client:
        assert client.get("/_sandbox/truth").json()["people"] == 300
    assert stop(process) == 0


def test_it_ends_on_a_signal():
    process = start()
    process.running.send_signal(signal.SIGTERM)
    assert process.running.wait(timeout=30) == -signal.SIGTERM
    process.running.stdin.close()
    process.running.stdout.close()


def test_two_processes_give_the_same_bytes(process):
    other = start()
    with process.client() as one, other.client() as two:
        for path in ("/crm/objects/2026-03/contacts?limit=100&properties=email,firstname", "/_sandbox/truth/people"):
            assert one.get(path).content == two.get(path).content
    stop(other)


def test_a_port_that_is_taken_is_told_in_one_line():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        told = subprocess.run(
            [sys.executable, "-m", "sandbox.serve", "--people", "1", "--port", port],
            cwd=ROOT, capture_output=True, text=True, check=False,
        )  # fmt: skip
    assert (told.returncode, told.stderr.count("\n"), f"127.0.0.1:{port}" in told.stderr) == (2, 1, True)


def test_its_clock_stands_in_its_own_day(process):
    with process.client() as client:
        moment = parsedate_to_datetime(client.get("/crm/owners/2026-03").headers["date"])
    assert moment.date().isoformat() == "2026-11-22"


def test_limits_are_set_by_the_command_line():
    process = start("--ten-secondly", "1")
    with process.client() as client:
        answers = [client.get("/crm/owners/2026-03").status_code for _ in range(2)]
    stop(process)
    assert answers == [200, 429]
