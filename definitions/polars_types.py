"""Polars types of columns: the same in every frame, computed, staged or read back."""

from collections.abc import Iterable

import polars as pl

from definitions.schema.column import Column, Kind

MOMENT = pl.Datetime("us", "UTC")
MONEY = pl.Decimal(18, 2)

_DTYPES: dict[Kind, pl.DataType] = {
    Kind.TEXT: pl.String(),
    Kind.INTEGER: pl.Int32(),
    Kind.COUNT: pl.Int64(),
    Kind.REAL: pl.Float64(),
    Kind.MONEY: MONEY,
    Kind.BOOLEAN: pl.Boolean(),
    Kind.DAY: pl.Date(),
    Kind.MOMENT: MOMENT,
    Kind.TEXTS: pl.List(pl.String()),
    Kind.JSON: pl.String(),
}


def dtype_of(field: Column) -> pl.DataType:
    """Return the Polars type of a column, the same in every frame."""
    return _DTYPES[field.kind]


def schema_of(fields: Iterable[Column]) -> pl.Schema:
    """Return the Polars schema of columns, in their order.

    >>> from definitions.schema.columns import columns_named
    >>> schema_of(columns_named("close_date amount"))
    Schema([('close_date', Date), ('amount', Decimal(precision=18, scale=2))])
    """
    return pl.Schema([(field.name, dtype_of(field)) for field in fields])
