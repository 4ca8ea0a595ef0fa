"""Reclassify what went stale: nothing is pulled, only the date has moved. Deployed from prefect.yaml."""

from datetime import date

from prefect import flow

from flows.artifacts import keep_artifacts
from flows.failures import failure_reported
from flows.job import open_job
from flows.progress import watcher
from flows.publication import known_of, publish_records
from flows.run_report import Report, write_report
from flows.spill import spilling
from flows.states import read_records
from flows.warehouse_access import opened_warehouse
from warehouse.lock import run_lock


@flow(name="reclassify_stale", log_prints=False)
def reclassify_stale(config: str = "bantam.yaml", as_of: date | None = None) -> Report:
    """Assess the records at hand again as of a later day, publish what changed, and return the run report.

    No source is asked and no cursor moves. Safe to run twice; while a refresh runs it exits 75.
    """
    seen = watcher()
    job = open_job(config, data=None, as_of=as_of, sources=None)
    with opened_warehouse(job.settings) as engine, run_lock(engine), spilling(job.home.spill) as spill:
        known = known_of(job, engine, spill)
        with failure_reported(job, known.run_id):
            with seen.step("reading records"):
                records, states = read_records(job, known, [], spill)
            report = publish_records(job, engine, known, records, states, [], seen)
        write_report(report, job.home.reports)
    keep_artifacts(report)
    return report
