"""Rows a second from an unthrottled sandbox into the landing: `python -m benchmarks.extraction HOME PEOPLE`."""

import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

from benchmarks.company import DAY, RUN, job_in
from benchmarks.measured import peak_memory, tell
from connectors.landing import Landing
from flows.pulling import Errand, pull_vendor_stream
from flows.sandbox_process import sandbox_running
from flows.sources import opened

STREAMS = {"hubspot": ("contacts",), "salesforce": ("lead", "contact", "task")}
THREADS = 8  # as many as the flow has


def main() -> None:
    """Pull the streams of both sources at once, and say what it took."""
    home, people = Path(sys.argv[1]), int(sys.argv[2])
    with sandbox_running(people, DAY) as sandbox, ExitStack() as clients, ThreadPoolExecutor(THREADS) as pool:
        os.environ.update(sandbox.environment)
        job = job_in(home)
        errand = Errand(
            landing=Landing(job.home.landing), run_id=RUN, cursors={}, versions={}, now=job.started_at, full=True
        )
        before, began, own = peak_memory(), time.perf_counter(), time.process_time()
        pulls = []
        for source in job.settings.sources:
            vendor = opened(source)
            http = clients.enter_context(vendor.http)
            pulls += [
                pool.submit(pull_vendor_stream, errand, vendor, http, stream, lambda _: None)
                for stream in vendor.streams
                if stream.name in STREAMS[source.name]
            ]
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


if __name__ == "__main__":
    main()
