"""What a person watching a run sees: one line a stream and one a step, and long waits; nothing where nobody watches."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

from definitions.counting import counted
from flows.orchestration.interruption import at_interruption


class ProgressReporter:
    """Shows progress on a terminal; without one it keeps quiet. Used from several threads.

    No dataclass: Prefect walks through those that a task is given, and trips over what other tasks change meanwhile.
    """

    __slots__ = ("_console", "_streams", "bars")

    def __init__(self, bars: Progress | None = None, console: Console | None = None) -> None:
        self.bars = bars
        self._console = console
        self._streams: dict[str, TaskID] = {}

    def counter(self, name: str) -> Callable[[int], None]:
        """Make a function that adds records to the line called `name`."""
        if self.bars is None:
            return _nobody_watches
        line = self.bars.add_task(name, total=None, told="")
        self._streams[name] = line
        seen = [0]

        def add(count: int) -> None:
            seen[0] += count
            if self.bars is not None:
                self.bars.update(line, told=counted(seen[0], "record"))

        return add

    def done(self, name: str) -> None:
        """Fill the line called `name`."""
        if self.bars is not None and name in self._streams:
            self.bars.update(self._streams[name], total=1, completed=1)

    def tell(self, message: str) -> None:
        """Print one line, above the progress where there is one; also where the console is no terminal."""
        if self._console is not None:
            self._console.print(message, markup=False, highlight=False, soft_wrap=True)

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Show a line while a step is at work."""
        self.counter(name)
        yield
        self.done(name)


def _nobody_watches(count: int) -> None:
    """Show nothing."""


_CURRENT: ContextVar[ProgressReporter | None] = ContextVar("watcher", default=None)


def watcher() -> ProgressReporter:
    """Give whoever watches this run; somebody silent if nobody does."""
    return _CURRENT.get() or ProgressReporter()


@contextmanager
def watched(console: Console, *, quiet: bool = False) -> Iterator[None]:
    """Show the progress of the runs inside on the console's terminal; where it is no terminal, long waits only.

    `quiet` shows nothing at all.
    """
    bars = Progress(
        SpinnerColumn(finished_text="[green]✓[/]"),
        TextColumn("{task.description}"),
        BarColumn(bar_width=24),
        TextColumn("{task.fields[told]:>17}"),
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
