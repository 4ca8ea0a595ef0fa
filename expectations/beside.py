"""An audit that runs while its caller does something else: counting leaves the server room, and judging more."""

import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path

import psycopg
from sqlalchemy.engine import URL

from definitions.errors import AuditRefusedError
from definitions.foreign_errors import kind_and_place
from definitions.runtime.socket_abort import SocketAbort
from expectations.judging import import_great_expectations, rendered
from expectations.pages import write_pages
from expectations.report import AuditReport
from expectations.run import Audit, audit
from expectations.suite import Suite

# What ending a cancelled audit may take, so that an interrupted run ends within seconds.
_CANCEL_SECONDS = 2.0
_END_SECONDS = 3.0
# Rendering all pages takes about a second, and goes on while the tables are merged.
_PAGES_SECONDS = 60.0

_Page = tuple[str, str, str]


class BackgroundAudit:
    """An audit in a thread of its own; made by `auditing`.

    The thread is a daemon: one that stands still, in the database or in a library, keeps no process from ending.
    """

    def __init__(
        self, url: str | URL, suites: Iterable[Suite], *, run_id: str, seconds: float, at_limit: Callable[[], None]
    ) -> None:
        self.run_id = run_id
        self._seconds = seconds
        self._at_limit = at_limit
        self._report: Future[AuditReport] = Future()
        self._pages: Future[list[_Page]] = Future()
        self._session: tuple[psycopg.Connection, SocketAbort] | None = None
        self._is_over = False
        self._changing = threading.Lock()
        self._may_judge = threading.Event()
        self._thread = threading.Thread(target=self._audit, args=(url, tuple(suites)), name="audit", daemon=True)
        self._clock = threading.Timer(seconds, self._stop_at_limit)
        self._clock.daemon = True

    def report(self) -> AuditReport:
        """Wait for the results.

        Raises `AuditRefusedError` as `audit` does, and when the time limit is reached.
        """
        return self._report.result()

    def report_if_done(self) -> AuditReport | None:
        """Give the results of an audit that came to its end; none of one that failed or was ended."""
        if not self._report.done() or self._report.exception() is not None:
            return None
        return self._report.result()

    def write_pages(self, folder: Path, *, now: datetime) -> str | None:
        """Replace the Data Docs in `folder` by those of this audit; say why where that cannot be done.

        Nothing is raised: a page that is missing is no reason to fail a run that is published.
        """
        report = self.report_if_done()
        if report is None:
            return None
        try:
            write_pages(folder, self._pages.result(_PAGES_SECONDS), report, run_id=self.run_id, now=now)
        except TimeoutError:
            return f"The pages of the audit were not rendered within {_PAGES_SECONDS:g} s."
        except OSError as error:
            return (
                f"The pages of the audit could not be written: {error.filename or folder}: {error.strerror or error}."
            )
        except Exception as error:
            return f"The pages of the audit could not be rendered ({kind_and_place(error)})."
        return None

    def start(self) -> None:
        """Begin to count, and import what judges meanwhile."""
        self._clock.start()
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
            f"the audit of run {self.run_id} could not import Great Expectations ({place}); the published tables stay "
            "as they were. Install it as requirements.lock says; run again."
        )

    def cancel(self) -> None:
        """End the audit, whatever it does; nobody waits for it for more than some seconds."""
        self._clock.cancel()
        with self._changing:
            self._is_over = True
            session = self._session
        if session is not None:
            # It may have ended by itself.
            with suppress(psycopg.Error):
                session[0].cancel_safe(timeout=_CANCEL_SECONDS)
        self._thread.join(_END_SECONDS)
        if session is not None:
            session[1].abort()

    def error_at_limit(self) -> AuditRefusedError | None:
        """Give the refusal of an audit that reached its time limit."""
        error = self._report.exception() if self._report.done() else None
        return error if isinstance(error, _AtLimitError) else None

    def _audit(self, url: str | URL, suites: tuple[Suite, ...]) -> None:
        try:
            done = audit(
                url,
                suites,
                run_id=self.run_id,
                seconds=self._seconds,
                connected=self._connected,
                imported=self._may_judge.wait,
            )
        except BaseException as error:
            self._finish(error)
            self._pages.set_exception(error)
            return
        finally:
            if self._session is not None:
                self._session[1].close()
        self._finish(done)
        try:
            self._pages.set_result(list(rendered(done.judged)))
        except BaseException as error:
            self._pages.set_exception(error)

    def _connected(self, connection: psycopg.Connection) -> None:
        with self._changing:
            if self._is_over:
                raise AuditRefusedError(f"the audit of run {self.run_id} was ended before it began.")
            self._session = connection, SocketAbort(connection.fileno())

    def _finish(self, outcome: Audit | BaseException) -> None:
        """Give the outcome to whoever waits, unless the time limit was reached before."""
        with self._changing:
            if self._report.done():
                return
            self._clock.cancel()
            if isinstance(outcome, Audit):
                self._report.set_result(outcome.report)
            else:
                self._report.set_exception(outcome)

    def _stop_at_limit(self) -> None:
        with self._changing:
            if self._report.done():
                return
            self._is_over = True
            self._report.set_exception(_AtLimitError(self.run_id, self._seconds))
            session = self._session
        if session is not None:
            session[1].abort()
        self._at_limit()


class _AtLimitError(AuditRefusedError):
    def __init__(self, run_id: str, seconds: float) -> None:
        super().__init__(
            f"the audit of run {run_id} did not end within {seconds / 60:g} minutes (audit_minutes in bantam.yaml); "
            "the published tables stay as they were. Look in pg_stat_activity at what the sessions of bantam wait for, "
            "or raise audit_minutes; run again."
        )


@contextmanager
def auditing(
    url: str | URL, suites: Iterable[Suite], *, run_id: str, seconds: float, at_limit: Callable[[], None]
) -> Iterator[BackgroundAudit]:
    """Audit what is staged, as `audit` does, while the block runs.

    `at_limit` is called, in another thread, when the audit has not ended after `seconds`: it ends what the block may be
    waiting for. Whatever the block raises then, `AuditRefusedError` is raised instead. Where the block fails nobody
    waits for the counts: they are cancelled, and what the audit says of that is not told.
    """
    running = BackgroundAudit(url, suites, run_id=run_id, seconds=seconds, at_limit=at_limit)
    try:
        running.start()
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
