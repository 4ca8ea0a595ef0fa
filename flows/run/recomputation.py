"""What every run does once everything is landed: read the records at hand, and publish what they come to."""

import sqlalchemy as sa

from connectors.extract import Pulled
from flows.home.spill import Spill
from flows.home.superseded import later_run_named
from flows.orchestration.unexpected import foreign_errors_named
from flows.run.audited_publication import publish_records
from flows.run.job import Job
from flows.run.publication import Known
from flows.run.run_report import Report
from flows.run.states import read_records
from flows.terminal.progress import Watcher
from warehouse.publishing.run_lock import RunLock


def recompute(
    job: Job, engine: sa.Engine, lock: RunLock, known: Known, pulls: list[tuple[str, Pulled]], spill: Spill,
    seen: Watcher,
) -> Report:  # fmt: skip
    """Read records, compute, stage, audit and publish; `pulls` is empty where nobody was asked. Gives the run report.

    Raises what `read_records` and `publish_records` raise, and `AnotherRunActiveError` where a later run has cleared
    away the files of this one; the published tables are then as they were.
    """
    with foreign_errors_named(job.home.root), later_run_named(job.home, known.run_id):
        with seen.step("reading records"):
            lock.check()
            records, states = read_records(job, known, pulls, spill)
        return publish_records(job, engine, lock, known, records, states, pulls, seen)
