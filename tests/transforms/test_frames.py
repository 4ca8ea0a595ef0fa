from datetime import UTC, date, datetime
from decimal import Decimal

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal
from polars.testing.parametric import column, dataframes

from definitions.errors import TransformError
from definitions.polars_types import MOMENT, schema_of
from definitions.schema.column import Step
from definitions.schema.columns import COLUMNS, columns_named
from definitions.schema.records import RECORD_KINDS
from definitions.schema.tables import CURATED, DIM_PERSON, OPS, Table
from transforms.frames import conformed, empty, in_slices, require_columns, with_record_hash

DEALS = Table(
    schema="curated",
    name="deals",
    grain="One deal.",
    columns=columns_named(
        "opportunity_id name next_step amount close_date closed_at push_count probability is_open run_id"
    ),
    key=("opportunity_id",),
)
LINKS = Table("curated", "links", "One link.", columns_named("record_key same_as_keys"), ("record_key",))


def test_every_field_has_a_type():
    assert schema_of(COLUMNS.values()).names() == list(COLUMNS)


@pytest.mark.parametrize("contract", [*CURATED, *OPS, *RECORD_KINDS.values()], ids=lambda contract: contract.name)
def test_an_empty_frame_conforms_to_every_contract(contract):
    frame = conformed(pl.LazyFrame({"other": [1]}), contract).collect()
    assert frame.columns == contract.names
    assert frame.height == 1
    assert set(frame.null_count().row(0)) == {1}


def test_columns_come_in_order_the_missing_as_nulls_the_others_not():
    frame = pl.LazyFrame({"push_count": [2], "colour": ["red"], "opportunity_id": ["d"]})
    row = conformed(frame, DEALS).collect()
    assert row.schema == schema_of(DEALS.columns)
    assert row.row(0, named=True) | {"opportunity_id": "d", "push_count": 2} == row.row(0, named=True)
    assert row["amount"].to_list() == [None]


@pytest.mark.parametrize(
    ("name", "values", "expected"),
    [
        ("push_count", pl.Series([7], dtype=pl.UInt32), 7),
        ("probability", pl.Series([1], dtype=pl.Int64), 1.0),
        ("amount", pl.Series([12], dtype=pl.Int64), Decimal("12.00")),
        ("amount", pl.Series([Decimal("1.015")]), Decimal("1.02")),
        ("closed_at", pl.Series([datetime(2026, 1, 1, tzinfo=UTC)], dtype=pl.Datetime("ms", "UTC")), "same"),
        ("name", pl.Series(["x"], dtype=pl.Categorical), "x"),
        ("close_date", pl.Series([None]), None),
    ],
    ids=["narrower", "whole for real", "whole for money", "half a cent to even", "milliseconds", "category", "nothing"],
)
def test_a_type_that_means_the_same_is_cast(name, values, expected):
    value = conformed(values.to_frame(name).lazy(), DEALS).collect()[name][0]
    assert value == (datetime(2026, 1, 1, tzinfo=UTC) if expected == "same" else expected)


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("push_count", pl.Series(["1"])),
        ("push_count", pl.Series([1.0])),
        ("amount", pl.Series([1.0])),
        ("name", pl.Series([1])),
        ("closed_at", pl.Series([datetime(2026, 1, 1)])),  # noqa: DTZ001 - a moment without a zone is the case
        ("close_date", pl.Series([datetime(2026, 1, 1, tzinfo=UTC)])),
        ("is_open", pl.Series([1])),
    ],
    ids=["text for number", "real for count", "real for money", "number for text", "no zone", "moment for day", "1"],
)
def test_a_type_that_contradicts_the_contract_is_refused_before_any_row_is_read(name, values):
    with pytest.raises(TransformError, match=rf"deals\.{name}"):
        conformed(values.to_frame(name).lazy(), DEALS)


@pytest.mark.parametrize("engine", ["in-memory", "streaming"])
@pytest.mark.parametrize(
    ("name", "values"),
    [("push_count", pl.Series([2**40])), ("amount", pl.Series([10**17]))],
    ids=["count", "money"],
)
def test_a_value_that_does_not_fit_is_refused_without_being_shown(name, values, engine):
    with pytest.raises(TransformError, match=rf"deals\.{name}: at least one value does not fit") as refusal:
        conformed(values.to_frame(name).lazy(), DEALS).collect(engine=engine)
    assert str(values[0]) not in str(refusal.value)


def hashes(rows: list[dict[str, object]], table: Table = DEALS) -> list[int]:
    frame = conformed(pl.LazyFrame(rows, schema_overrides=dict(schema_of(table.columns))), table)
    return with_record_hash(frame, table).collect()["record_hash"].to_list()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"name": None}, {"name": ""}),
        ({"name": "ab", "next_step": "c"}, {"name": "a", "next_step": "bc"}),
        ({"name": "a", "next_step": None}, {"name": None, "next_step": "a"}),
        ({"is_open": False}, {"is_open": None}),
        ({"push_count": 0}, {"push_count": None}),
        ({"amount": Decimal("0.01")}, {"amount": Decimal("0.02")}),
        ({"close_date": date(2026, 1, 1)}, {"close_date": date(2026, 1, 2)}),
        ({"name": "é"}, {"name": "e\u0301"}),
    ],
    ids=["null, empty", "boundary", "column", "false, null", "zero, null", "cent", "day", "form of a letter"],
)
def test_another_content_is_another_hash(one, other):
    assert len(set(hashes([one, other]))) == 2


def test_a_list_is_hashed_by_its_members():
    rows = [{"same_as_keys": keys} for keys in (["a", "b"], ["ab"], [], None, ["b", "a"])]
    assert len(set(hashes(rows, LINKS))) == 5


def test_the_run_that_wrote_a_row_is_not_its_content():
    assert len(set(hashes([{"name": "a", "run_id": "1"}, {"name": "a", "run_id": "2"}]))) == 1


def test_the_hash_of_a_row_is_the_same_in_every_release():
    """A hash that moved would rewrite every row of every warehouse."""
    row = {"opportunity_id": "d", "amount": Decimal("5.00"), "close_date": date(2026, 1, 1), "is_open": True}
    assert hashes([row]) == [5169267434136753742]


ROWS = dataframes(
    cols=[
        column("opportunity_id", dtype=pl.String),
        column("name", dtype=pl.String, allow_null=True),
        column("push_count", dtype=pl.Int32, allow_null=True),
        column("closed_at", dtype=MOMENT, allow_null=True),
        column("probability", dtype=pl.Float64, allow_null=True),
    ],
    min_size=1,
    max_size=6,
)


@settings(max_examples=40, deadline=None)
@given(ROWS, st.integers(0, 5))
def test_a_hash_is_not_negative_never_null_and_depends_on_its_row_alone(frame, cut):
    rows = conformed(frame.lazy(), DEALS)
    whole = with_record_hash(rows, DEALS).collect()
    assert whole.schema["record_hash"] == pl.Int64
    assert whole["record_hash"].min() >= 0
    assert whole["record_hash"].null_count() == 0
    parts = [with_record_hash(rows.slice(*part), DEALS).collect() for part in ((0, cut), (cut, None))]
    assert_frame_equal(pl.concat(parts), whole)


def test_an_empty_frame_has_the_schema_and_no_row():
    assert_frame_equal(empty(DEALS.columns).collect(), pl.DataFrame(schema=schema_of(DEALS.columns)))


@pytest.mark.parametrize(("height", "rows", "heights"), [(0, 3, [0]), (3, 3, [3]), (7, 3, [3, 3, 1])])
def test_slices_hold_every_row_once_and_in_order(height, rows, heights):
    parts = [part.collect() for part in in_slices(pl.LazyFrame({"a": range(height)}, schema={"a": pl.Int64}), rows)]
    assert [part.height for part in parts] == heights
    assert pl.concat(parts)["a"].to_list() == list(range(height))


def test_a_step_that_does_not_deliver_what_it_owes_is_named():
    people = pl.LazyFrame(schema=schema_of(column for column in DIM_PERSON.columns if column.name != "reachability"))
    require_columns(people, DIM_PERSON, Step.GOLDEN)
    with pytest.raises(TransformError, match=r"^dim_person: declared, .* no step: reachability \(step facets\)\.$"):
        require_columns(people, DIM_PERSON, Step.FACETS)
