"""Killed, cut off or crashed in the middle: a reader sees the run before or this one, and the next run mends it."""

import os
import signal
import subprocess
import sys
from itertools import count
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa

from definitions.errors import PublishError
from definitions.schema.tables import DIM_OWNER, OPS_CURSOR
from warehouse.connect import engine_for
from warehouse.embedded.server import EmbeddedServer
from warehouse.migrate import migrate

pytestmark = pytest.mark.slow

PUBLISH_ONCE = Path(__file__).with_name("publish_once.py")
ADA, BEN = {"owner_id": "a", "owner_name": "Ada"}, {"owner_id": "a", "owner_name": "Ben"}


def publish_in_a_process(engine, run_id, name, point):
    url = engine.url.render_as_string(hide_password=False)
    return subprocess.run(
        [sys.executable, PUBLISH_ONCE, run_id, name, point],
        input=url, text=True, capture_output=True, check=False, cwd=Path(__file__).parents[2],
        env={"PYTHONPATH": "."},
    ).returncode  # fmt: skip


def standing(warehouse):
    """Owner, cursor and run ids as one reader sees them in one statement."""
    return warehouse.all(
        "SELECT owner_name, owner.run_id, cursor.cursor, cursor.run_id, (SELECT string_agg(run_id, ' ') FROM ops.run)"
        " FROM curated.dim_owner AS owner, ops.cursor AS cursor"
    )


@pytest.mark.parametrize(
    ("point", "run_that_stands"),
    [("stage.after_load", "r1"), ("publish.before_commit", "r1"), ("publish.after_commit", "r2")],
)
def test_a_killed_publication_leaves_one_run_whole_and_the_next_finishes(warehouse_of, frame, point, run_that_stands):
    warehouse = warehouse_of(DIM_OWNER)
    cursor = [{"source_system": "crm", "stream": "owners", "cursor": '"Ada"'}]
    warehouse.publish(warehouse.stage("r1", dim_owner=[ADA]), {"cursor": frame(OPS_CURSOR, cursor)})

    assert publish_in_a_process(warehouse.engine, "r2", "Ben", point) == -signal.SIGKILL
    name, runs = {"r1": ("Ada", "r1"), "r2": ("Ben", "r1 r2")}[run_that_stands]
    assert standing(warehouse) == [(name, run_that_stands, name, run_that_stands, runs)]

    cursor = [{"source_system": "crm", "stream": "owners", "cursor": '"Ben"'}]
    warehouse.publish(warehouse.stage("r3", dim_owner=[BEN]), {"cursor": frame(OPS_CURSOR, cursor)})
    [(name, _wrote, at, _moved, seen)] = standing(warehouse)
    assert (name, at, seen) == ("Ben", "Ben", f"{runs} r3")


def cut_off(engine):
    """End the session that is publishing, from another one."""
    with engine.begin() as connection:
        ended = connection.execute(
            sa.text(
                "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid() AND state = 'idle in transaction'"
            )
        )
        assert ended.scalar_one() == 1


def test_a_publication_that_is_cut_off_is_tried_again_from_staging(warehouse_of):
    warehouse = warehouse_of(DIM_OWNER)
    warehouse.refresh("r1", dim_owner=[ADA])
    tries = count(1)

    def report(_tables):
        if (number := next(tries)) < 3:
            cut_off(warehouse.engine)
        return {"tries": number}

    done = warehouse.publish(warehouse.stage("r2", dim_owner=[BEN]), report=report)

    assert done.tables["dim_owner"].updated == 1
    assert warehouse.all("SELECT owner_name, run_id FROM curated.dim_owner") == [("Ben", "r2")]
    assert warehouse.all("SELECT report FROM ops.run WHERE run_id = 'r2'") == [({"tries": 3},)]


def test_a_server_that_is_away_for_a_moment_is_waited_for(warehouse_of, frame):
    warehouse = warehouse_of(DIM_OWNER)
    run = warehouse.stage("r1", dim_owner=[ADA])
    away = count(1)

    @sa.event.listens_for(warehouse.engine, "do_connect")
    def _refuse_twice(*_arguments):
        if next(away) <= 2:
            raise psycopg.OperationalError("connection failed: the database system is starting up")

    cursor = [{"source_system": "crm", "stream": "owners", "cursor": '"Ada"'}]
    warehouse.publish(run, {"cursor": frame(OPS_CURSOR, cursor)}, computed_from=None)
    assert standing(warehouse) == [("Ada", "r1", "Ada", "r1", "r1")]


def test_a_publication_that_is_cut_off_each_time_gives_up_and_says_so(warehouse_of):
    warehouse = warehouse_of(DIM_OWNER)
    warehouse.refresh("r1", dim_owner=[ADA])
    tries = count(1)

    def report(_tables):
        cut_off(warehouse.engine)
        return {"tries": next(tries)}

    with pytest.raises(PublishError, match="Publishing"):
        warehouse.publish(warehouse.stage("r2", dim_owner=[BEN]), report=report)

    assert next(tries) == 4
    assert warehouse.all("SELECT owner_name, run_id FROM curated.dim_owner") == [("Ada", "r1")]


def test_a_commit_whose_answer_was_lost_is_not_done_twice(warehouse_of):
    """The connection breaks between the commit and its answer: the retry finds its run already there."""
    warehouse = warehouse_of(DIM_OWNER)
    cut = sa.event.listens_for(warehouse.engine, "commit")
    broken = []

    @cut
    def _lose_the_answer(connection):
        statement = "SELECT count(*) FROM ops.run WHERE run_id = 'r1'"
        if not broken and connection.exec_driver_sql(statement).scalar_one():
            broken.append(True)
            connection.connection.driver_connection.commit()
            connection.connection.driver_connection.close()

    done = warehouse.refresh("r1", dim_owner=[ADA])

    assert broken
    assert done.tables["dim_owner"].inserted == 1
    assert warehouse.all("SELECT run_id FROM ops.run") == [("r1",)]


def test_a_table_held_by_somebody_else_is_waited_for_and_not_for_ever(warehouse_of):
    warehouse = warehouse_of(DIM_OWNER)
    warehouse.refresh("r1", dim_owner=[ADA])
    run = warehouse.stage("r2", dim_owner=[BEN])
    with warehouse.engine.begin() as somebody:
        somebody.execute(sa.text("LOCK TABLE curated.dim_owner IN EXCLUSIVE MODE"))
        with pytest.raises(PublishError, match=r"LockNotAvailable.*Another session holds the table"):
            warehouse.publish(run, lock_seconds=0.05)
    warehouse.publish(run)
    assert warehouse.all("SELECT owner_name, run_id FROM curated.dim_owner") == [("Ben", "r2")]


def test_a_table_that_somebody_lets_go_of_meanwhile_is_written_after_all(warehouse_of):
    warehouse = warehouse_of(DIM_OWNER)
    warehouse.refresh("r1", dim_owner=[ADA])
    run = warehouse.stage("r2", dim_owner=[BEN])
    with warehouse.engine.connect() as somebody:
        somebody.execute(sa.text("LOCK TABLE curated.dim_owner IN EXCLUSIVE MODE"))
        warehouse.publish(run, lock_seconds=0.05, sleep=lambda _seconds: somebody.rollback())
    assert warehouse.all("SELECT owner_name, run_id FROM curated.dim_owner") == [("Ben", "r2")]


def test_a_server_crash_empties_staging_and_nothing_empty_is_published(tmp_path, warehouse_of):
    with EmbeddedServer(tmp_path) as server:
        engine = engine_for(server.url)
        migrate(engine)
        warehouse = warehouse_of(DIM_OWNER, given=engine)
        warehouse.refresh("r1", dim_owner=[ADA])
        staged = warehouse.stage("r2", dim_owner=[BEN])

        def report(_tables):
            pid = int((tmp_path / "warehouse" / "data" / "postmaster.pid").read_text().splitlines()[0])
            os.kill(pid, signal.SIGQUIT)  # what `pg_ctl stop -m immediate` does
            while server._cluster.answers():
                os.sched_yield()
            server.start()
            return {}

        with pytest.raises(PublishError, match="r2 is not in staging any more"):
            warehouse.publish(staged, report=report)

        assert warehouse.all("SELECT owner_name, run_id FROM curated.dim_owner") == [("Ada", "r1")]
        warehouse.refresh("r3", dim_owner=[BEN])
        assert warehouse.all("SELECT owner_name, run_id FROM curated.dim_owner") == [("Ben", "r3")]
