"""Read rows back as typed frames, over ADBC."""

from collections.abc import Sequence
from typing import Any

import polars as pl
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from definitions.field import Field, Kind
from warehouse.columns import frame_schema
from warehouse.connect import bulk_connection
from warehouse.database_errors import without_values

# ADBC takes parameters as $1; what is asked of it never holds a value.
_DIALECT = postgresql.dialect(paramstyle="numeric_dollar")  # type: ignore[no-untyped-call]  # SQLAlchemy leaves it so


@without_values("Reading the warehouse")
def read(engine: sa.Engine, statement: sa.Select[Any], fields: Sequence[Field]) -> pl.DataFrame:
    """Run a query whose columns are these fields in this order, and give a frame of the fields' types."""
    schema = frame_schema(fields)
    compiled = statement.compile(dialect=_DIALECT, compile_kwargs={"render_postcompile": True})
    values = [compiled.params[name] for name in compiled.positiontup or ()]
    with bulk_connection(engine) as connection, connection.cursor() as cursor:
        cursor.execute(str(compiled), values or None)
        rows = pl.DataFrame(cursor.fetch_arrow_table())
    return rows.rename(dict(zip(rows.columns, schema.names(), strict=True))).cast(schema)


def column_of(table: sa.FromClause, field: Field) -> sa.ColumnElement[Any]:
    """The column as it is read: decimals and JSON as text, which a frame takes as it is."""
    column = table.c[field.name]
    return sa.cast(column, sa.Text()).label(field.name) if field.kind in {Kind.MONEY, Kind.JSON} else column
