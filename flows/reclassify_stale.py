"""Reclassify what went stale: nothing is pulled, only the date has moved. Deployed from prefect.yaml."""

from datetime import date

from prefect import flow

from flows.orchestration.artifacts import keep_artifacts
from flows.orchestration.interruption import interruptible
from flows.orchestration.run_states import flow_states
from flows.orchestration.time_limit import time_limited
from flows.run.failures import end_reported, reported
from flows.run.open_run import open_run
from flows.run.recomputation import recompute
from flows.run.request import read_request
from flows.run.run_report import Report
from flows.terminal.progress import watcher


@flow(name="reclassify_stale", log_prints=False, persist_result=False)
@flow_states
@time_limited
@interruptible
def reclassify_stale(
    config: str = "bantam.yaml",
    as_of: date | None = None,
    time_limit_minutes: float | None = None,  # noqa: ARG001 - `time_limited` reads it
) -> Report:
    """Assess the records at hand again as of a later day, publish what changed, and return the run report.

    No source is asked and no cursor moves. Safe to run twice; while a refresh runs it exits 75.
    """
    request = read_request(config, data=None, as_of=as_of, sources=None, pulls=False)
    with end_reported(request):
        with open_run(request, watcher()) as run:
            report = reported(request, run.run_id, lambda: recompute(run, []))
        keep_artifacts(report)
    return report
