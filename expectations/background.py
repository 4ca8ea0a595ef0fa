"""Background audit: it runs while its caller does something else, and ends at its time limit."""

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager

import psycopg
from sqlalchemy.engine import URL

from definitions.errors import AuditRefusedError
from definitions.foreign_errors import kind_and_place
from definitions.runtime.socket_abort import SocketAbort
from expectations.audit import audit
from expectations.check import Suite
from expectations.declared import DeclaredExpectation
from expectations.report import ValidationResults
from expectations.validate import import_great_expectations

# So long an interrupted run waits for its audit to end.
_END_SECONDS = 3.0


class _AtLimitError(AuditRefusedError):
    def __init__(self, run_id: str, seconds: float) -> None:
        super().__init__(
            f"the audit of run {run_id} did not end within {seconds / 60:g} minutes (audit_minutes in bantam.yaml); "
            "the published tables stay as they were. Look in pg_stat_activity at what the sessions of bantam wait for, "
            "or raise audit_minutes; run again."
        )


class BackgroundAudit:
    """An audit in a thread of its own, which ends when its connections are shut down; made by `auditing`.

    The thread is a daemon: one that stands still, in the database or in a library, keeps no process from ending.
    """

    def __init__(self, run_id: str, seconds: float, at_limit: Callable[[], object]) -> None:
        self._results: Future[ValidationResults] = Future()
        self._connections: list[SocketAbort] = []
        self._is_over = False
        self._changing = threading.Lock()
        self._may_judge = threading.Event()
        self._run_id = run_id
        self._seconds = seconds
        self._at_limit = at_limit
        self._clock = threading.Timer(seconds, self._stop_at_limit)
        self._clock.daemon = True

    def results(self) -> ValidationResults:
        """Wait for the results. Raises `AuditRefusedError` as `audit` does, and when the time limit is reached."""
        return self._results.result()

    def start(self, url: str | URL, suites: Iterable[Suite], declared: Sequence[DeclaredExpectation]) -> None:
        """Begin to measure, and import what judges meanwhile."""
        self._clock.start()
        self._thread = threading.Thread(target=self._audit, args=(url, suites, declared), name="audit", daemon=True)
        self._thread.start()
        try:
            # Here, while PostgreSQL counts: whoever used SQLAlchemy meanwhile would meet its modules half imported.
            import_great_expectations()
        except Exception as error:
            place = kind_and_place(error)
        else:
            return
        finally:
            self._may_judge.set()
        raise AuditRefusedError(
            f"the audit of run {self._run_id} could not import Great Expectations ({place}); the published tables stay "
            "as they were. Install it as requirements.lock says; run again."
        )

    def cancel(self) -> None:
        """End the audit, whatever it does; the server ends its statements within seconds after its client left."""
        self._clock.cancel()
        self._shut_down()
        self._thread.join(_END_SECONDS)

    def error_at_limit(self) -> AuditRefusedError | None:
        """Give the refusal of an audit that reached its time limit."""
        error = self._results.exception() if self._results.done() else None
        return error if isinstance(error, _AtLimitError) else None

    def _audit(self, url: str | URL, suites: Iterable[Suite], declared: Sequence[DeclaredExpectation]) -> None:
        try:
            results = audit(
                url,
                suites,
                declared,
                run_id=self._run_id,
                seconds=self._seconds,
                watch=self._watch,
                imported=self._may_judge.wait,
            )
        except BaseException as error:
            self._finish(error)
        else:
            self._finish(results)
        for connection in self._connections:
            connection.close()

    def _watch(self, connection: psycopg.Connection) -> None:
        with self._changing:
            if self._is_over:
                raise AuditRefusedError(f"the audit of run {self._run_id} was ended before it began.")
            self._connections.append(SocketAbort(connection.fileno()))

    def _finish(self, outcome: ValidationResults | BaseException) -> None:
        """Give the outcome to whoever waits, unless the time limit was reached before."""
        with self._changing:
            if self._results.done():
                return
            self._clock.cancel()
            if isinstance(outcome, BaseException):
                self._results.set_exception(outcome)
            else:
                self._results.set_result(outcome)

    def _stop_at_limit(self) -> None:
        self._finish(_AtLimitError(self._run_id, self._seconds))
        if self.error_at_limit() is not None:
            self._shut_down()
            self._at_limit()

    def _shut_down(self) -> None:
        with self._changing:
            self._is_over = True
            for connection in self._connections:
                connection.abort()


@contextmanager
def auditing(
    url: str | URL,
    suites: Iterable[Suite],
    declared: Sequence[DeclaredExpectation] = (),
    *,
    run_id: str,
    seconds: float,
    at_limit: Callable[[], object],
) -> Iterator[BackgroundAudit]:
    """Audit what is staged, as `audit` does, while the block runs.

    `at_limit` is called, in another thread, when the audit has not ended after `seconds`: it ends what the block may be
    waiting for. Whatever the block raises then, `AuditRefusedError` is raised instead. Where the block fails nobody
    waits for the audit: it is ended, and what it says of that is not told.
    """
    running = BackgroundAudit(run_id, seconds, at_limit)
    try:
        running.start(url, suites, declared)
        yield running
    except Exception:
        running.cancel()
        at_its_limit = running.error_at_limit()
        if at_its_limit is None:
            raise
    except BaseException:
        running.cancel()
        raise
    else:
        return
    raise at_its_limit
