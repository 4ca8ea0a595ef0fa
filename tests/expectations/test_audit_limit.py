"""An audit that stands still, in the database or in a library, ends at its time limit: refused with exit code 5."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import psycopg
import pytest

from definitions.errors import AuditRefusedError
from expectations.background import auditing
from expectations.check import Check, Measure, Suite
from expectations.declared import DeclaredExpectation
from tests.databases import OTHER_SESSIONS
from tests.waiting import until

_ROOT = Path(__file__).parents[2]
_SLEEPER = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'"
_SECONDS = 1.0


def _check(table: str, sql: str) -> Check:
    return Check(name=f"probe of {table}", table=table, measure=Measure.FAILING_COUNT, sql=sql)


def _refused(
    url: str, suite: Suite, meanwhile: Callable[[], None], *declared: DeclaredExpectation
) -> tuple[AuditRefusedError, list[str]]:
    """The refusal of an audit beside which something is done, and what its limit ended."""
    ended: list[str] = []

    def run() -> None:
        at_limit = partial(ended.append, "the block")
        with auditing(url, [suite], declared, run_id="run-42", seconds=_SECONDS, at_limit=at_limit) as audit:
            meanwhile()
            audit.result()

    with pytest.raises(AuditRefusedError, match="run-42 did not end within") as caught:
        run()
    assert caught.value.exit_code == 5
    return caught.value, ended


@pytest.mark.slow
def test_a_staged_table_that_another_session_holds(url, staged):
    with psycopg.connect(url) as other:
        other.execute("LOCK TABLE staging.dim_owner IN ACCESS EXCLUSIVE MODE")
        told, ended = _refused(url, Suite("probe", (_check("dim_owner", "0"),)), lambda: None)
    assert "audit_minutes" in str(told)
    assert ended == ["the block"]
    until(lambda: staged.execute(OTHER_SESSIONS).fetchone() == (0,))


@pytest.mark.slow
def test_a_session_whose_server_process_is_stopped(url, staged):
    """No limit of the server's own helps there: its process does not run."""
    stopped: list[int] = []

    def stop() -> None:
        until(lambda: staged.execute(_SLEEPER).fetchone() is not None)
        (pid,) = staged.execute(_SLEEPER).fetchone()
        os.kill(pid, signal.SIGSTOP)
        stopped.append(pid)

    try:
        _refused(url, Suite("probe", (_check("dim_owner", "(SELECT 0 FROM pg_sleep(20))"),)), stop)
    finally:
        for pid in stopped:
            os.kill(pid, signal.SIGCONT)
    until(lambda: staged.execute(OTHER_SESSIONS).fetchone() == (0,))


@pytest.mark.slow
def test_a_declared_expectation_that_stands_still(url, staged):
    declared = DeclaredExpectation(
        table="dim_owner",
        expectation="UnexpectedRowsExpectation",
        severity="warning",
        arguments={"unexpected_rows_query": "SELECT pg_sleep(20) FROM {batch}"},
    )
    _refused(url, Suite("probe", (_check("dim_owner", "0"),)), lambda: None, declared)
    until(lambda: staged.execute(OTHER_SESSIONS).fetchone() == (0,))


@pytest.mark.slow
def test_a_block_that_the_limit_ended_tells_of_the_limit_and_not_of_what_it_met(url, staged):
    """As a merge does whose connection is broken off because the audit beside it will never pass."""
    sleeper = Suite("probe", (_check("dim_owner", "(SELECT 0 FROM pg_sleep(20))"),))

    def meet() -> None:
        until(lambda: staged.execute(_SLEEPER).rowcount > 0)
        until(lambda: staged.execute(_SLEEPER).rowcount == 0)
        raise psycopg.OperationalError("the connection is lost")

    _refused(url, sleeper, meet)


_BROKEN_LIBRARY = """
import sys
from definitions.errors import AuditRefusedError
from expectations.background import auditing
try:
    with auditing("postgresql://nobody@localhost:1/x", [], run_id="run-42", seconds=5, at_limit=lambda: None):
        pass
except AuditRefusedError as error:
    print(error)
    sys.exit(error.exit_code)
"""


@pytest.mark.slow
def test_a_library_that_cannot_be_imported_is_told_by_kind_and_place_alone(tmp_path):
    (tmp_path / "great_expectations.py").write_text("raise RuntimeError('canary 4711')\n")
    path = os.pathsep.join([str(tmp_path), str(_ROOT)])
    done = subprocess.run(
        [sys.executable, "-c", _BROKEN_LIBRARY],
        cwd=_ROOT, env={**os.environ, "PYTHONPATH": path}, text=True, capture_output=True, check=False,
    )  # fmt: skip
    assert done.returncode == 5, done.stderr
    assert "could not import Great Expectations (RuntimeError in great_expectations:1)" in done.stdout
    assert "canary" not in done.stdout + done.stderr
