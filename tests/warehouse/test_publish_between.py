"""Two who publish, one who reads meanwhile, and a commit whose answer never comes."""

import json
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from definitions.errors import AnotherRunActiveError, PublicationUnknownError, PublishError
from definitions.schema.tables import DIM_ACCOUNT, DIM_OWNER, FCT_ACTIVITY, OPS_CURSOR
from tests.commit_proxy import commit_proxy
from tests.waiting import until
from tests.warehouse.conftest import Warehouse
from warehouse.connect import engine_for
from warehouse.load.staging import staging
from warehouse.publishing.publish import published_report

pytestmark = pytest.mark.slow

ADA, BEN = {"owner_id": "a", "owner_name": "Ada"}, {"owner_id": "a", "owner_name": "Ben"}
NAMES = "SELECT owner_name, run_id FROM curated.dim_owner"


def test_a_run_computed_from_an_older_one_is_not_published_over_a_newer_one(warehouse_of):
    warehouse = warehouse_of(DIM_OWNER)
    warehouse.refresh("000001-a", dim_owner=[ADA])
    warehouse.refresh("000002-b", dim_owner=[BEN])
    late = warehouse.stage("000002-c", dim_owner=[ADA])
    for computed_from, said in (("000001-a", "from run 000001-a"), (None, "from an empty warehouse")):
        with pytest.raises(AnotherRunActiveError, match=f"Run 000002-b was published .*{said}") as refused:
            warehouse.publish(late, computed_from=computed_from)
        assert refused.value.exit_code == 75
    assert warehouse.all(NAMES) == [("Ben", "000002-b")]


def test_a_warehouse_that_was_restored_meanwhile_is_told_from_one_that_went_on(warehouse_of):
    warehouse = warehouse_of(DIM_OWNER)
    warehouse.refresh("000001-a", dim_owner=[ADA])
    late = warehouse.stage("000003-c", dim_owner=[BEN])
    with pytest.raises(AnotherRunActiveError, match="000002-b, which the warehouse no longer has"):
        warehouse.publish(late, computed_from="000002-b")


def test_a_second_publication_waits_for_the_first_and_not_for_ever(warehouse_of):
    warehouse = warehouse_of(DIM_OWNER)
    run = warehouse.stage("r1", dim_owner=[ADA])
    with warehouse.engine.begin() as other:
        other.execute(sa.text("LOCK TABLE ops.run IN SHARE ROW EXCLUSIVE MODE"))
        with pytest.raises(AnotherRunActiveError, match=r"held ops\.run for more than 0\.05 s"):
            warehouse.publish(run, lock_seconds=0.05)
    assert warehouse.publish(run).run_id == "r1"


def test_staging_that_another_session_holds_is_waited_for_and_not_for_ever(warehouse_of, run, frame):
    warehouse = warehouse_of(DIM_OWNER)
    warehouse.stage("r1", dim_owner=[ADA])

    def stage_again():
        with staging(warehouse.engine, run("r2"), [DIM_OWNER], lock_seconds=0.05) as give:
            give("dim_owner", frame(DIM_OWNER, [BEN]))

    with warehouse.engine.begin() as other:
        other.execute(sa.text("LOCK TABLE staging.dim_owner IN SHARE MODE"))
        with pytest.raises(AnotherRunActiveError, match="a run that lost its lock and still publishes"):
            stage_again()
    assert warehouse.all("SELECT run_id FROM staging.dim_owner") == [("r1",)]
    stage_again()


def test_a_run_whose_staging_a_later_one_has_cleared_names_it(warehouse_of):
    warehouse = warehouse_of(DIM_OWNER)
    mine = warehouse.stage("r1", dim_owner=[ADA])
    warehouse.stage("r2")
    with pytest.raises(PublishError, match="r1 is not in staging any more: run r2 has cleared it"):
        warehouse.publish(mine)


@pytest.mark.parametrize("change", ["UPDATE staging.dim_owner SET owner_name = 'Eve'", "TRUNCATE staging.dim_owner"])
def test_nobody_changes_what_is_staged_while_it_is_published(warehouse_of, change):
    warehouse = warehouse_of(DIM_OWNER)
    run = warehouse.stage("r1", dim_owner=[ADA])

    def try_to_change(_written):
        with warehouse.engine.begin() as other:
            other.execute(sa.text("SET LOCAL lock_timeout = '50ms'"))
            with pytest.raises(sa.exc.OperationalError, match="lock timeout"):
                other.execute(sa.text(change))
        return {}

    warehouse.publish(run, report=try_to_change)
    assert warehouse.all(NAMES) == [("Ada", "r1")]


def test_the_server_ends_the_transaction_of_a_process_that_stands_still(warehouse_of):
    warehouse = warehouse_of(DIM_OWNER)
    run = warehouse.stage("r1", dim_owner=[ADA])
    idle = "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND state = 'idle in transaction'"
    stood_still = []

    def stand_still_once(_written):
        if not stood_still:
            stood_still.append(True)
            until(lambda: warehouse.all(idle) == [])
        return {}

    warehouse.publish(run, report=stand_still_once, idle_seconds=1)
    assert warehouse.all(NAMES) == [("Ada", "r1")]


@pytest.mark.parametrize("is_forwarded", [True, False], ids=["the answer is lost", "the commit is lost"])
def test_a_commit_that_is_never_answered_is_unknown_until_somebody_looks(warehouse_of, is_forwarded):
    warehouse = warehouse_of(DIM_OWNER)
    warehouse.refresh("r1", dim_owner=[ADA])
    run = warehouse.stage("r2", dim_owner=[BEN])
    with commit_proxy(warehouse.engine.url, is_forwarded=is_forwarded) as proxy:
        through = Warehouse(engine_for(proxy.url), [DIM_OWNER])
        with pytest.raises(PublicationUnknownError, match="told to commit run r2") as unknown:
            through.publish(run, report=lambda _written: {"said": "r2"}, computed_from="r1")
        assert proxy.is_down.is_set()
    assert unknown.value.exit_code == 6
    assert published_report(warehouse.engine, "r2") == ({"said": "r2"} if is_forwarded else None)
    assert warehouse.all(NAMES) == [("Ben", "r2") if is_forwarded else ("Ada", "r1")]


SHOWN = "run_id, as_of::text, published_at, profile, definitions_version, is_draft, oldest_pulled_at, complete_to"


def test_readers_are_told_which_run_they_read_and_how_fresh_it_is(warehouse_of, frame):
    """Of the streams that the run was computed from; one that is configured no more keeps its cursor."""
    warehouse = warehouse_of(DIM_OWNER)

    def cursors(*streams):
        each = {"source_system": "crm", "cursor": "{}"}
        at = {name: datetime(2026, 11, day, 8, tzinfo=UTC) for name, day in streams}
        return frame(
            OPS_CURSOR, [each | {"stream": name, "pulled_at": day, "high_water_at": day} for name, day in at.items()]
        )

    warehouse.publish(warehouse.stage("r1"), {"cursor": cursors(("owners", 21), ("deals", 20), ("forgotten", 1))})
    warehouse.publish(warehouse.stage("r2"), {"cursor": cursors(("deals", 22))})
    [shown] = warehouse.all(f"SELECT {SHOWN} FROM curated.published_run")
    oldest = datetime(2026, 11, 21, 8, tzinfo=UTC)
    at = datetime(2026, 11, 22, 9, tzinfo=UTC)
    assert shown == ("r2", "2026-11-22", at, "handoff", "2026.1", True, oldest, oldest)


TABLES = {"dim_owner": "owner_id", "dim_account": "account_id", "fct_activity": "activity_id"}
READER = Path(__file__).with_name("reader.py")


def test_readers_see_one_run_in_all_tables_and_can_prove_it(warehouse_of):
    """In a process of their own: once in one statement of READ COMMITTED, once in one REPEATABLE READ transaction."""
    warehouse = warehouse_of(DIM_OWNER, DIM_ACCOUNT, FCT_ACTIVITY)

    def publish_run(number):
        # One key stays and changes, one goes, one comes: every way of writing.
        warehouse.refresh(
            f"r{number:03}",
            **{
                name: [{key: "stays", "record_hash": number}, {key: f"of {number}", "record_hash": 1}]
                for name, key in TABLES.items()
            },
        )

    publish_run(0)
    reader = subprocess.Popen(
        [sys.executable, READER, *TABLES], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        cwd=Path(__file__).parents[2], env={"PYTHONPATH": "."},
    )  # fmt: skip
    with reader:
        reader.stdin.write(warehouse.engine.url.render_as_string(hide_password=False) + "\n")
        reader.stdin.flush()
        assert reader.stdout.readline() == "reading\n"
        for number in range(1, 9):
            publish_run(number)
        told, _ = reader.communicate("enough\n")
    for level, reads in json.loads(told).items():
        for published, rows in reads:
            assert rows == {name: [2, [published]] for name in TABLES}, level
        runs = [published for published, _ in reads]
        assert runs == sorted(runs)
        assert len(set(runs)) > 3, f"{level}: the reader saw too little to prove anything"
