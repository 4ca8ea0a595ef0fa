"""Commit gate: orders a termination signal and a COMMIT.

Before COMMIT is sent, a signal closes the gate, and the run can no longer commit. After COMMIT is sent, the signal
waits for the reply, so that the run reports its publication correctly. One process publishes one run at a time.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum

from definitions.errors import RunInterruptedError


class Publication(Enum):
    """State of the publication of a run."""

    NOT_SENT = "not published"
    SENT = "waiting for the answer to COMMIT"
    PUBLISHED = "published"
    # The connection was lost between COMMIT and its reply, and the outcome has not been looked up yet.
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class CommitState:
    """The publication at one moment; `run_id` is null until a run begins its transaction."""

    publication: Publication
    run_id: str | None


class CommitGate:
    """The gate of one process; safe to use from several threads."""

    __slots__ = ("_changed", "_is_closed", "_publication", "_run_id")

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._is_closed = False
        self._publication = Publication.NOT_SENT
        self._run_id: str | None = None

    @contextmanager
    def transaction(self, run_id: str) -> Iterator[None]:
        """Wrap a publish transaction, COMMIT included; the caller calls `sent` inside, right before COMMIT."""
        self._set(Publication.NOT_SENT, run_id)
        try:
            yield
        except BaseException:
            if self._publication is Publication.SENT:
                self._set(Publication.UNKNOWN, run_id)
            raise
        self._set(Publication.PUBLISHED, run_id)

    def sent(self) -> None:
        """Record that COMMIT is being sent. Raises `RunInterruptedError` if a signal came first."""
        with self._changed:
            if self._is_closed:
                raise RunInterruptedError("The run was told to end before it was published; nothing was published.")
            self._publication = Publication.SENT

    @property
    def is_closed(self) -> bool:
        """Whether a signal or the time limit is ending the run."""
        with self._changed:
            return self._is_closed

    def found(self, run_id: str) -> None:
        """Record that the run was found published in the warehouse."""
        self._set(Publication.PUBLISHED, run_id)

    def forget(self) -> None:
        """Reset the state for another run, which is not published."""
        with self._changed:
            self._publication, self._run_id = Publication.NOT_SENT, None

    def close(self, wait_seconds: float) -> CommitState:
        """Prevent any further COMMIT, and return the state of the publication.

        If COMMIT has been sent, waits for its reply, at most `wait_seconds`; SENT then means that no reply came.
        """
        with self._changed:
            self._is_closed = True
            self._changed.wait_for(lambda: self._publication is not Publication.SENT, timeout=wait_seconds)
            return CommitState(self._publication, self._run_id)

    def now(self) -> CommitState:
        """Return the state of the publication, without waiting."""
        with self._changed:
            return CommitState(self._publication, self._run_id)

    def _set(self, publication: Publication, run_id: str) -> None:
        with self._changed:
            self._publication, self._run_id = publication, run_id
            self._changed.notify_all()


GATE = CommitGate()
