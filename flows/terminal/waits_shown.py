"""Reporting of long waits for a source: on the terminal of the command, and in Prefect's log."""

from collections.abc import Callable

from prefect import get_run_logger

from flows.terminal.progress import ProgressReporter


def shown_waits(reporter: ProgressReporter) -> Callable[[str], None]:
    """Make a function that reports a wait in one line, from any thread; call it inside a flow."""
    # Taken here, because a thread of a task that waits in a connector has no flow run context.
    log = get_run_logger()

    def show(message: str) -> None:
        log.warning(message)
        reporter.print_line(message)

    return show
