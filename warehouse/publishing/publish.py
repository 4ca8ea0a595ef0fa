"""Publish what is staged: every table, the cursors and the run itself in one transaction.

The transaction keeps writers out of `staging` from its beginning, so that what is audited meanwhile is what it commits.
The tables are merged while they are being audited; the tables of `ops`, with the results of the audit, come last.

A reader sees the run before or this one. A crash anywhere before the commit leaves the run before; the next run does
the work again.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from typing import Any, TypeVar

import sqlalchemy as sa

from definitions.errors import AnotherRunActiveError, PublicationUnknownError, PublishError
from definitions.run_context import RunContext
from definitions.runtime.commit_gate import GATE
from definitions.runtime.crash_points import crash_point
from definitions.schema.tables import COMPUTED, OPS_RUN, Table
from warehouse.database_errors import DATABASE_ERRORS, is_passing, sqlstate, without_values
from warehouse.limits import (
    LOCK_SECONDS,
    abort_of,
    another_run_if_locked,
    limit_idle_transaction,
    limit_lock_wait,
    notice_lost_client,
)
from warehouse.load.staging import hold_staged
from warehouse.publishing.transaction import Publication
from warehouse.read.published import newest_run_id
from warehouse.tables import TABLES

_ATTEMPTS = 3
_WAIT_SECONDS = 5.0
# What the server says of a transaction that it rolled back itself: constraints and serialisation.
_ROLLED_BACK = frozenset({"23", "40"})
_T = TypeVar("_T")


@without_values("Publishing")
def publish(
    engine: sa.Engine,
    run: RunContext,
    work: Callable[[Publication], _T],
    *,
    computed_from: str | None,
    sleep: Callable[[float], None],
    contracts: Sequence[Table] = COMPUTED,
    lock_seconds: float = LOCK_SECONDS,
    idle_seconds: float = 3600,
) -> _T:
    """Do `work` in the publish transaction, commit, and give what it returned; what it raises rolls everything back.

    `work` audits, merges and records; meanwhile nobody can change what is staged for the `contracts`. A lost
    connection, a serialisation failure or a table not free after `lock_seconds` is tried again, three times: a new
    transaction, and all of `work` in it. `computed_from` is the run that was the newest when this one was computed
    (null: none). The server ends the transaction of a process that has sent nothing for `idle_seconds`.

    Raises `AnotherRunActiveError` when another run was published since, or is being published; `PublishError` when it
    cannot be done; the published tables are then as they were. Raises `PublicationUnknownError` when the connection was
    lost during the commit and the server could not be asked since whether that took place.
    """
    committed: tuple[_T] | None = None  # what an attempt gave whose commit was sent and not answered
    number = 0
    while True:
        number += 1
        is_sent = False
        try:
            with _transaction(engine, lock_seconds, idle_seconds) as connection:
                if committed is not None and _is_there(connection, run):
                    GATE.found(run.run_id)
                    return committed[0]
                committed = None
                with GATE.transaction(run.run_id):
                    _check_newest(connection, run, computed_from)
                    hold_staged(connection, run, contracts)
                    with closing(abort_of(connection)) as abort:
                        result = work(Publication(connection, run, contracts, abort))
                    crash_point("publish.before_commit")
                    GATE.sent()
                    committed, is_sent = (result,), True
                    connection.commit()
        except (*DATABASE_ERRORS, AnotherRunActiveError) as error:
            if is_sent and (sqlstate(error) or "")[:2] in _ROLLED_BACK:
                committed = None
            is_lost = committed is not None
            if number == _ATTEMPTS or not (is_lost or is_passing(error)):
                if not is_lost:
                    raise
                break
        else:
            crash_point("publish.after_commit")
            return result
        sleep(_WAIT_SECONDS * number)
    raise PublicationUnknownError(
        f"Publishing: the connection was lost while PostgreSQL was told to commit run {run.run_id}, and it could not "
        "be asked since whether it did. Readers see the run before or this one, whole. Check that PostgreSQL runs, "
        "then run again: the next run finds out which, says so, and corrects the report of this one."
    )


@without_values("Finding out whether a run was published")
def published_report(engine: sa.Engine, run_id: str, *, lock_seconds: float = LOCK_SECONDS) -> dict[str, Any] | None:
    """The report of a run whose commit was not answered; null if it is not published, and never will be.

    Waits until no session publishes. Raises `AnotherRunActiveError` when one still does after `lock_seconds`,
    `PublishError` when the server cannot be asked.
    """
    runs = TABLES[OPS_RUN.name].c
    with _transaction(engine, lock_seconds, lock_seconds) as connection:
        report: dict[str, Any] | None = connection.execute(
            sa.select(runs.report).where(runs.run_id == run_id)
        ).scalar_one_or_none()
    return report


@contextmanager
def _transaction(engine: sa.Engine, lock_seconds: float, idle_seconds: float) -> Iterator[sa.Connection]:
    """Begin a transaction in which no other session can publish; what is not committed in the block is rolled back."""
    with engine.connect() as connection:
        limit_lock_wait(connection, lock_seconds)
        limit_idle_transaction(connection, idle_seconds)
        notice_lost_client(connection)
        _keep_publishers_out(connection, lock_seconds)
        yield connection


def _keep_publishers_out(connection: sa.Connection, lock_seconds: float) -> None:
    message = (
        f"Publishing: another session has held ops.run for more than {lock_seconds:g} s: another run is being "
        "published. Nothing of this one was. Run again when that has ended; pg_stat_activity shows it."
    )
    with another_run_if_locked(message):
        connection.exec_driver_sql("LOCK TABLE ops.run IN SHARE ROW EXCLUSIVE MODE")


def _is_there(connection: sa.Connection, run: RunContext) -> bool:
    runs = TABLES[OPS_RUN.name].c
    return bool(connection.execute(sa.select(sa.exists().where(runs.run_id == run.run_id))).scalar_one())


def _check_newest(connection: sa.Connection, run: RunContext, computed_from: str | None) -> None:
    """Refuse to publish over a run that this one does not know of."""
    newest = newest_run_id(connection)
    if newest == computed_from:
        if _is_there(connection, run):
            raise PublishError(f"Run {run.run_id} is already published; a new run needs a new id.")
        return
    if newest is None or (computed_from is not None and newest < computed_from):
        raise AnotherRunActiveError(
            f"Run {run.run_id} was computed from run {computed_from}, which the warehouse no longer has: it was "
            "restored meanwhile. Nothing was published. Run again."
        )
    raise AnotherRunActiveError(
        f"Run {newest} was published while run {run.run_id} was computed from "
        f"{'an empty warehouse' if computed_from is None else f'run {computed_from}'}. Nothing of run {run.run_id} was "
        "published. Run again."
    )
