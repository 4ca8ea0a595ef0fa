"""Run reports at every end of a run: its status, its exit code and, if it failed, the reason.

Only a run that ends before its home is known writes none: unusable settings or definitions.
"""

import json
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from definitions.errors import PipelineError
from definitions.runtime.commit_gate import GATE, CommitState, Publication
from flows.home.run_log import note_unsettled
from flows.orchestration.interruption import interruption_reported
from flows.orchestration.unexpected import unexpected
from flows.run.request import RunRequest
from flows.run.run_report import Report, ended_report, write_report

_PUBLISHED = frozenset({"published", "unchanged"})
_STATUS = {
    Publication.NOT_SENT: "interrupted",
    Publication.PUBLISHED: "published",
    Publication.SENT: "unknown",
    Publication.UNKNOWN: "unknown",
}
_LOCK_SECONDS = 1.0


class RunEnd:
    """End of one run, reported once, by whichever thread comes first: that of the run or that of a signal."""

    def __init__(self, request: RunRequest) -> None:
        self.request = request
        self.run_id: str | None = None
        self.report: Report | None = None
        self._lock = threading.Lock()

    def interrupted(self, exit_code: int, words: str, decided: CommitState) -> None:
        """Write the report of a run ended by a signal, unless one is written."""
        self.run_id = decided.run_id or self.run_id
        if self.run_id is not None and decided.publication in {Publication.SENT, Publication.UNKNOWN}:
            note_unsettled(self.request.home, self.run_id)
        self.write_short(_STATUS[decided.publication], exit_code, words)

    @property
    def is_published(self) -> bool:
        """Whether the report says `published` or `unchanged`."""
        return self.report is not None and self.report["status"] in _PUBLISHED

    def write(self, report: Report) -> str | None:
        """Write the report unless one is written; return why it could not be written, or None."""
        if not self._lock.acquire(timeout=_LOCK_SECONDS):
            return None
        try:
            if self.report is not None:
                return None
            self.report = report
            write_report(report, self.request.home.reports)
        except PipelineError as unwritten:
            return str(unwritten)
        finally:
            self._lock.release()
        return None

    def write_short(self, status: str, exit_code: int, words: str) -> str | None:
        """Write a short report of a run without a full one; return why it could not be written, or None."""
        try:
            report = self.short_report(status, exit_code, words)
        except PipelineError as unwritten:
            return str(unwritten)
        return self.write(report)

    def short_report(self, status: str, exit_code: int, words: str) -> Report:
        """Build the short report of a run without a full one; `words` is its error."""
        return ended_report(
            run_id=self.run_id or _name_of(self.request),
            status=status,
            exit_code=exit_code,
            error=words,
            as_of=self.request.as_of,
            started_at=self.request.started_at,
            finished_at=datetime.now(UTC),
        )


_current: list[RunEnd] = []


@contextmanager
def end_reported(request: RunRequest) -> Iterator[RunEnd]:
    """Write the report of the run if the block raises; a nested block belongs to the same run.

    Errors other than `PipelineError` are raised as `flows.orchestration.unexpected` translates them. An error after the
    publication is a note on stderr and is not raised: a published run ends as published.
    """
    if _current:
        with _error_reported(_current[-1]):
            yield _current[-1]
        return
    GATE.forget()
    end = RunEnd(request)
    _current.append(end)
    try:
        with interruption_reported(end.interrupted), _error_reported(end):
            yield end
    finally:
        _current.remove(end)


@contextmanager
def _error_reported(end: RunEnd) -> Iterator[None]:
    try:
        yield
    except CancelledError:
        # Raised by waits of a run that a signal ends; the signal is reported instead.
        raise
    except Exception as error:
        failure = error if isinstance(error, PipelineError) else unexpected(error, end.request.home.root)
        if end.is_published:
            note(f"run {end.run_id} is published, but not all that follows was done: {failure}")
            return
        status = "unknown" if GATE.now().publication is Publication.UNKNOWN else "failed"
        if unwritten := end.write_short(status, failure.exit_code, str(failure)):
            failure.add_note(unwritten)
    else:
        return
    raise failure from None


def reported(request: RunRequest, run_id: str, work: Callable[[], Report]) -> Report:
    """Do the work of the run `run_id` and write its report, whether it publishes or fails.

    If the report of a published run cannot be written, that is a note: `ops.run` has the report too. An error between
    the commit and the end of the work is a note as well; the report is then a short one.
    """
    with end_reported(request) as end:
        end.run_id = run_id
        try:
            report = {**work(), "exit_code": 0, "error": None}
        except Exception as error:
            if GATE.now() != CommitState(Publication.PUBLISHED, run_id):
                raise
            failure = error if isinstance(error, PipelineError) else unexpected(error, request.home.root)
            note(f"run {run_id} is published, but not all that follows was done: {failure}")
            report = end.short_report("published", 0, str(failure))
        if unwritten := end.write(report):
            note(unwritten)
    return report


def note(words: str) -> None:
    """Write a note to stderr; it does not change how the run ends."""
    sys.stderr.write(f"bantam: note: {words}\n")


def failed_since(run_id: str | None, reports: Path) -> Report | None:
    """Return the report of the newest run if it did not publish; `run_id` is the last published run (None: none)."""
    newest = max(reports.glob("*.json"), key=lambda path: path.stem, default=None)
    if newest is None or newest.stem <= (run_id or ""):
        return None
    report: Report = json.loads(newest.read_text(encoding="utf-8"))
    return None if report["status"] in _PUBLISHED else report


def _name_of(request: RunRequest) -> str:
    """Name the report of a run that ended before it had a number, by the newest report and its own start.

    `000041-20261122T031500Z-unnumbered` sorts behind run 41 and before run 42.
    """
    stems = [path.stem for path in request.home.reports.glob("*.json")]
    number = max((stem[:6] for stem in stems if stem[:6].isdigit()), default="000000")
    return f"{number}-{request.started_at:%Y%m%dT%H%M%SZ}-unnumbered"
