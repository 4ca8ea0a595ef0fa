"""From landed bytes to published tables, by the code that the flow runs: `python -m benchmarks.refresh HOME`."""

import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from benchmarks.company import job_in, pulled_before
from benchmarks.measured import Clocks, ServerClock, tell
from flows.home.spill import spilling
from flows.run.open_run import begin
from flows.run.recomputation import recompute
from warehouse.connect import engine_for
from warehouse.embedded.server import EmbeddedServer
from warehouse.migrate import migrate
from warehouse.publishing.run_lock import run_lock


def main() -> None:
    """Refresh once from what is landed, and say what it took."""
    home = Path(sys.argv[1])
    job = job_in(home)
    with EmbeddedServer(home) as server, spilling(job.home.spill) as spill, ExitStack() as held:
        engine = engine_for(server.url)
        migrate(engine)
        lock = held.enter_context(run_lock(engine))
        clocks: Any = Clocks(ServerClock(home))
        with clocks.step("asking what is published"):
            run = begin(job, engine, lock, spill, clocks)
        report = recompute(run, pulled_before(run))
        written = sum(sum(counts.values()) for counts in report["written"].values())
        tell({"steps": clocks.steps, **clocks.totals(), "written": written})


if __name__ == "__main__":
    main()
