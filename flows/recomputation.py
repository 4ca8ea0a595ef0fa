"""What every run does once everything is landed: read the records at hand, and publish what they come to."""

import sqlalchemy as sa

from connectors.pull import Pulled
from flows.job import Job
from flows.progress import Watcher
from flows.publication import Known, publish_records
from flows.run_report import Report
from flows.spill import Spill
from flows.states import read_records
from flows.unexpected import foreign_errors_named


def recompute(
    job: Job, engine: sa.Engine, known: Known, pulls: list[tuple[str, Pulled]], spill: Spill, seen: Watcher
) -> Report:
    """Read records, compute, stage, audit and publish; `pulls` is empty where nobody was asked. Gives the run report.

    Raises what `read_records` and `publish_records` raise; the published tables are then as they were.
    """
    with foreign_errors_named(job.home.root):
        with seen.step("reading records"):
            records, states = read_records(job, known, pulls, spill)
        return publish_records(job, engine, known, records, states, pulls, seen)
