"""The next state, copied into schema `staging` to be audited there and published from there.

The tables are unlogged: loading them costs no write-ahead log, and a server crash empties them. The row in
`staging.staged_run`, written last and unlogged too, says that everything of a run is there.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

import polars as pl
import psycopg
import sqlalchemy as sa
from psycopg import sql
from sqlalchemy.exc import DBAPIError

from definitions.errors import PublishError
from definitions.polars_types import schema_of
from definitions.run_context import RunContext
from definitions.runtime.crash_points import crash_point
from definitions.schema.tables import COMPUTED, Table
from definitions.sql_text import identifier
from warehouse.database_errors import sqlstate, without_values
from warehouse.limits import LOCK_SECONDS, another_run_if_locked, driver_of, limit_lock_wait
from warehouse.load.copying import Frame, Loader, loading
from warehouse.load.staging_rights import close_to_others
from warehouse.tables import STAMPED, staged_table

_RUN = sa.Table(
    "staged_run", sa.MetaData(), sa.Column("run_id", sa.Text, nullable=False), schema="staging", prefixes=["UNLOGGED"]
)


# Nothing stays here long enough to be cleaned up or analysed, which cost the server 4 s beside the audit of
# 2,400,000 rows. Copying 240,000 persons took it 1.35 s instead of 1.75 s where no row below a page was compressed.
_SHORT_LIVED = {"autovacuum_enabled": "off", "toast.autovacuum_enabled": "off", "toast_tuple_target": 8160}


class TableStager:
    """Takes the tables of one run part by part: call it with the name of a table and some of its rows.

    `rows` has the rows given so far of each table that was given; they are copied when the block of `staging` is over.
    """

    __slots__ = ("_contracts", "_loader", "rows")

    def __init__(self, contracts: Sequence[Table], loader: Loader) -> None:
        self.rows: dict[str, int] = {}
        self._contracts = {contract.name: contract for contract in contracts}
        self._loader = loader

    @without_values("Staging")
    def __call__(self, name: str, part: Frame) -> None:
        """Check a part against its contract and hand it over to be copied; an empty table is an empty part.

        A part holds the contract's content and, where the contract has it, `record_hash`; the columns that say which
        run wrote a row are filled in at the end, given or not. A lazy part is collected batch by batch. It returns when
        all rows but the last few batches are copied. Raises `PublishError` as `staging` does, for earlier parts too.
        """
        if name not in self._contracts:
            raise PublishError(f"There is no contract for {name}.")
        given = self._loader.put(name, _in_contract(part, self._contracts[name]))
        self.rows[name] = self.rows.get(name, 0) + given


@contextmanager
def staging(
    engine: sa.Engine, run: RunContext, contracts: Sequence[Table] = COMPUTED, *, lock_seconds: float = LOCK_SECONDS
) -> Iterator[TableStager]:
    """Empty `staging`, take every contract's rows in any number of parts, and say at the end that the run is there.

    Copying goes on while the block computes the next part. Neither the order of tables nor that of rows matters. What a
    dead run left is dropped. The caller holds the run lock: `staging` has room for one run.
    An error in the block stops the copying and passes on. Raises `PublishError` when nothing was given for a contract,
    a part is not as the contract says, or PostgreSQL refuses a value; the message names table and column. Raises
    `AnotherRunActiveError` when another session keeps the tables of an earlier run for longer than `lock_seconds`.
    """
    _prepare(engine, contracts, lock_seconds)
    with loading(engine) as loader:
        parts = TableStager(contracts, loader)
        yield parts
        _complete(engine, run, contracts, parts, loader, lock_seconds)
    crash_point("stage.after_load")


def stage_ops_tables(
    connection: sa.Connection, run: RunContext, frames: Mapping[str, pl.DataFrame], contracts: Sequence[Table]
) -> None:
    """Copy tables of `ops`, of few rows, beside what the run has staged; `drop_ops_tables` removes them again.

    In the publish transaction and by its own connection, so that no other session ever sees them or can change them.
    """
    chosen = {contract.name: _in_contract(frames[contract.name], contract) for contract in contracts}
    _create(connection, contracts)
    server = driver_of(connection)
    for name, frame in chosen.items():
        columns = sql.SQL(", ").join(map(sql.Identifier, frame.collect_schema().names()))
        copy = sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier("staging", name), columns)
        with server.cursor() as cursor, cursor.copy(copy) as rows:
            for row in frame.lazy().collect().iter_rows():
                rows.write_row(row)
    _stamp_all(connection, contracts, run)


def drop_ops_tables(connection: sa.Connection, contracts: Sequence[Table]) -> None:
    """Remove the tables of `stage_ops_tables`."""
    for contract in contracts:
        staged_table(contract).drop(connection)


def hold_staged(connection: sa.Connection, run: RunContext, contracts: Sequence[Table]) -> None:
    """Keep every writer out of what the run has staged until this transaction ends; others may go on reading.

    From now on what is audited is what is published. Raises `PublishError` unless everything of this run is there:
    another run, or a crash of the server, empties `staging`.
    """
    tables = ", ".join(identifier("staging", name) for name in (_RUN.name, *(one.name for one in contracts)))
    try:
        connection.exec_driver_sql(f"LOCK TABLE {tables} IN SHARE MODE")
    except DBAPIError as error:
        if sqlstate(error) != psycopg.errors.UndefinedTable.sqlstate:
            raise
        staged = None
    else:
        staged = connection.execute(sa.select(_RUN.c.run_id)).scalar_one_or_none()
    if staged == run.run_id:
        return
    cleared = "another run or a crash of the server emptied it" if staged is None else f"run {staged} has cleared it"
    raise PublishError(
        f"Run {run.run_id} is not in staging any more: {cleared}. The published tables are as they were. Run again."
    )


@without_values("Emptying staging")
def empty_staging(engine: sa.Engine, *, lock_seconds: float = LOCK_SECONDS) -> None:
    """Drop every table in `staging`: what was staged tells of people who may have to be erased tomorrow.

    Raises `PublishError` when another session holds one for longer than `lock_seconds`.
    """
    with engine.begin() as connection:
        limit_lock_wait(connection, lock_seconds)
        _clear(connection)


def _clear(connection: sa.Connection) -> None:
    for name in sa.inspect(connection).get_table_names(schema="staging"):
        # An audit that is being ended may drop its tables of numbers meanwhile.
        connection.execute(sa.schema.DropTable(sa.Table(name, sa.MetaData(), schema="staging"), if_exists=True))


@without_values("Staging")
def _prepare(engine: sa.Engine, contracts: Sequence[Table], lock_seconds: float) -> None:
    """Make the empty tables in place of those an earlier run left."""
    message = (
        f"Staging: another session has held the tables in staging for more than {lock_seconds:g} s: a run that lost "
        "its lock and still publishes, or a query or backup that reads them. The published tables are as they were. "
        "Run again when it has ended; pg_stat_activity and pg_locks show it."
    )
    with another_run_if_locked(message), engine.begin() as connection:
        limit_lock_wait(connection, lock_seconds)
        _clear(connection)
        _create(connection, contracts)
        close_to_others(connection)


@without_values("Staging")
def _complete(
    engine: sa.Engine,
    run: RunContext,
    contracts: Sequence[Table],
    parts: TableStager,
    loader: Loader,
    lock_seconds: float,
) -> None:
    """Wait for the last rows, then say which run they are of and that all are there."""
    loader.finish()
    if missing := sorted(contract.name for contract in contracts if contract.name not in parts.rows):
        raise PublishError(f"Nothing was given to stage for {', '.join(missing)}; an empty table is an empty frame.")
    with engine.begin() as connection:
        limit_lock_wait(connection, lock_seconds)
        _stamp_all(connection, contracts, run)
        _RUN.create(connection)
        connection.execute(sa.insert(_RUN).values(run_id=run.run_id))


def _in_contract(frame: Frame, contract: Table) -> Frame:
    """Select what is copied, in contract order; names and types must be the contract's."""
    have = frame.collect_schema()
    want = schema_of(field for field in contract.columns if field.name not in STAMPED)
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
        table = sa.Table(
            contract.name,
            sa.MetaData(),
            *bare,
            schema="staging",
            prefixes=["UNLOGGED"],
            postgresql_with=_SHORT_LIVED,
        )
        table.create(connection)


def _stamp_all(connection: sa.Connection, contracts: Sequence[Table], run: RunContext) -> None:
    server = driver_of(connection)
    for contract in contracts:
        _stamp(server, contract, run)


def _stamp(server: psycopg.Connection, contract: Table, run: RunContext) -> None:
    """Add the columns that say which run this is, as defaults, which PostgreSQL keeps once, not in every row."""
    values = {"run_id": run.run_id, "definitions_version": run.definitions.version, "loaded_at": run.started_at}
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
    analysed = [name for name in (*contract.key, "record_hash") if name in contract.names]
    server.execute(sql.SQL("ANALYZE {} ({})").format(table, sql.SQL(", ").join(map(sql.Identifier, analysed))))
