"""Fields of the customer's own, read from the text columns of a record into its JSON object `custom`."""

from collections.abc import Callable, Sequence

import polars as pl

from definitions.mapping.custom_fields import UNREADABLE, member
from definitions.polars_types import dtype_of
from definitions.schema.column import Column
from transforms.step import ROW, step


@step(partition_by=ROW)
def with_custom_fields(
    text: pl.LazyFrame, columns: Sequence[Column], read: Callable[[Column, pl.Expr], pl.Expr]
) -> pl.LazyFrame:
    """Add `custom`, a JSON object with the value of each column; null where there is none.

    `text` holds each column as text, under its name; `read` gives the typed value, null where it cannot be read. Such a
    value costs itself alone: it is null, and the member `unreadable` names it.
    """
    if not columns:
        return text
    values = {column.name: read(column, pl.col(column.name)).cast(dtype_of(column), strict=False) for column in columns}
    typed = text.with_columns(value.alias(_as_value(name)) for name, value in values.items())
    unread = [
        pl.when(pl.col(name).str.contains(r"\S") & pl.col(_as_value(name)).is_null()).then(pl.lit(member(column)))
        for name, column in ((column.name, column) for column in columns)
    ]
    told = pl.concat_str(unread, separator=", ", ignore_nulls=True)
    members = [pl.col(_as_value(column.name)).alias(member(column)) for column in columns]
    unreadable = pl.when(told != "").then(told).alias(member(UNREADABLE))
    return typed.with_columns(custom=as_object([*members, unreadable]))


def as_object(members: Sequence[pl.Expr]) -> pl.Expr:
    """Compile named values to a JSON object; null where all are."""
    return pl.when(pl.any_horizontal(one.is_not_null() for one in members)).then(
        pl.struct(members).struct.json_encode()
    )


def _as_value(name: str) -> str:
    return f"{name} as value"
