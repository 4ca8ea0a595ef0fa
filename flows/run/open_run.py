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
from flows.run.read_published import read_published
from flows.run.request import RunRequest
from flows.run.unanswered_commits import settle_unanswered_commits
from flows.run.warehouse_access import open_warehouse
from flows.terminal.progress import ProgressReporter
from warehouse.publishing.definitions_used import check_definitions
from warehouse.publishing.run_lock import RunLock, run_lock
from warehouse.read.published import last_run, newest_audited_run_id


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenRun:
    """What every step of one run in `flows` works with.

    `request` is what is asked of the run, with its settings and its home. `start` says where each stream goes on from;
    `notes` what was found out of earlier runs, and what of the home was made again. `spill` is gone when the run ends.
    """

    request: RunRequest
    context: RunContext
    published: PublishedState
    start: StartingPoint
    engine: sa.Engine
    lock: RunLock
    spill: Spill
    progress: ProgressReporter
    notes: tuple[str, ...] = ()

    @property
    def run_id(self) -> str:
        """Id of the run."""
        return self.context.run_id


@contextmanager
def open_run(request: RunRequest, progress: ProgressReporter) -> Iterator[OpenRun]:
    """Lock home and warehouse, read what is published, and give the run its id; free all of it at the end.

    Raises `AnotherRunActiveError` at once where another run holds either lock, `ConfigurationError` for a home of
    another account or warehouse, and `LandingError` where a state is lost that cannot be made again.
    """
    with (
        home_lock(request.home),
        open_warehouse(request.settings) as engine,
        run_lock(engine) as lock,
        spilling(request.home.spill) as spill,
    ):
        yield begin(request, engine, lock, spill, progress)


def begin(request: RunRequest, engine: sa.Engine, lock: RunLock, spill: Spill, progress: ProgressReporter) -> OpenRun:
    """Read what is published, give the run its id, and see to it that every stream has a state; for who holds the lock.

    Raises what `open_run` raises, but for the locks.
    """
    settled = settle_unanswered_commits(request.home, engine)
    bound = bind_home(request.home, engine, is_empty=last_run(engine) is None)
    agreed = request.definitions
    used = check_definitions(engine, agreed.profile, agreed.version, agreed.text_sha256)
    published = read_published(engine, request.as_of, spill)
    run_id = begin_run(request.home, request.started_at, [published.last_run_id, newest_audited_run_id(engine)])
    start = starting_point(
        request,
        run_id,
        cursors=published.cursors,
        versions=published.state_versions,
        published_runs=published.run_ids,
    )
    return OpenRun(
        request=request,
        context=run_context(request, run_id, is_baseline=published.last_run_id is None),
        published=published,
        start=start,
        engine=engine,
        lock=lock,
        spill=spill,
        progress=progress,
        notes=(*settled, *bound, *used, *start.notes),
    )


def run_context(request: RunRequest, run_id: str, *, is_baseline: bool) -> RunContext:
    """Give what every step of this run is told."""
    sources = request.settings.sources
    return RunContext(
        run_id=run_id,
        as_of=request.as_of,
        started_at=request.started_at,
        definitions=request.definitions,
        roles={source.name: source.role for source in sources},
        regions={source.name: source.region for source in sources},
        rates=request.settings.exchange_rates,
        ignored_owners=tuple(
            f"{source.name}:{owner}" for source in sources for owner in getattr(source, "ignored_owners", ())
        ),
        is_baseline=is_baseline,
    )


def extract_context(run: OpenRun) -> ExtractContext:
    """Give what the pulls of this run share."""
    return ExtractContext(
        landing=Landing(run.request.home.landing),
        run_id=run.run_id,
        cursors=run.start.cursors,
        versions=run.start.versions,
        now=run.context.started_at,
        full=run.request.full,
        limit=run.request.settings.record_limit,
        judged=read_run_log(run.request.home).judged,
    )
