"""What every run does once everything is landed: read the records at hand, and publish what they come to."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress

import sqlalchemy as sa

from connectors.extract import PullResult
from definitions.errors import AnotherRunActiveError, PipelineError
from definitions.runtime.commit_gate import GATE
from flows.home.folders import Home
from flows.home.run_log import note_judged
from flows.home.spill import Spill
from flows.home.superseded import later_run_named
from flows.orchestration.unexpected import foreign_errors_named
from flows.run.audited_publication import publish_records
from flows.run.job import Job
from flows.run.publication import Known
from flows.run.run_report import Report
from flows.run.states import read_records
from flows.terminal.progress import ProgressReporter
from warehouse.publishing.run_lock import RunLock


def recompute(
    job: Job, engine: sa.Engine, lock: RunLock, known: Known, pulls: list[tuple[str, PullResult]], spill: Spill,
    seen: ProgressReporter,
) -> Report:  # fmt: skip
    """Read records, compute, stage, audit and publish; `pulls` is empty where nobody was asked. Gives the run report.

    Raises what `read_records` and `publish_records` raise, and `AnotherRunActiveError` where a later run has cleared
    away the files of this one; the published tables are then as they were.
    """
    with (
        foreign_errors_named(job.home.root),
        later_run_named(job.home, known.run_id),
        _judged(job.home, known.run_id, pulls),
    ):
        with seen.step("reading records"):
            lock.check()
            records, states = read_records(job, known, pulls, spill)
        return publish_records(job, engine, lock, known, records, states, pulls, spill=spill, seen=seen)


@contextmanager
def _judged(home: Home, run_id: str, pulls: list[tuple[str, PullResult]]) -> Iterator[None]:
    """Note which streams were pulled by a run that publishes or fails in the block, unless a signal ends it there.

    What it listed may be the very fault it was refused for, so the next one asks anew. Of one that is ended or killed
    nothing is noted, and the next one goes on from what it listed.
    """
    try:
        yield
    except AnotherRunActiveError:
        raise
    except Exception:
        if not GATE.is_closed:
            _note_judged(home, run_id, pulls)
        raise
    _note_judged(home, run_id, pulls)


def _note_judged(home: Home, run_id: str, pulls: list[tuple[str, PullResult]]) -> None:
    # Without the note the next run goes on from what this one listed, and is refused in its turn.
    with suppress(PipelineError):
        note_judged(home, run_id, [(source, pulled.stream) for source, pulled in pulls])
