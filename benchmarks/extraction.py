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
from connectors.extract import Pulled
from connectors.http.client import Http
from connectors.landing.writer import Landing
from connectors.stream import Stream
from flows.run.extraction import Errand, pull_vendor_stream
from flows.run.sources import Opened, opened
from flows.settings import load_settings
from flows.terminal.sandbox_process import sandbox_running

THREADS = 8  # as many as the flow has


def main() -> None:
    """Pull everything, and say what it took."""
    home, people = Path(sys.argv[1]), int(sys.argv[2])
    with sandbox_running(people, DAY) as sandbox, ExitStack() as clients:
        pool = clients.enter_context(ThreadPoolExecutor(THREADS))
        settings = load_settings(CONFIG, {**os.environ, **sandbox.environment})
        errand = Errand(
            landing=Landing(home / "landing"),
            run_id=RUN,
            cursors={},
            versions={},
            now=datetime.now(UTC),
            full=True,
        )
        before, began, own = peak_memory(), time.perf_counter(), time.process_time()
        vendors = [opened(source) for source in settings.sources]
        pulls = [pull for vendor in vendors for pull in _started(vendor, errand, pool, clients)]
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


def _started(vendor: Opened, errand: Errand, pool: ThreadPoolExecutor, clients: ExitStack) -> Iterator[Future[Pulled]]:
    """Start the pulls of a source; one that follows another stream begins when that one has ended."""
    http = clients.enter_context(vendor.http)
    started: dict[str, Future[Pulled]] = {}
    for stream in vendor.streams:
        first = started.get(stream.after) if stream.after else None
        started[stream.name] = pool.submit(_pulled, first, errand, vendor, http, stream)
        yield started[stream.name]


def _pulled(first: Future[Pulled] | None, errand: Errand, vendor: Opened, http: Http, stream: Stream[Any]) -> Pulled:
    if first is not None:
        first.result()
    return pull_vendor_stream(errand, vendor, http, stream, lambda _: None)


if __name__ == "__main__":
    main()
