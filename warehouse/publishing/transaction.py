"""One publish transaction from within: merge the staged tables, write the tables of `ops`, record the run."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import polars as pl
import sqlalchemy as sa

from definitions.errors import PublishError
from definitions.run_context import RunContext
from definitions.runtime.socket_abort import SocketAbort
from definitions.schema.column import Column
from definitions.schema.tables import (
    CURATED,
    OPS,
    OPS_CURSOR,
    OPS_DEFINITIONS_VERSION,
    OPS_RUN,
    PUBLISHED_RUN,
    Table,
)
from definitions.sql_text import identifier
from warehouse.load.staging import drop_ops_tables, stage_ops_tables
from warehouse.publishing.custom_views import show_custom_fields
from warehouse.publishing.definitions_used import refuse_other_text
from warehouse.publishing.merge import merge
from warehouse.publishing.merge_rules import rule_of
from warehouse.publishing.written import TableChange
from warehouse.tables import TABLES, staged_table

_OPS_TABLES = tuple(contract for contract in OPS if contract is not OPS_RUN)


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """What a publication did: `tables` has the rows written to each table that was published, by name."""

    run_id: str
    run_status: str
    finished_at: datetime
    tables: dict[str, TableChange]

    @property
    def rows_written(self) -> int:
        """Curated rows inserted, updated or deleted."""
        return _curated_rows(self.tables)


class Publication:
    """The publish transaction of one run while it is open; the database's own errors pass, for whoever tries again.

    In this order: `merge_tables`, `merge_ops_tables`, `record`.
    """

    __slots__ = ("_abort", "_connection", "_contracts", "_run", "_written")

    def __init__(
        self, connection: sa.Connection, run: RunContext, contracts: Sequence[Table], abort: SocketAbort
    ) -> None:
        self._connection = connection
        self._run = run
        self._contracts = contracts
        self._abort = abort
        self._written: dict[str, TableChange] = {}

    @property
    def written(self) -> Mapping[str, TableChange]:
        """Rows written so far, by table."""
        return self._written

    def merge_tables(self) -> None:
        """Bring the published tables to the staged ones; readers go on reading the run before."""
        _keep_writers_out(self._connection, self._contracts)
        for contract in self._contracts:
            self._written[contract.name] = merge(self._connection, contract, rule_of(contract), self._run)

    def show_custom_fields(self, custom: Mapping[str, Sequence[Column]]) -> None:
        """Make the views of the customer's own fields show those that are declared."""
        show_custom_fields(self._connection, custom)

    def merge_ops_tables(self, frames: Mapping[str, pl.DataFrame]) -> None:
        """Merge rows of the run into the tables of `ops`; `frames` has them by table name.

        Raises `ConfigurationError` when the definitions carry the version of an earlier text, `PublishError` for a
        table that `ops` does not have.
        """
        if unknown := sorted(set(frames) - {contract.name for contract in _OPS_TABLES}):
            raise PublishError(f"`ops` has no table named {', '.join(unknown)}.")
        kept = [contract for contract in _OPS_TABLES if contract.name in frames]
        if not kept:
            return
        stage_ops_tables(self._connection, self._run, frames, kept)
        # Not before: digests note meanwhile whom they told.
        _keep_writers_out(self._connection, kept)
        if OPS_DEFINITIONS_VERSION in kept:
            _check_definitions(self._connection)
        for contract in kept:
            self._written[contract.name] = merge(self._connection, contract, rule_of(contract), self._run)
        drop_ops_tables(self._connection, kept)

    def record(
        self,
        *,
        finished_at: datetime,
        report: Mapping[str, object],
        streams: Iterable[tuple[str, str]],
    ) -> Published:
        """Write the run into `ops.run` and `curated.published_run`, and say what the publication did.

        `streams` (source, stream) are those the run was computed from: how fresh they are is published with it.
        """
        status = "published" if _curated_rows(self._written) else "unchanged"
        published = Published(
            run_id=self._run.run_id, run_status=status, finished_at=finished_at, tables=dict(self._written)
        )
        row = {
            "run_id": self._run.run_id,
            "as_of": self._run.as_of,
            "started_at": self._run.started_at,
            "finished_at": finished_at,
            "run_status": status,
            "is_draft": self._run.definitions.is_draft,
            "definitions_version": self._run.definitions.version,
            "rows_written": published.rows_written,
            "report": report,
        }
        self._connection.execute(sa.insert(TABLES[OPS_RUN.name]).values(row))
        _show(self._connection, row, self._run.definitions.profile, streams)
        return published

    def check_connection(self) -> None:
        """Raise the database's error if the connection is lost."""
        self._connection.execute(sa.text("SELECT 1"))

    def roll_back(self) -> None:
        """Give up: nothing of the run is published, and every lock is free."""
        self._connection.rollback()

    def abort(self) -> None:
        """Break the connection off, from any thread: the server rolls back, whoever waits for it meets a lost one."""
        self._abort.abort()


def _curated_rows(written: Mapping[str, TableChange]) -> int:
    return sum(written[contract.name].total for contract in CURATED if contract.name in written)


def _keep_writers_out(connection: sa.Connection, contracts: Sequence[Table]) -> None:
    """Lock the tables against other writers; readers go on reading the run before."""
    tables = ", ".join(identifier(contract.schema, contract.name) for contract in contracts)
    connection.exec_driver_sql(f"LOCK TABLE {tables} IN SHARE ROW EXCLUSIVE MODE")


def _check_definitions(connection: sa.Connection) -> None:
    """Refuse definitions that carry the version of an earlier text: rows would say a version that is not theirs."""
    staged = staged_table(OPS_DEFINITIONS_VERSION).c
    for profile, version, text in connection.execute(
        sa.select(staged.profile, staged.definitions_version, staged.text_sha256)
    ):
        refuse_other_text(connection, profile, version, text)


def _show(
    connection: sa.Connection, run: Mapping[str, object], profile: str, streams: Iterable[tuple[str, str]]
) -> None:
    """Replace the one row that tells readers which run they read."""
    cursors, shown = TABLES[OPS_CURSOR.name].c, TABLES[PUBLISHED_RUN.name]
    of_the_run = sa.tuple_(cursors.source_system, cursors.stream).in_(list(streams))
    oldest_pulled_at, complete_to = connection.execute(
        sa.select(sa.func.min(cursors.pulled_at), sa.func.min(cursors.high_water_at)).where(of_the_run)
    ).one()
    columns = {name: run[name] for name in PUBLISHED_RUN.names if name in run}
    connection.execute(sa.delete(shown))
    connection.execute(
        sa.insert(shown).values(
            **columns,
            published_at=run["finished_at"],
            profile=profile,
            oldest_pulled_at=oldest_pulled_at,
            complete_to=complete_to,
        )
    )
