"""Many rows into an empty table: the quick way leaves the same table, and is left where somebody would notice it."""

import os
import signal

import polars as pl
import pytest
import sqlalchemy as sa

from definitions.errors import PublishError
from definitions.schema.column import Column, Kind
from definitions.schema.tables import Table
from tests.warehouse.staged import stage
from warehouse.connect import engine_for
from warehouse.embedded.server import EmbeddedServer
from warehouse.migrate import migrate
from warehouse.tables import published_table

pytestmark = pytest.mark.slow

BIG = Table(
    "curated",
    "dim_big",
    "One row.",
    (Column("id", Kind.TEXT, "Id."), Column("record_hash", Kind.COUNT, "Hash.")),
    ("id",),
)
MANY = 20_000
INDEX = "ix_dim_big_record_hash"


@pytest.fixture
def warehouse(engine, warehouse_of):
    make_table(engine)
    return warehouse_of(BIG)


def make_table(engine):
    table = published_table(BIG)
    sa.Index(INDEX, table.c.record_hash)
    table.metadata.create_all(engine)


def load(warehouse, run, rows=MANY, ids=None, **publishing):
    """Publish that many rows, of these ids."""
    frame = pl.DataFrame(
        {"id": [str(number) for number in range(rows)] if ids is None else ids}, schema={"id": pl.String}
    ).with_columns(record_hash=pl.int_range(pl.len()))
    stage(warehouse.engine, run, {"dim_big": frame}, [BIG])
    return warehouse.publish(run, **publishing).tables["dim_big"].inserted


def indexes(warehouse):
    """Names of valid indexes and whether each is unique."""
    rows = warehouse.all(
        "SELECT indexrelid::regclass::text, indisunique FROM pg_index"
        " WHERE indrelid = 'curated.dim_big'::regclass AND indisvalid"
    )
    return {name.removeprefix("curated."): is_unique for name, is_unique in rows}


def count_of(connection):
    return connection.execute(sa.text("SELECT count(*) FROM curated.dim_big")).scalar_one()


WHOLE = {"pk_dim_big": True, INDEX: False}


@pytest.mark.parametrize("rows", [MANY - 1, MANY])
def test_rows_find_their_key_and_indexes_again(warehouse, run, rows):
    assert load(warehouse, run("r1"), rows) == rows
    assert indexes(warehouse) == WHOLE
    assert sa.inspect(warehouse.engine).get_pk_constraint("dim_big", "curated")["constrained_columns"] == ["id"]
    assert warehouse.all("SELECT count(*), count(DISTINCT id) FROM curated.dim_big") == [(rows, rows)]


def test_an_index_that_an_administrator_dropped_stays_away(warehouse, run):
    with warehouse.engine.begin() as connection:
        connection.execute(sa.text(f"DROP INDEX curated.{INDEX}"))
        connection.execute(sa.text("ALTER TABLE curated.dim_big DROP CONSTRAINT pk_dim_big"))
    load(warehouse, run("r1"))
    assert indexes(warehouse) == {}


def test_many_rows_are_not_logged(warehouse, run):
    """But for small files, which PostgreSQL rather logs than waits for: `wal_skip_threshold`, 2 MB."""
    logged = "SELECT pg_current_wal_insert_lsn() - '0/0'::pg_lsn"
    [(before,)] = warehouse.all(logged)
    load(warehouse, run("r1"), ids=[f"{number:0300}" for number in range(MANY)])
    [(after,)] = warehouse.all(logged)
    [(size,)] = warehouse.all("SELECT pg_total_relation_size('curated.dim_big')")
    assert after - before < size / 4


def test_two_rows_of_one_key_stop_it_as_always(warehouse, run):
    ids = [f"canary-{number}" for number in range(MANY)] + ["canary-7"]
    with pytest.raises(PublishError, match=r"UniqueViolation.*pk_dim_big.*Two rows share one key") as refused:
        load(warehouse, run("r1"), ids=ids)
    assert "canary" not in str(refused.value)
    assert warehouse.all("SELECT count(*) FROM curated.dim_big") == [(0,)]
    assert indexes(warehouse) == WHOLE


def test_a_reader_who_is_there_is_not_waited_for_and_reads_on(warehouse, run):
    with warehouse.engine.connect().execution_options(isolation_level="REPEATABLE READ") as reader, reader.begin():
        assert count_of(reader) == 0
        assert load(warehouse, run("r1"), lock_seconds=0) == MANY  # 0 waits for ever
        assert count_of(reader) == 0
    assert indexes(warehouse) == WHOLE
    assert warehouse.all("SELECT count(*) FROM curated.dim_big") == [(MANY,)]


def test_a_reader_of_an_earlier_run_still_finds_its_rows(warehouse, run):
    """The table is empty when the rows come, but was not when the reader began."""
    load(warehouse, run("r1"), ids=["of r1"])
    with warehouse.engine.connect().execution_options(isolation_level="REPEATABLE READ") as reader, reader.begin():
        reader.execute(sa.text("SELECT count(*) FROM ops.run"))
        load(warehouse, run("r2"), ids=[])
        load(warehouse, run("r3"))
        assert reader.execute(sa.text("SELECT id FROM curated.dim_big")).scalars().all() == ["of r1"]
    assert warehouse.all("SELECT count(*) FROM curated.dim_big") == [(MANY,)]


@pytest.mark.parametrize(
    "tie",
    [
        "CREATE TABLE public.noted (id text REFERENCES curated.dim_big)",
        "CREATE VIEW public.seen AS SELECT id, record_hash, count(*) FROM curated.dim_big GROUP BY id",
    ],
    ids=["a foreign key", "a view that counts on the key"],
)
def test_what_others_tied_to_the_key_holds(warehouse, run, tie):
    with warehouse.engine.begin() as connection:
        connection.execute(sa.text(tie))
    assert load(warehouse, run("r1")) == MANY
    assert indexes(warehouse) == WHOLE


def test_a_publication_that_is_given_up_leaves_the_table_as_it_was(warehouse, run):
    def report(_tables):
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        load(warehouse, run("r1"), report=report)
    assert warehouse.all("SELECT count(*) FROM curated.dim_big") == [(0,)]
    assert indexes(warehouse) == WHOLE


def test_a_crash_of_the_server_leaves_nothing_or_all(tmp_path, warehouse_of, run):
    with EmbeddedServer(tmp_path) as server:
        engine = engine_for(server.url)
        migrate(engine)
        make_table(engine)
        warehouse = warehouse_of(BIG, given=engine)

        def crash(_tables=None):
            pid = int((tmp_path / "warehouse" / "data" / "postmaster.pid").read_text().splitlines()[0])
            os.kill(pid, signal.SIGQUIT)  # what `pg_ctl stop -m immediate` does
            while server._cluster.answers():
                os.sched_yield()
            server.start()
            return {}

        with pytest.raises(PublishError):
            load(warehouse, run("r1"), report=crash)
        assert warehouse.all("SELECT count(*) FROM curated.dim_big") == [(0,)]
        assert indexes(warehouse) == WHOLE

        load(warehouse, run("r2"))
        crash()
        assert warehouse.all("SELECT count(*), count(DISTINCT id) FROM curated.dim_big") == [(MANY, MANY)]
        assert warehouse.all(f"SELECT count(*) FROM curated.dim_big WHERE id = '{MANY - 1}'") == [(1,)]
        assert indexes(warehouse) == WHOLE
