"""An audit that loses the warehouse, at whatever moment: refused with exit code 5, naming its run, quoting nobody.

What it must never do is to blame the tables for it.
"""

import os
import signal
import subprocess
import threading
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import make_url

from definitions.errors import AuditRefusedError
from definitions.schema.tables import CURATED
from expectations.beside import auditing
from expectations.run import audit
from expectations.structure import structure_suite
from expectations.suite import Check, Measure, Suite
from tests.databases import OTHER_SESSIONS, address
from tests.waiting import until
from warehouse.embedded.server import EmbeddedServer

_STRUCTURE = structure_suite(CURATED)
_ASLEEP = f"{OTHER_SESSIONS} AND wait_event = 'PgSleep'"


def _probe(sql: str) -> Suite:
    return Suite("probe", (Check(name="probe", table="dim_owner", measure=Measure.FAILING_COUNT, sql=sql),))


def _refusal(url: str, suite: Suite, caplog, capfd) -> str:
    """What the audit is refused with; nothing else is said, and not a word of the server's or the address's."""
    with pytest.raises(AuditRefusedError) as caught:
        audit(url, [suite], run_id="run-42")
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
@pytest.mark.parametrize(
    ("connections", "said"),
    [
        (1, "broken off by the warehouse (TestConnectionError)"),
        (2, "could not read 23 of 23 numbers of suite structure on dim_date"),
    ],
    ids=["not at all", "not a second time"],
)
def test_great_expectations_that_may_not_connect(url, staged, caplog, capfd, connections, said):
    """One connection counts; Great Expectations asks for two more, and calls a number it cannot read a failed check."""
    staged.execute(f"""
        CREATE ROLE lone LOGIN PASSWORD 's3cret-canary' CONNECTION LIMIT {connections};
        GRANT ALL ON SCHEMA staging TO lone; GRANT SELECT ON ALL TABLES IN SCHEMA staging TO lone""")
    try:
        lone = make_url(url).set(username="lone", password="s3cret-canary")
        url = lone.render_as_string(hide_password=False)
        assert said in _refusal(url, _STRUCTURE, caplog, capfd)
    finally:
        staged.execute("DROP OWNED BY lone; DROP ROLE lone")


def _kill_when_counted(url: str, folder: Path) -> None:
    """Stop the server without a word, as a power cut would, as soon as there is a table of numbers to be judged."""
    with psycopg.connect(url, autocommit=True) as connection:
        counted = (0,)
        while counted == (0,):
            counted = connection.execute("SELECT count(*) FROM pg_tables WHERE tablename LIKE 'audit\\_%'").fetchone()
        (told,) = folder.glob("warehouse/**/postmaster.pid")
        postmaster = told.read_text(encoding="ascii").split("\n", 1)[0]
        os.kill(int(postmaster), signal.SIGQUIT)


@pytest.mark.slow
def test_server_that_stops_between_counting_and_judging(tmp_path, caplog, capfd):
    with EmbeddedServer(tmp_path) as running:
        url = address(running.url)
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("CREATE SCHEMA staging; CREATE TABLE staging.dim_owner (owner_id text)")
        killer = threading.Thread(target=_kill_when_counted, args=(url, tmp_path))
        killer.start()
        numbers = [
            Check(name=f"{number}", table="dim_owner", measure=Measure.FAILING_ROWS, sql=f"owner_id = '{number}'")
            for number in range(500)
        ]
        told = _refusal(url, Suite("probe", tuple(numbers)), caplog, capfd)
        killer.join()
    assert "Check that" in told


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
        audits[0].report()
    assert staged.execute("SELECT is_called FROM woken").fetchone() == (False,)
