"""Publish what is staged: every table, the cursors and the run itself in one transaction.

The tables are merged while they are still being audited: the books, with the results of the audit, come last, and only
what brings them lets the transaction commit.

A reader sees the run before or this one. A crash anywhere before the commit leaves the run before; the next run does
the work again.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import sqlalchemy as sa

from definitions.commit_gate import GATE
from definitions.crash_points import crash_point
from definitions.errors import PublishError
from definitions.tables import COMPUTED, CURATED, OPS, OPS_DEFINITIONS_VERSION, OPS_RUN, Table
from warehouse.database_errors import DATABASE_ERRORS, is_passing, without_values
from warehouse.definitions_used import refuse_other_text
from warehouse.loading import Frame
from warehouse.merge import merge
from warehouse.merge_rules import rule_of
from warehouse.run import Run, Written
from warehouse.staging import add_staged, check_staged
from warehouse.tables import TABLES, staged_table

_ATTEMPTS = 3
_WAIT_SECONDS = 5.0
_BOOKS = tuple(contract for contract in OPS if contract is not OPS_RUN)

Report = Callable[[Mapping[str, Written]], Mapping[str, object]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """What a publication did: `tables` has the rows written to each table that was published, by name."""

    run_id: str
    run_status: str
    finished_at: datetime
    tables: dict[str, Written]

    @property
    def rows_written(self) -> int:
        """Curated rows inserted, updated or deleted."""
        return sum(self.tables[contract.name].total for contract in CURATED if contract.name in self.tables)


@without_values("Publishing")
def publish(
    engine: sa.Engine,
    run: Run,
    *,
    books: Callable[[], Mapping[str, Frame]],
    report: Report,
    now: Callable[[], datetime],
    sleep: Callable[[float], None],
    contracts: Sequence[Table] = COMPUTED,
    lock_seconds: float = 30,
) -> Published:
    """Merge the staged tables and the run's own `books` (frames of `ops`, by table name) in one transaction.

    `books` is called when the tables are merged; what it raises passes, and leaves the published tables as they were.
    `report` makes the run report from the rows written; `now` tells the end of the run. A lost connection, a
    serialisation failure or a table not free after `lock_seconds` is tried again, the whole transaction, three times.
    Raises `PublishError` when it cannot be done, `ConfigurationError` when the definitions carry the version of an
    earlier text; the published tables are then as they were.
    """
    published: Published | None = None
    attempt = 1
    while True:
        try:
            # The connection may have been lost on the way back from the commit.
            if published is not None and _is_published(engine, run):
                GATE.found(run.run_id)
                return published
            with GATE.transaction(run.run_id), engine.begin() as connection:
                _limit_waiting(connection, lock_seconds)
                written = _merge_tables(connection, run, contracts)
                written |= _merge_books(engine, connection, run, books())
                published = _record(connection, run, written, report, now)
                crash_point("publish.before_commit")
                GATE.sent()
            crash_point("publish.after_commit")
        except DATABASE_ERRORS as error:
            if attempt == _ATTEMPTS or not is_passing(error):
                raise
        else:
            return published
        sleep(_WAIT_SECONDS * attempt)
        attempt += 1


def _is_published(engine: sa.Engine, run: Run) -> bool:
    with engine.connect() as connection:
        return _has(connection, run)


def _has(connection: sa.Connection, run: Run) -> bool:
    runs = TABLES[OPS_RUN.name]
    return bool(connection.execute(sa.select(sa.exists().where(runs.c.run_id == run.run_id))).scalar_one())


def _merge_tables(connection: sa.Connection, run: Run, contracts: Sequence[Table]) -> dict[str, Written]:
    check_staged(connection, run)
    if _has(connection, run):
        raise PublishError(f"Run {run.run_id} is already published; a new run needs a new id.")
    _keep_writers_out(connection, contracts)
    return {contract.name: merge(connection, contract, rule_of(contract), run) for contract in contracts}


def _merge_books(
    engine: sa.Engine, connection: sa.Connection, run: Run, books: Mapping[str, Frame]
) -> dict[str, Written]:
    if unknown := sorted(set(books) - {contract.name for contract in _BOOKS}):
        raise PublishError(f"The books have no table named {', '.join(unknown)}.")
    kept = [contract for contract in _BOOKS if contract.name in books]
    if kept:
        add_staged(engine, run, books, kept)
        # Not before: digests note meanwhile whom they told.
        _keep_writers_out(connection, kept)
    if OPS_DEFINITIONS_VERSION in kept:
        _check_definitions(connection)
    return {contract.name: merge(connection, contract, rule_of(contract), run) for contract in kept}


def _limit_waiting(connection: sa.Connection, seconds: float) -> None:
    """Give up a lock after so long, in this transaction only."""
    limit = {"limit": f"{round(seconds * 1000)}ms"}
    connection.execute(sa.text("SELECT set_config('lock_timeout', :limit, true)"), limit)


def _keep_writers_out(connection: sa.Connection, contracts: Sequence[Table]) -> None:
    """Lock the tables against other writers; readers go on reading the run before."""
    names = connection.dialect.identifier_preparer
    tables = ", ".join(f"{names.quote(contract.schema)}.{names.quote(contract.name)}" for contract in contracts)
    connection.exec_driver_sql(f"LOCK TABLE {tables} IN SHARE ROW EXCLUSIVE MODE")


def _check_definitions(connection: sa.Connection) -> None:
    """Refuse definitions that carry the version of an earlier text: rows would say a version that is not theirs."""
    staged = staged_table(OPS_DEFINITIONS_VERSION).c
    for profile, version, text in connection.execute(
        sa.select(staged.profile, staged.definitions_version, staged.text_sha256)
    ):
        refuse_other_text(connection, profile, version, text)


def _record(
    connection: sa.Connection, run: Run, tables: dict[str, Written], report: Report, now: Callable[[], datetime]
) -> Published:
    published = Published(run_id=run.run_id, run_status="unchanged", finished_at=now(), tables=tables)
    if published.rows_written:
        published = replace(published, run_status="published")
    row = {
        "run_id": run.run_id,
        "as_of": run.as_of,
        "started_at": run.started_at,
        "finished_at": published.finished_at,
        "run_status": published.run_status,
        "is_draft": run.is_draft,
        "definitions_version": run.definitions_version,
        "rows_written": published.rows_written,
        "report": report(tables),
    }
    connection.execute(sa.insert(TABLES[OPS_RUN.name]).values(row))
    return published
