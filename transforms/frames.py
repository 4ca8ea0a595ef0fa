"""Contracts as Polars frames: empty frames, slices, columns in order, the row hash."""

from collections.abc import Iterable, Iterator
from functools import partial

import polars as pl
import polars_hash

from definitions.errors import TransformError
from definitions.polars_types import dtype_of, schema_of
from definitions.schema.column import Column, Kind, Step
from definitions.schema.records import RecordKind
from definitions.schema.tables import Table
from transforms.step import ROW, step


def empty(fields: Iterable[Column]) -> pl.LazyFrame:
    """Make a frame with the columns of the fields and no row."""
    return pl.LazyFrame(schema=schema_of(fields))


def in_slices(frame: pl.LazyFrame, rows: int) -> Iterator[pl.LazyFrame]:
    """Split a frame into contiguous slices of `rows` rows, in order; an empty frame gives one empty slice.

    >>> [piece.collect().to_series().to_list() for piece in in_slices(pl.LazyFrame({"a": [1, 2, 3]}), 2)]
    [[1, 2], [3]]
    """
    height = frame.select(pl.len()).collect().item()
    return (frame.slice(start, rows) for start in range(0, max(height, 1), rows))


@step(partition_by=ROW)
def conformed(frame: pl.LazyFrame, contract: Table | RecordKind) -> pl.LazyFrame:
    """Select the contract's columns, in its order and types; a missing column becomes typed nulls.

    Other columns are dropped. A type that cannot hold the contract's values (text for a number, a moment without a
    zone, a real for money) raises `TransformError` here; a value that does not fit raises it on collection. Both name
    table and column, never a value. Decimals finer than a cent are rounded half to even.
    """
    present = frame.collect_schema()
    return frame.select(_column(contract.name, field, present.get(field.name)) for field in _fields(contract))


def require_columns(frame: pl.DataFrame | pl.LazyFrame, table: Table, step: Step) -> None:
    """Raise `TransformError` naming the columns of a table that `step` or an earlier one must deliver and did not."""
    present = frame.collect_schema()
    if missing := [column for column in table.columns if column.step <= step and column.name not in present]:
        names = ", ".join(f"{column.name} (step {column.step.name.lower()})" for column in missing)
        raise TransformError(f"{table.name}: declared, and delivered by no step: {names}.")


@step(partition_by=ROW, delivers=("record_hash",))
def with_record_hash(frame: pl.LazyFrame, table: Table) -> pl.LazyFrame:
    """Add `record_hash` (Int64, never negative or null): XXH3 64 bit over the columns in `table.content`.

    Null and empty text differ, and so do `("ab", "c")` and `("a", "bc")`: rows are encoded before they are hashed.
    The frame must be conformed.
    """
    encoded = polars_hash.hash_rows(*table.content)
    # Halved, not masked: the top 63 bits of the hash fit a signed column.
    return frame.with_columns(record_hash=(encoded.nchash.xxh3_64() // 2).cast(pl.Int64))


def _fields(contract: Table | RecordKind) -> tuple[Column, ...]:
    return contract.columns if isinstance(contract, Table) else contract.fields


def _column(table: str, field: Column, present: pl.DataType | None) -> pl.Expr:
    want = dtype_of(field)
    column = pl.col(field.name)
    if present is None:
        return pl.lit(None, dtype=want).alias(field.name)
    if present == want:
        return column
    if not _can_hold(field.kind, present):
        raise TransformError(f"{table}.{field.name}: the frame holds {present}, the contract says {want}.")
    if _may_overflow(field.kind, present):
        cast = partial(_cast_whole, table=table, dtype=want)
        return column.map_batches(cast, return_dtype=want, is_elementwise=True)
    return column.cast(want)


def _can_hold(kind: Kind, present: pl.DataType) -> bool:
    """Whether a column of the type means the same as the kind, perhaps in another width."""
    if isinstance(present, pl.Null):
        return True
    likeness: dict[Kind, bool] = {
        Kind.TEXT: isinstance(present, pl.Categorical | pl.Enum),
        Kind.INTEGER: present.is_integer(),
        Kind.COUNT: present.is_integer(),
        Kind.REAL: present.is_float() or present.is_integer(),
        Kind.MONEY: present.is_decimal() or present.is_integer(),
        Kind.MOMENT: isinstance(present, pl.Datetime) and present.time_zone == "UTC",
        Kind.TEXTS: isinstance(present, pl.List) and isinstance(present.inner, pl.Null),
    }
    return likeness.get(kind, False)


def _may_overflow(kind: Kind, present: pl.DataType) -> bool:
    return kind in {Kind.INTEGER, Kind.COUNT, Kind.MONEY} and not isinstance(present, pl.Null)


def _cast_whole(values: pl.Series, *, table: str, dtype: pl.DataType) -> pl.Series:
    """Cast; raise `TransformError` naming table and column where a value does not fit."""
    try:
        return values.cast(dtype)
    except pl.exceptions.InvalidOperationError:
        raise TransformError(f"{table}.{values.name}: at least one value does not fit {dtype}.") from None
