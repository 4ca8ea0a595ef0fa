"""The next state, copied into schema `staging` to be audited there and published from there.

The tables are unlogged: loading them costs no write-ahead log, and a server crash empties them. The row in
`staging.staged_run`, written last and unlogged too, says that everything of a run is there.
"""

import threading
from collections.abc import Generator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

import polars as pl
import psycopg
import sqlalchemy as sa
from psycopg import sql

from definitions.crash_points import crash_point
from definitions.errors import PublishError
from definitions.tables import CURATED, Table
from warehouse.columns import frame_schema
from warehouse.connect import bulk_connection
from warehouse.database_errors import without_values
from warehouse.run import Run
from warehouse.tables import STAMPED, staged_table

Frame = pl.DataFrame | pl.LazyFrame

# 200,000 rows of 79 columns took 1.4 s with two connections and 20,000 rows a batch, 3.3 s with one; client and server
# each keep a core busy. Larger batches cost memory, smaller ones time.
_CONNECTIONS = 2
_BATCH_ROWS = 20_000
_RUN = sa.Table(
    "staged_run", sa.MetaData(), sa.Column("run_id", sa.Text, nullable=False), schema="staging", prefixes=["UNLOGGED"]
)


@without_values("Staging")
def stage(
    engine: sa.Engine, run: Run, frames: Mapping[str, Frame], contracts: Sequence[Table] = CURATED
) -> dict[str, int]:
    """Empty `staging`, copy every contract's frame into its table there, and give the rows copied for each.

    `frames` is keyed by table name. A frame holds the contract's content and, where the contract has it, `record_hash`;
    the columns that say which run wrote a row are filled in here, given or not. What a dead run left is dropped.
    Lazy frames are collected batch by batch. The caller holds the run lock: `staging` has room for one run.
    Raises `PublishError` when a frame is missing or is not as the contract says, or PostgreSQL refuses a value; the
    message names table and column.
    """
    _check_names(frames, contracts)
    chosen = _chosen(frames, contracts)
    with engine.begin() as connection:
        clear_staging(connection)
        _create(connection, contracts)
    rows = _copy(engine, chosen)
    with engine.begin() as connection:
        _stamp_all(connection, contracts, run)
        _RUN.create(connection)
        connection.execute(sa.insert(_RUN).values(run_id=run.run_id))
    crash_point("stage.after_load")
    return rows


@without_values("Staging")
def stage_more(engine: sa.Engine, run: Run, frames: Mapping[str, Frame], contracts: Sequence[Table]) -> dict[str, int]:
    """Copy further tables beside what the run has staged, in place of earlier ones of the same names."""
    return add_staged(engine, run, frames, contracts)


def add_staged(engine: sa.Engine, run: Run, frames: Mapping[str, Frame], contracts: Sequence[Table]) -> dict[str, int]:
    """Do as `stage_more`, but let the database's own errors through, for whoever tries again."""
    chosen = _chosen(frames, contracts)
    with engine.begin() as connection:
        check_staged(connection, run)
        for contract in contracts:
            staged_table(contract).drop(connection, checkfirst=True)
        _create(connection, contracts)
    rows = _copy(engine, chosen)
    with engine.begin() as connection:
        _stamp_all(connection, contracts, run)
    return rows


def check_staged(connection: sa.Connection, run: Run) -> None:
    """Raise `PublishError` unless everything of this run is in `staging`: another run, or a crash, empties it."""
    staged = None
    if sa.inspect(connection).has_table(_RUN.name, schema=_RUN.schema):
        staged = connection.execute(sa.select(_RUN.c.run_id)).scalar_one_or_none()
    if staged != run.run_id:
        raise PublishError(
            f"Run {run.run_id} is not in staging any more: another run or a crash of the server emptied it. The "
            "published tables are as they were. Run again."
        )


def clear_staging(connection: sa.Connection) -> None:
    """Drop every table in `staging`."""
    for name in sa.inspect(connection).get_table_names(schema="staging"):
        sa.Table(name, sa.MetaData(), schema="staging").drop(connection)


def _check_names(frames: Mapping[str, Frame], contracts: Sequence[Table]) -> None:
    names = {contract.name for contract in contracts}
    if missing := sorted(names - set(frames)):
        raise PublishError(f"Nothing was given to stage for {', '.join(missing)}; an empty table is an empty frame.")
    if unknown := sorted(set(frames) - names):
        raise PublishError(f"There is no contract for {', '.join(unknown)}.")


def _chosen(frames: Mapping[str, Frame], contracts: Sequence[Table]) -> dict[str, Frame]:
    return {contract.name: _in_contract(frames[contract.name], contract) for contract in contracts}


def _in_contract(frame: Frame, contract: Table) -> Frame:
    """Select what is copied, in contract order; names and types must be the contract's."""
    have = frame.collect_schema()
    want = frame_schema(field for field in contract.columns if field.name not in STAMPED)
    if missing := [name for name in want if name not in have]:
        raise PublishError(f"staging.{contract.name}: the frame lacks {', '.join(missing)}.")
    if other := [name for name in have if name not in contract.names]:
        raise PublishError(f"staging.{contract.name}: the contract has no {', '.join(other)}.")
    for name, dtype in want.items():
        if have[name] != dtype:
            raise PublishError(f"staging.{contract.name}.{name}: the frame holds {have[name]}, the contract {dtype}.")
    return frame.select(want.names())


def _create(connection: sa.Connection, contracts: Sequence[Table]) -> None:
    """Make the tables without the columns that are the same in every row; those are added when the rows are there."""
    for contract in contracts:
        columns = [column for column in staged_table(contract).columns if column.name not in STAMPED]
        bare = (sa.Column(column.name, column.type) for column in columns)
        sa.Table(contract.name, sa.MetaData(), *bare, schema="staging", prefixes=["UNLOGGED"]).create(connection)


def _copy(engine: sa.Engine, frames: Mapping[str, Frame]) -> dict[str, int]:
    """Copy all frames over a few connections at once; the first failure stops the others."""
    batches = _Batches(frames)

    def work() -> None:
        batch = batches.take()
        if batch is None:
            return
        try:
            with bulk_connection(engine) as connection, connection.cursor() as cursor:
                while batch is not None:
                    name, rows = batch
                    cursor.adbc_ingest(name, rows, mode="append", db_schema_name="staging")
                    batch = batches.take()
        except BaseException:
            batches.stop()
            raise

    with ThreadPoolExecutor(_CONNECTIONS) as pool:
        for done in [pool.submit(work) for _ in range(_CONNECTIONS)]:
            done.result()
    return batches.rows


class _Batches:
    """Batches of all frames in turn, taken by several threads; counts the rows of each table."""

    __slots__ = ("_lock", "_source", "rows")

    def __init__(self, frames: Mapping[str, Frame]) -> None:
        self.rows = dict.fromkeys(frames, 0)
        self._lock = threading.Lock()
        self._source = _batches(frames)

    def take(self) -> tuple[str, pl.DataFrame] | None:
        """Give the next table name and batch; None at the end."""
        with self._lock:
            batch = next(self._source, None)
            if batch is not None:
                self.rows[batch[0]] += batch[1].height
            return batch

    def stop(self) -> None:
        """Give no more batches."""
        with self._lock:
            self._source.close()


def _batches(frames: Mapping[str, Frame]) -> Generator[tuple[str, pl.DataFrame]]:
    for name, frame in frames.items():
        slices = (
            frame.iter_slices(_BATCH_ROWS)
            if isinstance(frame, pl.DataFrame)
            else frame.collect_batches(chunk_size=_BATCH_ROWS)
        )
        yield from ((name, rows) for rows in slices if rows.height)


def _stamp_all(connection: sa.Connection, contracts: Sequence[Table], run: Run) -> None:
    server = connection.connection.driver_connection
    if not isinstance(server, psycopg.Connection):
        raise TypeError("the warehouse engine does not speak psycopg")
    for contract in contracts:
        _stamp(server, contract, run)


def _stamp(server: psycopg.Connection, contract: Table, run: Run) -> None:
    """Add the columns that say which run this is, as defaults, which PostgreSQL keeps once, not in every row."""
    values = {"run_id": run.run_id, "definitions_version": run.definitions_version, "loaded_at": run.started_at}
    table = sql.Identifier("staging", contract.name)
    for field in contract.columns:
        if field.name in STAMPED:
            added = sql.SQL("ALTER TABLE {} ADD COLUMN {} {} NOT NULL DEFAULT {}").format(
                table,
                sql.Identifier(field.name),
                sql.SQL("timestamptz" if field.name == "loaded_at" else "text"),
                sql.Literal(values[field.name]),
            )
            server.execute(added)
    # The comparison with what is published needs no statistics of other columns, which take a second a wide table.
    known = [name for name in (*contract.key, "record_hash") if name in contract.names]
    server.execute(sql.SQL("ANALYZE {} ({})").format(table, sql.SQL(", ").join(map(sql.Identifier, known))))
