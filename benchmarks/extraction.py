"""Rows a second from an unthrottled sandbox into the landing: `python -m benchmarks.extraction HOME PEOPLE`.

All streams of both sources are pulled at once, as the flow pulls them. Only what pulling needs is imported; how much
more the whole program holds stands in the README.
"""

import os
import sys
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.example import CONFIG, DAY, RUN
from benchmarks.measured import peak_memory, tell
from connectors.extract import PullResult
from connectors.landing.writer import Landing
from connectors.registry import SOURCE_TYPES
from connectors.settings import SourceSettings
from connectors.stream import Stream
from flows.settings import load_settings
from flows.streams.extraction import ExtractContext, pull_vendor_stream
from flows.streams.source_connection import SourceConnection, connect_source
from flows.terminal.sandbox_process import sandbox_running

THREADS = 8  # as many as the flow has


def main() -> None:
    """Pull everything, and say what it took."""
    home, people = Path(sys.argv[1]), int(sys.argv[2])
    with sandbox_running(people, DAY) as sandbox, ExitStack() as clients:
        pool = clients.enter_context(ThreadPoolExecutor(THREADS))
        settings = load_settings(CONFIG, {**os.environ, **sandbox.environment})
        context = ExtractContext(
            landing=Landing(home / "landing"),
            run_id=RUN,
            cursors={},
            versions={},
            now=datetime.now(UTC),
            full=True,
        )
        before, began, own = peak_memory(), time.perf_counter(), time.process_time()
        pulls = [pull for source in settings.sources for pull in _started(source, context, pool, clients)]
        rows = sum(pull.result().records for pull in pulls)
        tell(
            {
                "rows": rows,
                "wall": time.perf_counter() - began,
                "cpu": time.process_time() - own,
                "peak_mib": peak_memory(),
                "before_mib": before,
            }
        )


def _started(
    source: SourceSettings, context: ExtractContext, pool: ThreadPoolExecutor, clients: ExitStack
) -> Iterator[Future[PullResult]]:
    """Start the pulls of a source; one that follows another stream begins when that one has ended."""
    access = clients.enter_context(connect_source(source, CONFIG.parent))
    started: dict[str, Future[PullResult]] = {}
    for stream in SOURCE_TYPES[source.kind].streams_of(source):
        first = started.get(stream.after) if stream.after else None
        started[stream.name] = pool.submit(_pulled, first, context, access, stream)
        yield started[stream.name]


def _pulled(
    first: Future[PullResult] | None, context: ExtractContext, source: SourceConnection, stream: Stream[Any]
) -> PullResult:
    if first is not None:
        first.result()
    return pull_vendor_stream(context, source, stream, lambda _: None)


if __name__ == "__main__":
    main()
