"""Progress on the terminal: one line per stream and per step, and long waits; nothing without a terminal."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

from definitions.counting import counted
from flows.orchestration.interruption import at_interruption


class ProgressReporter:
    """Reporter of progress on a terminal, silent without one. Used from several threads.

    Not a dataclass: Prefect traverses dataclasses in the arguments of a task, while other tasks change this one.
    """

    __slots__ = ("_console", "_streams", "bars")

    def __init__(self, bars: Progress | None = None, console: Console | None = None) -> None:
        self.bars = bars
        self._console = console
        self._streams: dict[str, TaskID] = {}

    def counter(self, name: str) -> Callable[[int], None]:
        """Return a function that adds records to the line `name`."""
        if self.bars is None:
            return _ignore_count
        line = self.bars.add_task(name, total=None, count_text="")
        self._streams[name] = line
        total_count = [0]

        def add(count: int) -> None:
            total_count[0] += count
            if self.bars is not None:
                self.bars.update(line, count_text=counted(total_count[0], "record"))

        return add

    def done(self, name: str) -> None:
        """Mark the line `name` as complete."""
        if self.bars is not None and name in self._streams:
            self.bars.update(self._streams[name], total=1, completed=1)

    def print_line(self, message: str) -> None:
        """Print one line, above the progress bars if there are any; also if the console is no terminal."""
        if self._console is not None:
            self._console.print(message, markup=False, highlight=False, soft_wrap=True)

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Show a line while a step runs."""
        self.counter(name)
        yield
        self.done(name)


def _ignore_count(count: int) -> None:
    """Show nothing."""


_CURRENT: ContextVar[ProgressReporter | None] = ContextVar("watcher", default=None)


def watcher() -> ProgressReporter:
    """Return the active progress reporter, or a silent one."""
    return _CURRENT.get() or ProgressReporter()


@contextmanager
def show_progress(console: Console, *, quiet: bool = False) -> Iterator[None]:
    """Show the progress of the runs inside the block; if the console is no terminal, only long waits.

    With `quiet` nothing is shown.
    """
    bars = Progress(
        SpinnerColumn(finished_text="[green]✓[/]"),
        TextColumn("{task.description}"),
        BarColumn(bar_width=24),
        TextColumn("{task.fields[count_text]:>17}"),
        TimeElapsedColumn(),
        console=console,
        disable=quiet or not console.is_terminal,
    )
    with bars, at_interruption(bars.stop, first=True):
        token = _CURRENT.set(ProgressReporter(bars, None if quiet else console))
        try:
            yield
        finally:
            _CURRENT.reset(token)
