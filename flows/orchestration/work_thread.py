"""Work thread: the main thread waits for it in a way that signals can interrupt."""

import threading
from collections.abc import Callable
from contextvars import copy_context
from typing import Generic, TypeVar

_T = TypeVar("_T")
_LOOKS_EVERY_SECONDS = 0.2


class WorkThread(Generic[_T]):
    """Work in a daemon thread with the context variables of the thread that created it."""

    def __init__(self, work: Callable[[], _T]) -> None:
        self._work = work
        self._result: list[_T] = []
        self._error: BaseException | None = None
        self._is_done = threading.Event()
        # A daemon, so that the process can end before it.
        self._thread = threading.Thread(target=copy_context().run, args=(self._do,), name="run", daemon=True)

    def start(self) -> None:
        """Start the work."""
        self._thread.start()

    def wait(self) -> None:
        """Wait for the end of the work, in the main thread."""
        # In short intervals: a signal does not always wake the thread (measured), and handlers run when it wakes.
        while not self._is_done.wait(_LOOKS_EVERY_SECONDS):
            pass

    def has_ended(self, seconds: float) -> bool:
        """Return whether the work ends within so many seconds. Safe in a signal handler, which may interrupt `wait`."""
        self._thread.join(seconds)
        return self._is_done.is_set()

    def result(self) -> _T:
        """Return the result of the work, or raise its error."""
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
