"""Custom fields: text columns of a record, parsed into its JSON object `custom`."""

from collections.abc import Callable, Mapping, Sequence

import polars as pl

from definitions.mapping.custom_fields import UNREADABLE, member
from definitions.polars_types import dtype_of
from definitions.schema.column import Column
from transforms.conform.faults import fault
from transforms.step import ROW, step


@step(partition_by=ROW)
def with_custom_fields(
    text: pl.LazyFrame, columns: Sequence[Column], read: Callable[[Column, pl.Expr], pl.Expr]
) -> pl.LazyFrame:
    """Add `custom`, a JSON object with the value of each column; null where there is none.

    `text` holds each column as text, under its name; `read` returns the typed value or null. An unreadable value
    is null, and the member `unreadable` names it; `unread_custom_fields` compiles its fault.
    """
    if not columns:
        return text
    values = {column.name: read(column, pl.col(column.name)).cast(dtype_of(column), strict=False) for column in columns}
    typed = text.with_columns(value.alias(_as_value(name)) for name, value in values.items())
    read_values = {column.name: pl.col(_as_value(column.name)) for column in columns}
    unread = {column.name: _is_unread(column) for column in columns}
    return typed.with_columns(custom=custom_object(columns, read_values, unread))


def unread_custom_fields(columns: Sequence[Column]) -> list[pl.Expr]:
    """Compile the faults of unreadable custom fields, each a `FAULT` or null, after `with_custom_fields`."""
    return [
        pl.when(_is_unread(column)).then(fault("unreadable_value", column.name, expected=column.kind.value))
        for column in columns
    ]


def _is_unread(column: Column) -> pl.Expr:
    return pl.col(column.name).str.contains(r"\S") & pl.col(_as_value(column.name)).is_null()


def custom_object(columns: Sequence[Column], values: Mapping[str, pl.Expr], unread: Mapping[str, pl.Expr]) -> pl.Expr:
    """Compile the JSON object `custom` of columns: their values and `unreadable`; null where all are.

    `values` and `unread` are by the names of the columns; `unread` is true where a source has a value that cannot be
    parsed.
    """
    names = [pl.when(unread[column.name]).then(pl.lit(member(column))) for column in columns]
    joined = pl.concat_str(names, separator=", ", ignore_nulls=True)
    members = [values[column.name].alias(member(column)) for column in columns]
    return as_object([*members, pl.when(joined != "").then(joined).alias(member(UNREADABLE))])


def as_object(members: Sequence[pl.Expr]) -> pl.Expr:
    """Compile named values to a JSON object; null where all are."""
    return pl.when(pl.any_horizontal(one.is_not_null() for one in members)).then(
        pl.struct(members).struct.json_encode()
    )


def _as_value(name: str) -> str:
    return f"{name} as value"
