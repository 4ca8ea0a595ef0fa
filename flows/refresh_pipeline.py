"""Refresh: pull changes, recompute everything, publish the difference. Deployed from prefect.yaml."""

from contextlib import ExitStack, closing
from dataclasses import replace
from datetime import date
from typing import Any

from prefect import flow, task
from prefect.cache_policies import NO_CACHE
from prefect.task_runners import ThreadPoolTaskRunner

from connectors.extract import PullResult
from flows.orchestration.artifacts import keep_artifacts
from flows.orchestration.interruption import at_interruption, interruptible
from flows.orchestration.run_states import flow_states, task_states, value_of
from flows.orchestration.time_limit import time_limited
from flows.run.failures import end_reported, reported
from flows.run.open_run import OpenRun, extract_context, open_run
from flows.run.recomputation import recompute
from flows.run.request import read_request
from flows.run.run_report import Report
from flows.streams.configured_streams import ConfiguredStream, StreamKey, streams_of
from flows.streams.extraction import ExtractContext
from flows.streams.optional_streams import pulled_or_refused
from flows.streams.source_connection import SourceConnection, Waits, connect_source
from flows.terminal.progress import ProgressReporter, watcher
from flows.terminal.waits_shown import shown_waits

# A stored result would be an unexpected copy of a report or an error.
_UNKEPT: dict[str, Any] = {"cache_policy": NO_CACHE, "persist_result": False}


@task(task_run_name="pull {stream.label}", **_UNKEPT)
@task_states
def pull_stream(
    context: ExtractContext, source: SourceConnection, stream: ConfiguredStream, reporter: ProgressReporter
) -> tuple[str, PullResult | str]:
    """Pull one stream into landing; return its source and the result, or why the source refused it."""
    pulled = pulled_or_refused(stream, lambda: stream.pull(context, source, reporter.counter(stream.label)))
    reporter.done(stream.label)
    return source.name, pulled


_THREADS: Any = ThreadPoolTaskRunner(max_workers=8)


@task(**_UNKEPT)
@task_states
def publish(run: OpenRun, pulls: list[tuple[str, PullResult]]) -> Report:
    """Recompute, stage, audit and publish."""
    return recompute(run, pulls)


@flow(name="refresh_pipeline", task_runner=_THREADS, log_prints=False, persist_result=False)
@flow_states
@time_limited
@interruptible
def refresh_pipeline(
    config: str = "bantam.yaml",
    data: str | None = None,
    as_of: date | None = None,
    sources: list[str] | None = None,
    full: bool = False,  # noqa: FBT001, FBT002 - a parameter of a deployment
    accept_volume: str | None = None,
    time_limit_minutes: float | None = None,  # noqa: ARG001 - `time_limited` reads it
) -> Report:
    """Refresh the warehouse and return the run report. Safe to repeat; a second run at the same time exits with 75.

    A deployment sets `time_limit_minutes`; a run that exceeds it ends with exit code 124.
    """
    request = read_request(config, data=data, as_of=as_of, sources=sources, full=full, accept_volume=accept_volume)
    with end_reported(request):
        with open_run(request, watcher()) as run:
            report = reported(request, run.run_id, lambda: _refreshed(run))
        keep_artifacts(report)
    return report


def _refreshed(run: OpenRun) -> Report:
    ended = _pulled(run)
    pulls = [(source, pulled) for source, pulled in ended if isinstance(pulled, PullResult)]
    refused = [note for _, note in ended if isinstance(note, str)]
    return value_of(publish(replace(run, notes=(*run.notes, *refused)), pulls, return_state=True))


def _pulled(run: OpenRun) -> list[tuple[str, PullResult | str]]:
    """Pull all streams concurrently, each after its parent. If one fails, the run fails once all have ended."""
    request, context, waits = run.request, extract_context(run), Waits()
    # Waits end first: a thread that woke up to a closed client would report that instead.
    with ExitStack() as clients, closing(waits), at_interruption(waits.close):
        waiting: list[Any] = []
        for source in request.settings.sources:
            if not request.is_requested(source):
                continue
            access = clients.enter_context(connect_source(source, request.data, waits, shown_waits(run.progress)))
            futures: dict[StreamKey, Any] = {}
            for stream in streams_of(source, run.context.definitions):
                first = [futures[stream.after]] if stream.after else []
                futures[stream.key] = pull_stream.submit(
                    context, access, stream, run.progress, wait_for=first, return_state=False
                )
            waiting += futures.values()
        for future in waiting:
            future.wait()
        return [future.result() for future in waiting]
