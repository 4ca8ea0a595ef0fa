"""Work in a thread of its own, for which the main thread waits in a way that signals can interrupt."""

import threading
from collections.abc import Callable
from contextvars import copy_context
from typing import Generic, TypeVar

_T = TypeVar("_T")
_LOOKS_EVERY_SECONDS = 0.2


class WorkThread(Generic[_T]):
    """Work in a daemon thread, which sees the context variables of its maker."""

    def __init__(self, work: Callable[[], _T]) -> None:
        self._work = work
        self._result: list[_T] = []
        self._error: BaseException | None = None
        self._is_done = threading.Event()
        # A daemon: where the process ends it need not have ended.
        self._thread = threading.Thread(target=copy_context().run, args=(self._do,), name="run", daemon=True)

    def start(self) -> None:
        """Begin the work."""
        self._thread.start()

    def wait(self) -> None:
        """Wait for the end of the work, in the main thread."""
        # Not at one stretch: a signal does not always wake it (measured), and its handler runs when it wakes.
        while not self._is_done.wait(_LOOKS_EVERY_SECONDS):
            pass

    def has_ended(self, seconds: float) -> bool:
        """Whether the work ends in so many seconds. Safe in a signal handler, which may interrupt `wait` anywhere."""
        self._thread.join(seconds)
        return self._is_done.is_set()

    def result(self) -> _T:
        """Give what the work gave, or raise what it raised."""
        if self._error is not None:
            raise self._error
        return self._result[0]

    def _do(self) -> None:
        try:
            self._result.append(self._work())
        except BaseException as error:  # raised again by `result`, in the thread that waits
            self._error = error
        finally:
            self._is_done.set()
