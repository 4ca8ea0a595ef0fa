"""Guarded process: a program in a session of its own that ends with the process that started it, however that ends.

Run as a script, this file is the guard between both: it starts the program, and ends it with all processes of its
session as soon as standard input is closed, which the kernel does for a process that was killed. It imports only the
standard library, so that a guard needs little memory.
"""

import contextlib
import os
import select
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

_LOOK_EVERY_SECONDS = 0.5


class GuardedProcess:
    """Running program. Its output goes to a log file that only its owner may read."""

    def __init__(
        self, command: list[str], *, folder: Path, log: Path, environment: Mapping[str, str], grace_seconds: int
    ) -> None:
        self._grace_seconds = grace_seconds
        guard = [sys.executable, str(Path(__file__).resolve()), str(grace_seconds), *command]
        output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        try:
            self._guard = subprocess.Popen(  # noqa: S603 - our own command, no shell
                guard,
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=output,
                env=environment,
                cwd=folder,
                start_new_session=True,
            )
        finally:
            os.close(output)

    def has_ended(self) -> bool:
        """Return whether the program has ended."""
        return self._guard.poll() is not None

    def end(self) -> None:
        """End the program, kill its processes after the grace period, and wait for the end. Safe to repeat."""
        if self._guard.stdin is not None:
            self._guard.stdin.close()
        try:
            self._guard.wait(self._grace_seconds + 10)
        except subprocess.TimeoutExpired:
            os.killpg(self._guard.pid, signal.SIGKILL)
            self._guard.wait()


def _guard(grace_seconds: int, command: list[str]) -> None:
    program = subprocess.Popen(command, stdin=subprocess.DEVNULL)  # noqa: S603 - what the starter asked for
    while program.poll() is None:
        readable, _, _ = select.select([sys.stdin], [], [], _LOOK_EVERY_SECONDS)
        if readable and not os.read(sys.stdin.fileno(), 1):
            break
    if program.poll() is None:
        program.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            program.wait(grace_seconds)
    # Remaining processes of the session, and this guard itself.
    os.killpg(0, signal.SIGKILL)


if __name__ == "__main__":
    _guard(int(sys.argv[1]), sys.argv[2:])
