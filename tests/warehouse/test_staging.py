from datetime import UTC, date, datetime
from decimal import Decimal

import polars as pl
import pytest
import sqlalchemy as sa

from definitions.errors import PublishError
from definitions.schema.column import Column, Kind
from definitions.schema.tables import DIM_OWNER, Table
from tests.warehouse.staged import stage
from warehouse.load.staging import drop_ops_tables, empty_staging, stage_ops_tables
from warehouse.read.frames import column_of, read
from warehouse.tables import staged_table

pytestmark = pytest.mark.slow

EVERY_KIND = Table(
    "curated", "every_kind", "One row.", tuple(Column(kind.value, kind, "A value.") for kind in Kind),
    ("text",),
)  # fmt: skip
FULL = {
    "text": 'a "quoted"\ttab\nline \\N \\. é 😀 \u200b',
    "integer": -(2**31),
    "count": 2**63 - 1,
    "real": 1e-300,
    "money": Decimal("9999999999999999.99"),
    "boolean": True,
    "day": date(1, 1, 1),
    "moment": datetime(1969, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC),
    "texts": ['a, "b"', "", None, "{}"],
    "json": '{"a": [1, null, "é\\u0001"]}',
}
NULLS = dict.fromkeys(FULL) | {"text": ""}


@pytest.mark.parametrize("is_lazy", [False, True], ids=["frame", "lazy frame"])
def test_every_kind_of_value_arrives_as_it_was(engine, frame, run, is_lazy):
    rows = frame(EVERY_KIND, [FULL, NULLS])
    counts = stage(engine, run("r1"), {"every_kind": rows.lazy() if is_lazy else rows}, [EVERY_KIND])
    staged = staged_table(EVERY_KIND)
    back = read(engine, sa.select(*(column_of(staged, field) for field in EVERY_KIND.columns)), EVERY_KIND.columns)
    assert counts == {"every_kind": 2}
    assert back.sort("integer", nulls_last=True).to_dicts() == [FULL, NULLS]


def test_many_batches_over_several_connections_lose_no_row(engine, frame, run):
    owners = frame(DIM_OWNER, [{"owner_id": str(number)} for number in range(70_001)])
    stage(engine, run("r1"), {"dim_owner": owners.lazy()}, [DIM_OWNER])
    with engine.connect() as connection:
        counted = connection.execute(sa.text("SELECT count(*), count(DISTINCT owner_id) FROM staging.dim_owner")).one()
    assert tuple(counted) == (70_001, 70_001)


def test_every_row_says_which_run_it_is_of_whatever_the_frame_says(warehouse_of, frame, run):
    warehouse = warehouse_of(DIM_OWNER)
    said = frame(DIM_OWNER, [{}]).with_columns(run_id=pl.lit("not mine"), loaded_at=pl.lit(None))
    stage(warehouse.engine, run("it's %s :r"), {"dim_owner": said}, [DIM_OWNER])
    assert warehouse.all("SELECT run_id, definitions_version, loaded_at FROM staging.dim_owner") == [
        ("it's %s :r", "2026.1", datetime(2026, 11, 22, 8, 30, tzinfo=UTC))
    ]


def test_staged_tables_are_unlogged_and_what_a_dead_run_left_is_gone(warehouse_of, run, frame):
    warehouse = warehouse_of(DIM_OWNER)
    with warehouse.engine.begin() as connection:
        connection.execute(sa.text("CREATE TABLE staging.left_behind (x text)"))
    warehouse.stage("r1", dim_owner=[{}])
    warehouse.stage("r2")
    kinds = "SELECT relname::text, relpersistence::text FROM pg_class WHERE relnamespace = 'staging'::regnamespace"
    assert sorted(warehouse.all(kinds)) == [("dim_owner", "u"), ("staged_run", "u")]
    assert warehouse.all("SELECT count(*) FROM staging.dim_owner") == [(0,)]
    untouched = "SELECT reloptions::text LIKE '%autovacuum_enabled=off%' FROM pg_class WHERE relname = 'dim_owner'"
    assert (True,) in warehouse.all(f"{untouched} AND relpersistence = 'u'")
    empty_staging(warehouse.engine)
    assert warehouse.all(kinds) == []


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda rows: rows.drop("owner_name"), r"staging\.dim_owner: the frame lacks owner_name"),
        (lambda rows: rows.drop("record_hash"), r"staging\.dim_owner: the frame lacks record_hash"),
        (lambda rows: rows.with_columns(shoe_size=1), r"staging\.dim_owner: the contract has no shoe_size"),
        (
            lambda rows: rows.with_columns(record_count=pl.lit("one")),
            r"staging\.dim_owner\.record_count: the frame holds String, the contract Int32",
        ),
    ],
    ids=["a column is missing", "the hash is missing", "a column too many", "another type"],
)
def test_a_frame_that_breaks_the_contract_is_refused_by_name(engine, frame, run, change, told):
    with pytest.raises(PublishError, match=told):
        stage(engine, run("r1"), {"dim_owner": change(frame(DIM_OWNER, [{}]))}, [DIM_OWNER])


@pytest.mark.parametrize(
    ("frames", "told"),
    [({}, "Nothing was given to stage for dim_owner"), ({"dim_x": None}, "no contract for dim_x")],
    ids=["a table is missing", "an unknown table"],
)
def test_every_table_is_staged_and_no_other(engine, run, frames, told):
    with pytest.raises(PublishError, match=told):
        stage(engine, run("r1"), frames, [DIM_OWNER])


def test_a_nul_character_is_refused_with_its_column_and_without_its_value(engine, frame, run):
    rows = frame(DIM_OWNER, [{"owner_id": "1"}, {"owner_id": "2", "owner_name": "canary\x00name"}])
    with pytest.raises(PublishError, match=r"table dim_owner, column owner_name.*NUL") as refused:
        stage(engine, run("r1"), {"dim_owner": rows}, [DIM_OWNER])
    assert "canary" not in str(refused.value)


def test_ops_tables_are_staged_as_they_are_and_seen_by_nobody_else(warehouse_of, frame):
    warehouse = warehouse_of(DIM_OWNER)
    mine = warehouse.stage("r1", dim_owner=[{}])
    staged = staged_table(EVERY_KIND)
    with warehouse.engine.begin() as connection:
        stage_ops_tables(connection, mine, {"every_kind": frame(EVERY_KIND, [FULL, NULLS])}, [EVERY_KIND])
        rows = connection.execute(sa.select(*staged.columns).order_by(staged.c.integer)).mappings().all()
        assert [dict(row) for row in rows] == [FULL, NULLS]
        assert warehouse.all("SELECT to_regclass('staging.every_kind')") == [(None,)]
        drop_ops_tables(connection, [EVERY_KIND])
    assert warehouse.all("SELECT to_regclass('staging.every_kind'), count(*) FROM staging.dim_owner") == [(None, 1)]
