"""Quoting of names and constants for PostgreSQL.

Statements that a driver composes for itself (`psycopg.sql`) are quoted by the driver.
"""

from datetime import date
from decimal import Decimal


def identifier(*names: str | None) -> str:
    """Quote a name, or a qualified name such as schema and table. A null part is left out.

    >>> print(identifier('a"b'), identifier("staging", "dim_person"))
    "a""b" "staging"."dim_person"
    """
    return ".".join('"' + name.replace('"', '""') + '"' for name in names if name is not None)


def literal(value: str | float | Decimal | bool | date) -> str:  # noqa: FBT001  # a value of any kind, not a switch
    r"""Write a constant, safe for any characters and for any backslash setting of the server.

    >>> print(literal("O'Hara"), literal("a\\b"), literal(0.5), literal(date(2026, 1, 31)), literal(True))
    'O''Hara' E'a\\b' 0.5 date '2026-01-31' true
    """
    match value:
        case bool():
            return str(value).lower()
        case str():
            return f"E{text(value)}".replace("\\", "\\\\") if "\\" in value else text(value)
        case date():
            return f"date '{value.isoformat()}'"
        case _:
            return format(value, "f") if isinstance(value, Decimal) else repr(value)


def text(value: str) -> str:
    r"""Write a text in which a backslash is literal, as in the predicate language.

    >>> print(text("it's a\\b"))
    'it''s a\b'
    """
    return "'" + value.replace("'", "''") + "'"
