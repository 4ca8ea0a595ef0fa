"""An open run: the locks it holds, its warehouse, its room on disk, and what was published before it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import sqlalchemy as sa

from flows.home.lock import home_lock
from flows.home.spill import Spill, spilling
from flows.run.job import Job
from flows.run.publication import Known, known_of
from flows.run.warehouse_access import opened_warehouse
from warehouse.publishing.run_lock import RunLock, run_lock


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenRun:
    """What every step of one run works with; `known` has the run's id."""

    engine: sa.Engine
    lock: RunLock
    spill: Spill
    known: Known


@contextmanager
def open_run(job: Job) -> Iterator[OpenRun]:
    """Lock home and warehouse, read what is published, and give the run its id; free all of it at the end.

    Raises `AnotherRunActiveError` at once where another run holds either lock, `ConfigurationError` for a home of
    another account or warehouse, and `LandingError` where a state is lost that cannot be made again.
    """
    with (
        home_lock(job.home),
        opened_warehouse(job.settings) as engine,
        run_lock(engine) as lock,
        spilling(job.home.spill) as spill,
    ):
        yield OpenRun(engine=engine, lock=lock, spill=spill, known=known_of(job, engine, spill))
