"""The commands of README, "Schedule it", as they are printed there, run in this order on a free port."""

import os
import re
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tests.flows.line import ROOT
from tests.operations.prefect_runs import PATIENCE, Api, free_port
from tests.waiting import until

# What a reader replaces: where the commands lie, and the port of the server.
_BIN, _PORT = ".venv/bin/", "4200"
_IN_TERMINALS_OF_THEIR_OWN = ("prefect server start", "prefect worker start")


def commands() -> list[str]:
    """Every line of the first block of commands, without its comment."""
    section = (ROOT / "README.md").read_text().split("\n## Schedule it\n")[1]
    (block, *_) = re.findall(r"```sh\n(.*?)```", section, re.DOTALL)
    return [shlex.join(shlex.split(line, comments=True)) for line in block.splitlines()]


class Terminals:
    """What the README's reader has after the last command: a server, a worker and the environment of both."""

    def __init__(self, folder: Path, variables: dict[str, str]) -> None:
        self._port = str(free_port())
        self._folder = folder
        self._environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")},
            "PREFECT_HOME": str(folder / "prefect"),
            # Where Prefect keeps what workers run: by default a folder that only its first user may write to.
            "TMPDIR": str(folder),
            "PWD": str(ROOT),
            "PYTHONWARNINGS": "ignore",
            **variables,
        }
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self.api = Api(f"http://127.0.0.1:{self._port}/api")

    def type(self, command: str) -> None:
        """Do what the reader does: export, start in a terminal of its own, or run to the end."""
        command = command.replace(_PORT, self._port).replace(_BIN, f"{Path(sys.executable).parent}/")
        if command.startswith("export "):
            for assignment in shlex.split(command)[1:]:
                name, value = assignment.split("=", 1)
                self._environment[name] = value.replace("$PWD", self._environment["PWD"])
            return
        for started in _IN_TERMINALS_OF_THEIR_OWN:
            if started in command:
                self._start(command, started)
                return
        done = subprocess.run(
            shlex.split(command), env=self._environment, cwd=ROOT, capture_output=True, text=True, timeout=480,
            check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr

    def start_worker(self) -> None:
        """Start the worker as the README does."""
        (command,) = [one for one in commands() if "worker start" in one]
        self.type(command)

    def kill_worker_and(self, run: int) -> None:
        """End the worker and the process of a run as a machine does that loses its power."""
        process = self._running["prefect worker start"]
        for killed in (process.pid, run):
            os.kill(killed, signal.SIGKILL)
        process.wait()

    def _start(self, command: str, kind: str) -> None:
        is_server = kind == "prefect server start"
        log = (self._folder / f"{kind.split()[1]}.log").open("ab")
        with log:
            process = subprocess.Popen(
                [*shlex.split(command), *(["--port", self._port] if is_server else [])],
                env=self._environment, cwd=ROOT, stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip
        self._running[kind] = process
        if is_server:
            until(lambda: self.api.is_up() or process.poll() is not None, seconds=PATIENCE, every=0.2)
            assert process.poll() is None, "the Prefect server ended"

    def close(self) -> None:
        """End what still runs, the worker first."""
        for process in reversed(self._running.values()):
            process.terminate()
            try:
                process.wait(60)
            finally:
                if process.poll() is None:
                    os.killpg(process.pid, signal.SIGKILL)
                    process.wait()


@contextmanager
def as_the_readme_says(folder: Path, variables: dict[str, str]) -> Iterator[Terminals]:
    """Type every command of the README."""
    terminals = Terminals(folder, variables)
    with ExitStack() as stack:
        stack.callback(terminals.close)
        for command in commands():
            terminals.type(command)
        yield terminals
