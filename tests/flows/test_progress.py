"""What a person watching a run sees."""

from prefect.utilities.collections import visit_collection
from rich.console import Console

from flows.terminal.progress import show_progress, watcher


def test_nobody_walks_through_the_lines_that_other_threads_add():
    """Prefect visits whatever collections and dataclasses a task is given, while other tasks add their lines."""
    with show_progress(Console(quiet=True)):
        seen, visited = watcher(), []
        seen.counter("hubspot.contacts")(12)
        visit_collection(seen, visit_fn=visited.append, return_data=False)
    assert visited == [seen]
