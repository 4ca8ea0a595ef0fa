"""Tables staged part by part: nothing is lost, nothing runs ahead, and every failure reaches the caller."""

import threading
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import chain, count, takewhile

import numpy as np
import polars as pl
import psycopg
import pyarrow as pa
import pytest
import sqlalchemy as sa

from definitions.errors import PublishError
from definitions.schema.tables import DIM_ACCOUNT, DIM_OWNER
from tests.waiting import until
from warehouse.load.staging import staging

pytestmark = pytest.mark.slow

COPYING = (
    "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'COPY %' AND state = 'active'"
)
WAITING = f"{COPYING} AND wait_event_type = 'Lock'"


@pytest.fixture
def owners(frame):
    """Owners of these ids, alike in all else."""
    one = frame(DIM_OWNER, [{}])

    def of(*ids):
        mine = pl.DataFrame({"owner_id": [str(each) for each in ids]}, schema={"owner_id": pl.String})
        return mine.join(one.drop("owner_id"), how="cross").select(one.columns)

    return of


@contextmanager
def held(engine: sa.Engine) -> Iterator[None]:
    """Hold the staged owners, so that no row can be copied."""
    with engine.connect() as somebody:
        somebody.execute(sa.text("LOCK TABLE staging.dim_owner IN ACCESS EXCLUSIVE MODE"))
        yield
        somebody.rollback()


def give(warehouse, run, parts):
    """Stage these parts, each (table name, rows)."""
    with staging(warehouse.engine, run, warehouse.contracts) as add:
        for name, rows in parts:
            add(name, rows)


def endless(given, owners, is_enough=lambda: False):
    """One owner a part, until it is enough or somebody stops asking; `given` counts what is handed over."""
    for number in takewhile(lambda _number: not is_enough(), count()):
        given.append(number)
        yield "dim_owner", owners(number)


def test_parts_of_several_tables_in_any_order_all_arrive(warehouse_of, run, frame, owners):
    warehouse = warehouse_of(DIM_OWNER, DIM_ACCOUNT)
    with staging(warehouse.engine, run("r1"), warehouse.contracts) as add:
        add("dim_owner", owners(*range(30_000)))
        add("dim_account", frame(DIM_ACCOUNT, [{"account_id": "a"}]))
        add("dim_owner", owners())
        add("dim_owner", owners(*range(30_000, 70_001)).lazy())
        add("dim_account", frame(DIM_ACCOUNT, [{"account_id": "b"}]).lazy())
    assert add.rows == {"dim_owner": 70_001, "dim_account": 2}
    assert warehouse.all("SELECT count(*), count(DISTINCT owner_id), min(run_id) FROM staging.dim_owner") == [
        (70_001, 70_001, "r1")
    ]
    assert warehouse.all("SELECT account_id FROM staging.dim_account ORDER BY 1") == [("a",), ("b",)]


def test_what_is_staged_in_parts_is_published(warehouse_of, run, owners):
    warehouse = warehouse_of(DIM_OWNER)
    with staging(warehouse.engine, run("r1"), warehouse.contracts) as add:
        add("dim_owner", owners("a"))
        add("dim_owner", owners("b"))
    assert warehouse.publish(run("r1")).tables["dim_owner"].inserted == 2


def test_rows_are_copied_while_the_block_still_computes(warehouse_of, run, owners):
    warehouse = warehouse_of(DIM_OWNER)
    with staging(warehouse.engine, run("r1"), warehouse.contracts) as add:
        add("dim_owner", owners("a"))
        copied = "SELECT owner_id FROM staging.dim_owner"
        until(lambda: warehouse.all(copied) != [])
        assert warehouse.all(copied) == [("a",)]


class Watched(np.ndarray):
    """Numbers that tell, by a weak reference, when nobody holds them any more."""


def test_a_part_that_is_copied_is_kept_by_nobody(warehouse_of, run, owners):
    warehouse = warehouse_of(DIM_OWNER)
    hashes = np.arange(1_000).view(Watched)
    is_kept = weakref.ref(hashes)
    column = pl.Series(pa.Array.from_buffers(pa.int64(), 1_000, [None, pa.py_buffer(hashes)]))
    part = owners(*range(1_000)).with_columns(record_hash=column)
    del hashes, column
    with staging(warehouse.engine, run("r1"), warehouse.contracts) as add:
        add("dim_owner", part)
        assert is_kept() is not None
        del part
        until(lambda: is_kept() is None)


def test_the_caller_runs_no_more_than_a_few_batches_ahead(warehouse_of, run, owners):
    """Two batches are being copied and two wait; the fifth has to wait in the caller's hands."""
    warehouse = warehouse_of(DIM_OWNER)
    given, is_ready, is_held, is_enough = [], threading.Event(), threading.Event(), threading.Event()

    def parts():
        is_ready.set()
        is_held.wait()
        yield from endless(given, owners, is_enough.is_set)

    caller = threading.Thread(target=give, args=[warehouse, run("r1"), parts()])
    caller.start()
    is_ready.wait()
    try:
        with held(warehouse.engine):
            is_held.set()
            until(lambda: len(given) >= 5 and len(warehouse.all(WAITING)) == 2)
            assert len(warehouse.all(WAITING)) == 2
            assert len(given) == 5
            is_enough.set()
    finally:
        is_enough.set()
        caller.join()
    assert warehouse.all("SELECT count(*) FROM staging.dim_owner") == [(5,)]


def test_a_refused_value_is_told_at_the_next_part_or_at_the_end(warehouse_of, run, owners):
    warehouse = warehouse_of(DIM_OWNER)
    refused = ("dim_owner", owners("canary\x00"))
    before = threading.active_count()
    for more in ((), endless([], owners)):
        with pytest.raises(PublishError, match=r"Staging: .*table dim_owner, column owner_id.*NUL") as told:
            give(warehouse, run("r1"), chain([refused], more))
        assert "canary" not in str(told.value)
        assert threading.active_count() == before
        with pytest.raises(PublishError, match="r1 is not in staging"):
            warehouse.publish(run("r1"))


def test_a_failure_that_the_caller_swallows_is_told_again_at_the_end(warehouse_of, run, owners):
    warehouse = warehouse_of(DIM_OWNER)
    swallowed = []

    def swallow():
        with staging(warehouse.engine, run("r1"), warehouse.contracts) as add:
            add("dim_owner", owners("\x00"))
            while not swallowed:
                try:
                    add("dim_owner", owners("a"))
                except PublishError as error:
                    swallowed.append(error)

    with pytest.raises(PublishError, match="NUL"):
        swallow()
    assert swallowed


def test_a_caller_who_waits_wakes_up_when_the_connections_are_cut(warehouse_of, run, owners):
    warehouse = warehouse_of(DIM_OWNER)
    given = []

    def cut():
        until(lambda: len(warehouse.all(WAITING)) == 2 and len(given) >= 5)
        warehouse.all(WAITING.replace("SELECT pid", "SELECT pg_terminate_backend(pid)"))

    def give_in_vain():
        with staging(warehouse.engine, run("r1"), warehouse.contracts) as add, held(warehouse.engine):
            for name, rows in endless(given, owners):
                add(name, rows)

    cutter = threading.Thread(target=cut)
    cutter.start()
    with pytest.raises(PublishError, match=r"Staging: PostgreSQL .*terminating connection"):
        give_in_vain()
    cutter.join()


@pytest.mark.parametrize("error", [ZeroDivisionError("mine"), KeyboardInterrupt(), psycopg.OperationalError("mine")])
def test_an_error_of_the_caller_stops_the_copying_and_passes_on_as_it_is(warehouse_of, run, owners, error):
    warehouse = warehouse_of(DIM_OWNER)
    before = threading.active_count()

    def parts():
        yield "dim_owner", owners(*range(70_000))
        raise error

    with pytest.raises(type(error)) as raised:
        give(warehouse, run("r1"), parts())

    assert raised.value is error
    assert threading.active_count() == before
    assert warehouse.all(COPYING) == []
    with pytest.raises(PublishError, match="r1 is not in staging"):
        warehouse.publish(run("r1"))


def test_every_table_must_be_given_at_least_an_empty_part(warehouse_of, run, owners):
    warehouse = warehouse_of(DIM_OWNER, DIM_ACCOUNT)
    with pytest.raises(PublishError, match="Nothing was given to stage for dim_account"):
        give(warehouse, run("r1"), [("dim_owner", owners())])
    with pytest.raises(PublishError, match="r1 is not in staging"):
        warehouse.publish(run("r1"))


@pytest.mark.parametrize(
    ("name", "change", "told"),
    [
        ("dim_x", lambda rows: rows, "There is no contract for dim_x"),
        ("dim_owner", lambda rows: rows.drop("owner_name"), r"staging\.dim_owner: the frame lacks owner_name"),
        ("dim_owner", lambda rows: rows.with_columns(shoe_size=1), "the contract has no shoe_size"),
        ("dim_owner", lambda rows: rows.with_columns(is_queue=pl.lit("no")), "the frame holds String"),
    ],
    ids=["an unknown table", "a column is missing", "a column too many", "another type"],
)
def test_each_part_is_held_to_the_contract(warehouse_of, run, owners, name, change, told):
    warehouse = warehouse_of(DIM_OWNER)
    with pytest.raises(PublishError, match=told):
        give(warehouse, run("r1"), [("dim_owner", owners("a")), (name, change(owners("b")))])
