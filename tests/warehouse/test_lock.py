import signal
import subprocess
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa

from definitions.errors import AnotherRunActiveError, PublishError
from warehouse.publishing.run_lock import check_free, lock_key, run_lock

pytestmark = pytest.mark.slow

HOLDER = """
import sys, time
from warehouse.connect import engine_for
from warehouse.publishing.run_lock import run_lock
with run_lock(engine_for(sys.stdin.readline().strip())):
    print("held", flush=True)
    time.sleep(600)
"""


@pytest.mark.parametrize("wait_seconds", [0, 1], ids=["at once", "after a wait"])
def test_a_second_run_is_turned_away(engine, wait_seconds):
    with (
        run_lock(engine),
        pytest.raises(AnotherRunActiveError) as refused,
        run_lock(engine, wait_seconds=wait_seconds),
    ):
        pytest.fail("two runs held the lock")
    assert refused.value.exit_code == 75


def test_who_only_looks_sees_whether_a_run_holds_the_lock_and_turns_nobody_away(engine):
    check_free(engine)
    with run_lock(engine, "digests"):
        check_free(engine)
    with run_lock(engine):
        for _ in range(2):
            with pytest.raises(AnotherRunActiveError):
                check_free(engine)
    with run_lock(engine) as held:
        held.check()


def test_the_lock_is_free_again_after_the_run_however_it_ended(engine):
    with pytest.raises(ZeroDivisionError), run_lock(engine):
        _ = 1 / 0
    with run_lock(engine) as held:
        held.check()


def test_the_lock_is_free_at_once(engine):
    """The server ends the session of a client that has left some moments later, which is too late for the next run."""
    key = {"key": lock_key("refresh")}
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as other:
        for _ in range(30):
            with run_lock(engine):
                assert not other.execute(sa.text("SELECT pg_try_advisory_lock(:key)"), key).scalar_one()
            assert other.execute(sa.text("SELECT pg_try_advisory_lock(:key)"), key).scalar_one()
            other.execute(sa.text("SELECT pg_advisory_unlock(:key)"), key)


def test_locks_of_other_names_do_not_block_each_other(engine):
    with run_lock(engine, "pull hubspot") as one, run_lock(engine, "pull salesforce") as other:
        assert (one.name, other.name) == ("pull hubspot", "pull salesforce")


def test_a_killed_holder_frees_the_lock(engine):
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        cwd=Path(__file__).parents[2], env={"PYTHONPATH": "."},
    )  # fmt: skip
    with holder:
        holder.stdin.write(engine.url.render_as_string(hide_password=False) + "\n")
        holder.stdin.flush()
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(AnotherRunActiveError), run_lock(engine):
            pytest.fail("two runs held the lock")
        holder.send_signal(signal.SIGKILL)
    with run_lock(engine, wait_seconds=20) as held:
        held.check()


def test_a_run_that_lost_its_lock_is_told_before_it_publishes(engine):
    with run_lock(engine) as held:
        with engine.connect() as other:
            end = "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'"
            other.execute(sa.text(end))
        for _ in range(2):
            with pytest.raises(PublishError, match="lock was lost"):
                held.check()


def test_a_lock_whose_session_lives_on_without_it_is_lost_too(engine):
    """As behind a pooler that hands sessions out anew, or resets them."""
    with run_lock(engine) as held:
        held._connection.execute(sa.text("SELECT pg_advisory_unlock_all()"))
        with pytest.raises(PublishError, match="lock was lost"):
            held.check()
