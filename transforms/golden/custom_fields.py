"""Fields of the customer's own on their way through survivorship: out of `custom` as columns, and back into it."""

from collections.abc import Sequence

import polars as pl

from definitions.mapping.custom_fields import member
from definitions.polars_types import dtype_of
from definitions.schema.column import Column
from definitions.schema.shared import CUSTOM
from transforms.conform.custom_fields import as_object
from transforms.step import ROW, step


@step(partition_by=ROW)
def unpacked(records: pl.DataFrame, columns: Sequence[Column]) -> pl.DataFrame:
    """Put a column `custom.<name>` for each field in place of `custom`."""
    if not columns:
        return records.drop(CUSTOM.name, strict=False)
    shape = pl.Struct({member(column): dtype_of(column) for column in columns})
    fields = pl.col(CUSTOM.name).str.json_decode(shape).struct
    return records.with_columns(fields.field(member(column)).alias(column.name) for column in columns).drop(CUSTOM.name)


@step(partition_by=ROW, delivers=("custom",))
def packed(rows: pl.DataFrame, columns: Sequence[Column]) -> pl.DataFrame:
    """Add `custom`, a JSON object of the columns; they stay, for predicates to name."""
    if not columns:
        return rows.with_columns(pl.lit(None, pl.String).alias(CUSTOM.name))
    members = [pl.col(column.name).alias(member(column)) for column in columns]
    return rows.with_columns(as_object(members).alias(CUSTOM.name))
