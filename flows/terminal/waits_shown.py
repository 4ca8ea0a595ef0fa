"""Long waits for a source, shown where a person looks: on the terminal of the command, and in Prefect's log."""

from collections.abc import Callable

from prefect import get_run_logger

from flows.terminal.progress import ProgressReporter


def shown_waits(seen: ProgressReporter) -> Callable[[str], None]:
    """Make a function that shows one line about a wait, from any thread; to be called inside a flow."""
    # Taken here: a thread of a task that waits in a connector has no flow run of its own to ask for its log.
    log = get_run_logger()

    def show(message: str) -> None:
        log.warning(message)
        seen.tell(message)

    return show
