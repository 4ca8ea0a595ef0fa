"""An open run: its context, what is published, and what it holds until it ends: locks, warehouse, room on disk."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import sqlalchemy as sa

from connectors.landing.writer import Landing
from definitions.published_state import PublishedState
from definitions.run_context import RunContext
from flows.home.binding import bind_home
from flows.home.lock import home_lock
from flows.home.recovery import StartingPoint, starting_point
from flows.home.run_log import begin_run, read_run_log
from flows.home.spill import Spill, spilling
from flows.run.extraction import ExtractContext
from flows.run.job import Job
from flows.run.published_state import read_published
from flows.run.unanswered_commits import settle_unanswered_commits
from flows.run.warehouse_access import opened_warehouse
from flows.terminal.progress import Watcher
from warehouse.publishing.definitions_used import check_definitions
from warehouse.publishing.run_lock import RunLock, run_lock
from warehouse.read.published import last_run, newest_audited_run_id


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenRun:
    """What every step of one run in `flows` works with.

    `job` is what was asked of the run, with its settings and its home. `start` says where each stream goes on from;
    `notes` what was found out of earlier runs, and what of the home was made again. `spill` is gone when the run ends.
    """

    job: Job
    context: RunContext
    published: PublishedState
    start: StartingPoint
    engine: sa.Engine
    lock: RunLock
    spill: Spill
    progress: Watcher
    notes: tuple[str, ...] = ()

    @property
    def run_id(self) -> str:
        """Id of the run."""
        return self.context.run_id


@contextmanager
def open_run(job: Job, progress: Watcher) -> Iterator[OpenRun]:
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
        yield begin(job, engine, lock, spill, progress)


def begin(job: Job, engine: sa.Engine, lock: RunLock, spill: Spill, progress: Watcher) -> OpenRun:
    """Read what is published, give the run its id, and see to it that every stream has a state; for who holds the lock.

    Raises what `open_run` raises, but for the locks.
    """
    settled = settle_unanswered_commits(job.home, engine)
    bound = bind_home(job.home, engine, is_empty=last_run(engine) is None)
    agreed = job.definitions
    used = check_definitions(engine, agreed.profile, agreed.version, agreed.text_sha256)
    published = read_published(engine, job.as_of, spill)
    run_id = begin_run(job.home, job.started_at, [published.last_run_id, newest_audited_run_id(engine)])
    start = starting_point(
        job,
        run_id,
        cursors=published.cursors,
        versions=published.state_versions,
        published_runs=published.run_ids,
    )
    return OpenRun(
        job=job,
        context=run_context(job, run_id, is_baseline=published.last_run_id is None),
        published=published,
        start=start,
        engine=engine,
        lock=lock,
        spill=spill,
        progress=progress,
        notes=(*settled, *bound, *used, *start.notes),
    )


def run_context(job: Job, run_id: str, *, is_baseline: bool) -> RunContext:
    """Give what every step of this run is told."""
    sources = job.settings.sources
    return RunContext(
        run_id=run_id,
        as_of=job.as_of,
        started_at=job.started_at,
        definitions=job.definitions,
        roles={source.name: source.role for source in sources},
        regions={source.name: source.region for source in sources},
        rates=job.settings.exchange_rates,
        ignored_owners=tuple(
            f"{source.name}:{owner}" for source in sources for owner in getattr(source, "ignored_owners", ())
        ),
        is_baseline=is_baseline,
    )


def extract_context(run: OpenRun) -> ExtractContext:
    """Give what the pulls of this run share."""
    return ExtractContext(
        landing=Landing(run.job.home.landing),
        run_id=run.run_id,
        cursors=run.start.cursors,
        versions=run.start.versions,
        now=run.context.started_at,
        full=run.job.full,
        limit=run.job.settings.record_limit,
        judged=read_run_log(run.job.home).judged,
    )
