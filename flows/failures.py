"""Every run leaves a report; one that publishes nothing says which run, why, and the exit code it ended with."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from definitions.errors import LandingError, PipelineError
from flows.job import Job
from flows.run_report import Report, failed_report, write_report


def reported(job: Job, run_id: str, work: Callable[[], Report]) -> Report:
    """Do the work of a run and write its report; where that ends in an error of ours, write why, and let it pass."""
    try:
        report = work()
    except PipelineError as error:
        failed = failed_report(
            error, run_id=run_id, as_of=job.as_of, started_at=job.started_at, finished_at=datetime.now(UTC)
        )
        try:
            write_report(failed, job.home.reports)
        except LandingError as unwritten:
            error.add_note(str(unwritten))
        raise
    write_report(report, job.home.reports)
    return report


def failed_since(run_id: str | None, reports: Path) -> Report | None:
    """The report of the newest run, if it failed; `run_id` is the run published last (null: none)."""
    newest = max(reports.glob("*.json"), key=lambda path: path.stem, default=None)
    if newest is None or newest.stem <= (run_id or ""):
        return None
    told: Report = json.loads(newest.read_text(encoding="utf-8"))
    return told if told["status"] == "failed" else None
