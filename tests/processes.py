"""Processes of their own, which may be killed or end as a command does."""

import multiprocessing
from collections.abc import Callable
from typing import Any

# Forked from a server that has imported everything once and computed nothing: a child starts at once.
PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload(["tests.flows.terminal", "great_expectations", "flows.terminal.commands.explain"])


def exit_code(target: Callable[..., None], *given: Any, meanwhile: Callable[[int], None] = lambda _pid: None) -> int:
    """Run a function in a process of its own; its exit code, which is minus the signal that ended it.

    `meanwhile` is told the process. What has not ended after five minutes fails the test, and is killed.
    """
    child = PROCESSES.Process(target=target, args=given)
    child.start()
    try:
        meanwhile(int(child.pid or 0))
        child.join(300)
        assert child.exitcode is not None, "it did not end"
        return child.exitcode
    finally:
        child.kill()
        child.join()
        child.close()
