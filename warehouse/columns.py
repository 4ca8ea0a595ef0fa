"""PostgreSQL type of each kind of column, and comments of columns and tables."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.types import TypeEngine

from definitions.schema.column import Column, Kind
from definitions.schema.tables import Table

# jsonb, not json: it can be compared, grouped and searched. Parsing costs more (2.2 s against 1.6 s of server time for
# 400,000 objects of 270 bytes), so staging keeps text and only rows that are written are parsed.
_POSTGRESQL: dict[Kind, TypeEngine[Any]] = {
    Kind.TEXT: sa.Text(),
    Kind.INTEGER: sa.Integer(),
    Kind.COUNT: sa.BigInteger(),
    Kind.REAL: sa.Double(),
    Kind.MONEY: sa.Numeric(18, 2),
    Kind.BOOLEAN: sa.Boolean(),
    Kind.DAY: sa.Date(),
    Kind.MOMENT: sa.DateTime(timezone=True),
    Kind.TEXTS: postgresql.ARRAY(sa.Text()),
    Kind.JSON: postgresql.JSONB(),
}


def postgresql_type(field: Column) -> TypeEngine[Any]:
    """Return the type of a column in a published table."""
    return _POSTGRESQL[field.kind]


def staging_type(field: Column) -> TypeEngine[Any]:
    """Return the type of a column in staging: as published, except that JSON is text."""
    return sa.Text() if field.kind is Kind.JSON else _POSTGRESQL[field.kind]


def column_comment(table: Table, field: Column) -> str:
    """Build a column's comment: meaning, unit, vocabulary or bounds, reference, and whether it is personal data.

    References are documented and audited, not enforced: a fact may arrive before the row it points to.
    """
    parts = [field.means]
    if field.unit:
        parts.append(f"Unit: {field.unit}.")
    if field.vocabulary:
        parts.append(f"Words: curated.dim_word, vocabulary {field.vocabulary.name}.")
    if field.low is not None and field.high is not None:
        parts.append(f"From {field.low:g} to {field.high:g}.")
    elif field.low is not None:
        parts.append(f"At least {field.low:g}.")
    if field.name in table.references:
        parts.append(f"Refers to {table.schema}.{table.references[field.name]}.")
    if field.is_personal:
        parts.append("Personal data.")
    return " ".join(parts)


def table_comment(table: Table) -> str:
    """Build a table's comment: its grain and its key."""
    return f"{table.grain} Key: {', '.join(table.key)}."
