"""Refresh: pull what changed, recompute everything, publish the difference. Deployed from prefect.yaml."""

from collections.abc import Callable
from contextlib import ExitStack, closing
from datetime import date
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from prefect import flow, get_run_logger, task
from prefect.cache_policies import NO_CACHE
from prefect.task_runners import ThreadPoolTaskRunner

from connectors.files_settings import FilesSource
from connectors.pull import Pulled
from connectors.source import Stream
from definitions.errors import TryAgainError
from definitions.file_stream import FileStream
from flows.artifacts import keep_artifacts
from flows.failures import reported
from flows.job import Job, open_job
from flows.progress import Watcher, watcher
from flows.publication import Known, begun, known_of
from flows.pulling import Errand, pull_file_stream, pull_vendor_stream
from flows.recomputation import recompute
from flows.run_report import Report
from flows.sources import Opened, Waits, opened
from flows.spill import Spill, spilling
from flows.warehouse_access import opened_warehouse
from warehouse.lock import RunLock, run_lock

# Seconds until a stream is pulled again whose source stays busy or away.
_PULL_AGAIN_AFTER = (60, 600)


@task(task_run_name="pull {source.name}.{stream.name}", cache_policy=NO_CACHE)
def pull_stream(
    errand: Errand, source: Opened, http: Any, stream: Stream[Any], seen: Watcher, waits: Waits
) -> tuple[str, Pulled]:
    """Land one stream of a vendor; again later, where waiting can help."""
    name = f"{source.name}.{stream.name}"
    pulled = _again_later(lambda: pull_vendor_stream(errand, source, http, stream, seen.counter(name)), waits)
    seen.done(name)
    return source.name, pulled


def _again_later(pull: Callable[[], Pulled], waits: Waits) -> Pulled:
    """Pull, and again after each wait; Prefect's own waits for a retry cannot be ended by a signal."""
    for wait in _PULL_AGAIN_AFTER:
        try:
            return pull()
        except TryAgainError as error:
            get_run_logger().warning("%s It is pulled again in %d s.", error, wait)
        waits.sleep(wait)
    return pull()


@task(task_run_name="read {source.name}.{stream.name}", cache_policy=NO_CACHE)
def pull_file(
    errand: Errand, source: FilesSource, stream: FileStream, folder: Path, seen: Watcher
) -> tuple[str, Pulled]:
    """Land one file."""
    name = f"{source.name}.{stream.name}"
    pulled = pull_file_stream(errand, source, stream, folder, seen.counter(name))
    seen.done(name)
    return source.name, pulled


_THREADS: Any = ThreadPoolTaskRunner(max_workers=8)


@task(cache_policy=NO_CACHE)
def publish(
    job: Job, engine: sa.Engine, lock: RunLock, known: Known, pulls: list[tuple[str, Pulled]], spill: Spill,
    seen: Watcher,
) -> Report:  # fmt: skip
    """Recompute, stage, audit and publish."""
    return recompute(job, engine, lock, known, pulls, spill, seen)


@flow(name="refresh_pipeline", task_runner=_THREADS, log_prints=False)
def refresh_pipeline(
    config: str = "bantam.yaml",
    data: str | None = None,
    as_of: date | None = None,
    sources: list[str] | None = None,
    full: bool = False,  # noqa: FBT001, FBT002 - a parameter of a deployment
    accept_volume: str | None = None,
) -> Report:
    """Refresh the warehouse and return the run report. Safe to run twice; a second one at the same time exits 75."""
    seen = watcher()
    job = open_job(config, data=data, as_of=as_of, sources=sources, full=full, accept_volume=accept_volume)
    with opened_warehouse(job.settings) as engine, run_lock(engine) as lock, spilling(job.home.spill) as spill:
        known = known_of(job, engine, spill)
        report = reported(
            job, known.run_id, lambda: publish(job, engine, lock, known, _pulled(job, known, seen), spill, seen)
        )
    keep_artifacts(report)
    return report


def _pulled(job: Job, known: Known, seen: Watcher) -> list[tuple[str, Pulled]]:
    """Pull all streams at once; one that follows another waits for it. A failure stops the run when all have ended."""
    errand, waits = begun(job, known), Waits()
    # Waits are ended first: a thread that woke up to a closed client would tell of that.
    with ExitStack() as clients, closing(waits):
        waiting = []
        for source in job.settings.sources:
            if not job.is_asked(source):
                continue
            if isinstance(source, FilesSource):
                waiting += [pull_file.submit(errand, source, stream, job.data, seen) for stream in source.streams]
                continue
            vendor = opened(source, waits)
            http = clients.enter_context(vendor.http)
            futures: dict[str, Any] = {}
            for stream in vendor.streams:
                first = [futures[stream.after]] if stream.after else []
                futures[stream.name] = pull_stream.submit(
                    errand, vendor, http, stream, seen, waits, wait_for=first, return_state=False
                )
            waiting += futures.values()
        for future in waiting:
            future.wait()
        return [future.result() for future in waiting]
