"""An audit that loses the warehouse, at whatever moment: refused with exit code 5, naming its run, quoting nobody.

What it must never do is to blame the tables for it.
"""

import os
import subprocess
import threading

import psycopg
import pytest
from sqlalchemy import make_url

from definitions.errors import AuditRefusedError
from definitions.schema.tables import CURATED
from expectations.audit import audit
from expectations.background import auditing
from expectations.check import Check, Measure, Suite
from expectations.declared import DeclaredExpectation
from expectations.suites.structure import structure_suite
from tests.databases import OTHER_SESSIONS
from tests.waiting import until

_STRUCTURE = structure_suite(CURATED)
_ASLEEP = f"{OTHER_SESSIONS} AND wait_event = 'PgSleep'"


def _probe(sql: str) -> Suite:
    return Suite("probe", (Check(name="probe", table="dim_owner", measure=Measure.FAILING_COUNT, sql=sql),))


def _refusal(url: str, suite: Suite, caplog, capfd, *declared: DeclaredExpectation) -> str:
    """What the audit is refused with; nothing else is said, and not a word of the server's or the address's."""
    with pytest.raises(AuditRefusedError) as caught:
        audit(url, [suite], declared, run_id="run-42")
    assert caught.value.exit_code == 5
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
    told = str(caught.value)
    assert "run-42" in told
    assert "run again" in told
    for seen in (told, caplog.text, *capfd.readouterr()):
        assert "s3cret" not in seen
        assert "Traceback" not in seen
        assert "FATAL" not in seen
    return told


def test_warehouse_that_is_away(caplog, capfd):
    url = "postgresql+psycopg://ada:s3cret-canary@localhost:1/bantam?connect_timeout=2"
    assert "cannot reach the warehouse" in _refusal(url, _probe("0"), caplog, capfd)


@pytest.mark.slow
def test_session_that_is_ended_while_it_counts(url, staged, caplog, capfd):
    gone = _probe("(SELECT pg_terminate_backend(pg_backend_pid())::int)")
    assert "broken off by the warehouse (AdminShutdown)" in _refusal(url, gone, caplog, capfd)


@pytest.mark.slow
def test_session_that_is_ended_while_it_evaluates_what_is_declared(url, staged, caplog, capfd):
    """Great Expectations calls it a failed expectation, which would blame the tables."""
    declared = DeclaredExpectation(
        table="dim_owner",
        expectation="UnexpectedRowsExpectation",
        severity="critical",
        arguments={"unexpected_rows_query": "SELECT pg_terminate_backend(pg_backend_pid()) FROM {batch}"},
    )
    assert "broken off by the warehouse (AdminShutdown)" in _refusal(url, _probe("0"), caplog, capfd, declared)


@pytest.mark.slow
def test_great_expectations_that_may_not_connect(url, staged, caplog, capfd):
    """The audit measures in one session; Great Expectations asks for two."""
    staged.execute("""
        CREATE ROLE lone LOGIN PASSWORD 's3cret-canary' CONNECTION LIMIT 1;
        GRANT ALL ON SCHEMA staging TO lone; GRANT SELECT ON ALL TABLES IN SCHEMA staging TO lone""")
    declared = DeclaredExpectation(
        table="dim_owner", expectation="ExpectTableColumnCountToEqual", severity="critical", arguments={"value": 1}
    )
    try:
        lone = make_url(url).set(username="lone", password="s3cret-canary")
        url = lone.render_as_string(hide_password=False)
        assert "broken off by the warehouse" in _refusal(url, _STRUCTURE, caplog, capfd, declared)
    finally:
        staged.execute("DROP OWNED BY lone; DROP ROLE lone")


@pytest.mark.slow
def test_whoever_interrupts_an_audit_need_not_wait_for_its_counts(url, staged):
    staged.execute("CREATE SEQUENCE staging.woken")
    slept = _probe("(SELECT nextval('woken') FROM pg_sleep(20))")

    def interrupt() -> None:
        with psycopg.connect(url, autocommit=True) as connection:
            until(lambda: connection.execute(_ASLEEP).fetchone() != (0,))
        # From outside: a signal that a thread sends itself need not reach the main one.
        subprocess.run(["kill", "-INT", str(os.getpid())], check=True)

    interrupter = threading.Thread(target=interrupt)
    interrupter.start()
    with pytest.raises(KeyboardInterrupt):
        audit(url, [slept], run_id="run-42")
    interrupter.join()
    assert staged.execute("SELECT is_called FROM woken").fetchone() == (False,)


@pytest.mark.slow
def test_an_audit_beside_something_that_fails_is_given_up(url, staged):
    staged.execute("CREATE SEQUENCE staging.woken")
    slept = _probe("(SELECT nextval('woken') FROM pg_sleep(20))")
    audits = []

    def fail_meanwhile() -> None:
        with (
            psycopg.connect(url, autocommit=True) as connection,
            auditing(url, [slept], run_id="run-42", seconds=60, at_limit=lambda: None) as audited,
        ):
            audits.append(audited)
            until(lambda: connection.execute(_ASLEEP).fetchone() != (0,))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_meanwhile()
    with pytest.raises(AuditRefusedError, match="broken off"):
        audits[0].result()
    assert staged.execute("SELECT is_called FROM woken").fetchone() == (False,)
