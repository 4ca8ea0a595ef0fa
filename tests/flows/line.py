"""The line of a refresh without Prefect: the same functions in the same order, in this process or in one that dies."""

import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import polars as pl
import sqlalchemy as sa

from definitions.errors import PipelineError
from definitions.published_state import PublishedState
from definitions.schema.tables import COMPUTED, CURATED, OPS_CONSERVATION, Table
from flows.home.recovery import StartingPoint
from flows.home.spill import Spill
from flows.run.failures import reported
from flows.run.open_run import OpenRun, begin, extract_context, open_run, run_context
from flows.run.read_records import read_records
from flows.run.recomputation import recompute
from flows.run.request import RunRequest, read_request
from flows.run.run_report import Report
from flows.run.warehouse_access import open_warehouse, warehouse_from_environment
from flows.streams.configured_streams import streams_of
from flows.streams.optional_streams import pulled_or_refused
from flows.streams.source_connection import connect_source
from flows.terminal.progress import ProgressReporter
from tests.databases import new_database
from tests.processes import exit_code
from transforms.pipeline.compute import compute
from transforms.pipeline.records import Records
from warehouse.embedded.server import EmbeddedServer
from warehouse.read import published as reads
from warehouse.read.frames import reading

ROOT = Path(__file__).parents[2]
DATA = ROOT.parent / "shared" / "data"
# Which run wrote a row, and when: all that two runs over the same records may differ in.
STAMPS = ("run_id", "loaded_at", "record_hash")


@contextmanager
def environment(values: Mapping[str, str]) -> Iterator[None]:
    """Set environment variables, and put back what was there."""
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A home, its settings and the environment of its runs; embedded server unless that names another warehouse."""

    config: Path
    home: Path
    variables: Mapping[str, str]
    data: Path | None = None

    def surroundings(self, **more: str) -> dict[str, str]:
        return {**self.variables, "BANTAM_HOME": str(self.home), **more}

    def refresh(
        self, as_of: date, *, sources: list[str] | None = None, full: bool = False, accept_volume: str | None = None
    ) -> Report:
        """Pull, recompute, audit and publish, as the flow does."""
        with environment(self.surroundings()):
            return refresh(str(self.config), self.data, as_of, sources=sources, full=full, accept_volume=accept_volume)

    def reclassify(self, as_of: date) -> Report:
        """Assess again without asking anybody, as the flow does."""
        with environment(self.surroundings()):
            job = read_request(str(self.config), data=self._data(), as_of=as_of, sources=None, pulls=False)
            with open_run(job, ProgressReporter()) as run:
                return reported(job, run.run_id, lambda: recompute(run, []))

    def refresh_in_a_process(
        self,
        as_of: date,
        crash_point: str = "",
        meanwhile: Callable[[int], None] = lambda _pid: None,
        *,
        full: bool = False,
    ) -> int:
        """Refresh in a process of its own; its exit code, which is minus the signal that ended it."""
        variables = self.surroundings(BANTAM_CRASH_POINT=crash_point)
        return exit_code(partial(_child, full=full), variables, str(self.config), self.data, as_of, meanwhile=meanwhile)

    @contextmanager
    def opened(
        self, as_of: date, *, sources: list[str] | None = None, full: bool = False
    ) -> Iterator[tuple[RunRequest, sa.Engine]]:
        """The job of a run and its warehouse."""
        with environment(self.surroundings()):
            job = read_request(str(self.config), data=self._data(), as_of=as_of, sources=sources, full=full)
            with open_warehouse(job.settings) as engine:
                yield job, engine

    def published(self) -> dict[str, pl.DataFrame]:
        """Every curated table as it stands."""
        with environment(self.surroundings()), warehouse_from_environment() as engine, reading(engine) as connection:
            return {table.name: reads.published(connection, table) for table in CURATED}

    def ask(self, statement: str) -> list[tuple[Any, ...]]:
        """Rows of one SQL statement."""
        with environment(self.surroundings()), warehouse_from_environment() as engine, engine.connect() as connection:
            return [tuple(row) for row in connection.execute(sa.text(statement))]

    def _data(self) -> str | None:
        return None if self.data is None else str(self.data)


def warehouse_in(server: EmbeddedServer, template: str = "template0") -> dict[str, str]:
    """The variable that names a new database of the server, which is empty or a copy."""
    return {"BANTAM_WAREHOUSE_URL": new_database(server, template).render_as_string(hide_password=False)}


def refresh(
    config: str,
    data: Path | None,
    as_of: date,
    *,
    sources: list[str] | None = None,
    full: bool = False,
    accept_volume: str | None = None,
) -> Report:
    """One refresh in this environment."""
    folder = None if data is None else str(data)
    job = read_request(config, data=folder, as_of=as_of, sources=sources, full=full, accept_volume=accept_volume)
    with open_run(job, ProgressReporter()) as run:
        return reported(job, run.run_id, lambda: recompute(run, pulled(run)))


def pulled(run: OpenRun) -> list[tuple[str, Any]]:
    """Land every stream of the sources asked, one after the other; what a source refuses is left out."""
    return [(source, pull) for source, pull in pulled_and_refused(run) if not isinstance(pull, str)]


def pulled_and_refused(run: OpenRun) -> list[tuple[str, Any]]:
    """Land every stream; of one that its source refuses, the note."""
    job, context = run.request, extract_context(run)
    pulls: list[tuple[str, Any]] = []
    with ExitStack() as clients:
        for source in job.settings.sources:
            if not job.is_requested(source):
                continue
            access = clients.enter_context(connect_source(source, job.data))
            for stream in streams_of(source, job.definitions):
                pull = partial(stream.pull, context, access, _nobody)
                pulls.append((source.name, pulled_or_refused(stream, pull)))
    return pulls


@dataclass(frozen=True, slots=True)
class Computed:
    """What a run would publish, and the balance of its streams."""

    tables: Mapping[str, pl.DataFrame]

    @property
    def balance(self) -> pl.DataFrame:
        return self.tables[OPS_CONSERVATION.name]


def assembled(run: OpenRun, pulls: list[tuple[str, Any]]) -> Computed:
    """Compute the next tables, and neither audit nor publish them."""
    records, _ = read_records(afresh(run), pulls)
    return computed(run, records)


def begun(job: RunRequest, engine: sa.Engine) -> OpenRun:
    """A run that holds no lock: it is computed, and not published."""
    no_lock: Any = None
    return begin(job, engine, no_lock, _spill_of(job), ProgressReporter())


def detached(job: RunRequest, run_id: str, published: PublishedState, spill: Spill | None = None) -> OpenRun:
    """A run without a warehouse: it is computed from what is said to be published."""
    nothing: Any = None
    return OpenRun(
        request=job,
        context=run_context(job, run_id, is_baseline=published.last_run_id is None),
        published=published,
        start=StartingPoint(cursors=published.cursors, versions=published.state_versions, anew=frozenset(), notes=()),
        engine=nothing,
        lock=nothing,
        spill=spill or _spill_of(job),
        progress=ProgressReporter(),
    )


def afresh(run: OpenRun) -> OpenRun:
    """The run, with room on disk that nothing was written to."""
    return replace(run, spill=_spill_of(run.request))


def _spill_of(job: RunRequest) -> Spill:
    """Room for a computation that is not published; the next run gives it back."""
    return Spill(Path(tempfile.mkdtemp(dir=job.home.spill)))


def computed(run: OpenRun, records: Records) -> Computed:
    """Compute the next tables of these records."""
    taken: dict[str, list[pl.DataFrame]] = {}
    for batch in compute(records, run.published, run.context, afresh(run).spill).batches:
        taken.setdefault(batch.table.name, []).append(batch.rows.lazy().collect())
    return Computed({table.name: pl.concat(taken[table.name]).sort(table.key) for table in COMPUTED})


def same_rows(one: pl.DataFrame, other: pl.DataFrame, table: Table, without: tuple[str, ...] = ()) -> str:
    """What differs between two contents of a table, but for stamps and the columns named; empty where nothing does."""
    names = [name for name in table.names if name not in {*STAMPS, *without}]
    left, right = (frame.select(names).sort(table.key) for frame in (one, other))
    if left.equals(right):
        return ""
    key = list(table.key)
    both = left.join(right, on=key, how="full", suffix=" (other)", coalesce=True)
    told = []
    for name in names:
        if name not in key:
            other_name = f"{name} (other)"
            apart = both.filter(pl.col(name).ne_missing(pl.col(other_name)))
            if apart.height:
                sample = apart.select(*key, name, other_name).head(2).rows()
                told.append(f"{table.name}.{name}: {apart.height} rows differ, such as {sample}")
    return "; ".join(told) or f"{table.name}: {left.height} and {right.height} rows"


def _nobody(count: int) -> None:
    """Nobody watches."""


def _child(variables: Mapping[str, str], config: str, data: Path | None, as_of: date, *, full: bool = False) -> None:
    os.environ.update(variables)
    try:
        refresh(config, data, as_of, full=full)
    except PipelineError as error:
        sys.exit(error.exit_code)
