"""A run whose audit is kept waiting, so that a test can do something in the middle of its publication."""

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import psycopg
from sqlalchemy import make_url

from tests.databases import address
from tests.flows.line import Line, environment
from tests.waiting import until

_HERE = "database = (SELECT oid FROM pg_database WHERE datname = current_database())"
_AUDITING = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND %s = ANY(pg_blocking_pids(pid))"
_PUBLISHING = (
    f"SELECT pid FROM pg_locks WHERE relation = 'ops.run'::regclass AND mode ~ '^ShareRow' AND granted AND {_HERE}"
)
_RUN_LOCK = f"SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND granted AND objsubid = 1 AND {_HERE}"
_EMPTYING = f"SELECT pid FROM pg_locks WHERE NOT granted AND mode = 'AccessExclusiveLock' AND {_HERE}"


# The audit reads a table that the test holds. It is not there for runs of later.
_READS_THE_HELD = """
expectations:
  - table: fct_opportunity
    expectation: UnexpectedRowsExpectation
    severity: critical
    arguments: {unexpected_rows_query: "SELECT * FROM {batch} WHERE EXISTS (SELECT FROM public.held)"}
"""


class HeldAudit:
    """The sessions of a run whose audit waits, looked at and ended from a session of the test."""

    def __init__(self, watching: psycopg.Connection, holding: psycopg.Connection) -> None:
        self._watching = watching
        self._holding = holding

    def auditing(self) -> int:
        """Wait until a run audits; the process of the session that its audit waits in."""
        return self._pid(_AUDITING, self._holding.info.backend_pid)

    def publishing(self) -> int:
        """Process of the session that publishes."""
        return self._pid(_PUBLISHING)

    def end_publishing(self) -> None:
        """End the session that publishes."""
        self._end(self.publishing())

    def end_run_lock(self) -> None:
        """End the session that holds the run lock, and no other."""
        self._end(self._pid(_RUN_LOCK))

    def wait_for_another_run(self) -> None:
        """Wait until another run would empty `staging`."""
        self._pid(_EMPTYING)

    def let_go(self) -> None:
        """Let the audit go on."""
        self._holding.rollback()

    def _pid(self, asked: str, *given: Any) -> int:
        until(lambda: self._watching.execute(asked, given).rowcount == 1)
        (pid,) = self._watching.execute(asked, given).fetchone() or (0,)
        return int(pid)

    def _end(self, pid: int) -> None:
        self._watching.execute("SELECT pg_terminate_backend(%s, 10000)", [pid])


@contextmanager
def audit_held(line: Line) -> Iterator[HeldAudit]:
    """Keep the audits of this warehouse waiting while the block runs, or until they are let go."""
    url = address(make_url(line.variables["BANTAM_WAREHOUSE_URL"]))
    config = line.config.read_text()
    with psycopg.connect(url, autocommit=True) as watching, psycopg.connect(url) as holding:
        watching.execute("CREATE TABLE IF NOT EXISTS public.held (x text)")
        holding.execute("LOCK TABLE public.held IN ACCESS EXCLUSIVE MODE")
        line.config.write_text(config + _READS_THE_HELD)
        try:
            yield HeldAudit(watching, holding)
        finally:
            line.config.write_text(config)


@contextmanager
def running(line: Line, *asked: Any) -> Iterator[Future[Any]]:
    """Refresh in a thread of its own while the block runs."""
    # What the thread puts back into the environment may be another run's; this block puts back what was there.
    with environment(line.surroundings()), ThreadPoolExecutor(1) as pool:
        yield pool.submit(line.refresh, *asked)
