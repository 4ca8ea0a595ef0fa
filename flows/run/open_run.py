"""Open run: context, published state, and resources held until the run ends: locks, warehouse, spill."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import sqlalchemy as sa

from connectors.landing.erased import NOBODY, ErasedList
from connectors.landing.writer import Landing
from definitions.published_state import PublishedState
from definitions.run_context import RunContext
from flows.erasure.erased_keys import erased_list
from flows.home.binding import bind_home
from flows.home.lock import home_lock
from flows.home.recovery import StartingPoint, starting_point
from flows.home.run_log import begin_run, read_run_log
from flows.home.spill import Spill, spilling
from flows.run.read_published import read_published
from flows.run.request import RunRequest
from flows.run.unanswered_commits import settle_unanswered_commits
from flows.run.warehouse_access import open_warehouse
from flows.streams.extraction import ExtractContext
from flows.terminal.progress import ProgressReporter
from warehouse.publishing.definitions_used import check_definitions
from warehouse.publishing.run_lock import RunLock, run_lock
from warehouse.read.published import last_run, newest_audited_run_id


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenRun:
    """Context and resources of one run, for its steps in `flows`.

    `start` has the cursor and state version of each stream. `notes` are findings about earlier runs and rebuilt
    parts of the home. `spill` is removed when the run ends. `erased` persons are kept out of every stream.
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
    erased: ErasedList = NOBODY

    @property
    def run_id(self) -> str:
        """Id of the run."""
        return self.context.run_id


@contextmanager
def open_run(request: RunRequest, progress: ProgressReporter) -> Iterator[OpenRun]:
    """Lock home and warehouse, read the published state, assign the run id; release everything at the end.

    Raises `AnotherRunActiveError` at once if another run holds either lock, `ConfigurationError` for a home of another
    account or warehouse, and `LandingError` if a lost state cannot be rebuilt.
    """
    with (
        home_lock(request.home),
        open_warehouse(request.settings) as engine,
        run_lock(engine) as lock,
        spilling(request.home.spill) as spill,
    ):
        yield begin(request, engine, lock, spill, progress)


def begin(request: RunRequest, engine: sa.Engine, lock: RunLock, spill: Spill, progress: ProgressReporter) -> OpenRun:
    """Read the published state, assign the run id, and recover the state of every stream; the caller holds the locks.

    Raises as `open_run`, except for the locks.
    """
    erased = erased_list(request.home)
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
        erased=erased,
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
        erased=erased,
    )


def run_context(request: RunRequest, run_id: str, *, is_baseline: bool) -> RunContext:
    """Build the run context from request and settings."""
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
    """Build the context that all pulls of this run share."""
    return ExtractContext(
        landing=Landing(run.request.home.landing),
        run_id=run.run_id,
        cursors=run.start.cursors,
        versions=run.start.versions,
        now=run.context.started_at,
        full=run.request.full,
        limit=run.request.settings.record_limit,
        judged=read_run_log(run.request.home).judged,
        erased=run.erased,
        open_deals=run.published.open_deals,
    )
