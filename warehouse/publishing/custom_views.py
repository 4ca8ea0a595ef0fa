"""Views of the customer's own fields: one typed column for each, beside the key of the row it belongs to."""

from collections.abc import Mapping, Sequence

import sqlalchemy as sa
from psycopg import sql

from definitions.mapping.custom_fields import member
from definitions.schema.column import Column
from definitions.schema.tables import DIM_ACCOUNT, DIM_PERSON, FCT_OPPORTUNITY, Table
from warehouse.columns import postgresql_type
from warehouse.limits import driver_of
from warehouse.read.reader_role import READER

_TABLES: Mapping[str, Table] = {"person": DIM_PERSON, "account": DIM_ACCOUNT, "opportunity": FCT_OPPORTUNITY}
_FOUND = """
SELECT a.attname, format_type(a.atttypid, a.atttypmod), col_description(a.attrelid, a.attnum)
FROM pg_attribute a WHERE a.attrelid = to_regclass(%s) AND a.attnum > 0 ORDER BY a.attnum
"""


def show_custom_fields(connection: sa.Connection, custom: Mapping[str, Sequence[Column]]) -> None:
    """Make `curated.<table>_custom` show the fields that are declared; without any there is no view.

    A view that shows them already is left alone, so that a run waits for no reader.
    """
    for kind, table in _TABLES.items():
        columns = custom.get(kind, ())
        view = sql.Identifier(table.schema, f"{table.name}_custom")
        server = driver_of(connection)
        found = server.execute(_FOUND, [f"{table.schema}.{table.name}_custom"]).fetchall()
        if found == _declared(connection, table, columns):
            continue
        server.execute(sql.SQL("DROP VIEW IF EXISTS {}").format(view))
        if columns:
            for statement in _statements(connection, view, table, columns):
                server.execute(statement)


def _declared(connection: sa.Connection, table: Table, columns: Sequence[Column]) -> list[tuple[str, str, str]]:
    if not columns:
        return []
    key = table[table.key[0]]
    types = {column.name: _type(connection, column) for column in (key, *columns)}
    return [(key.name, types[key.name], key.means), *((member(one), types[one.name], one.means) for one in columns)]


def _statements(
    connection: sa.Connection, view: sql.Identifier, table: Table, columns: Sequence[Column]
) -> list[sql.SQL | sql.Composed]:
    key = table[table.key[0]]
    members = [
        sql.SQL("(custom ->> {})::{} AS {}").format(
            sql.Literal(member(column)), sql.SQL(_type(connection, column)), sql.Identifier(member(column))
        )
        for column in columns
    ]
    shown = sql.SQL(", ").join([sql.Identifier(key.name), *members])
    grain = f"Fields of your own of {table.name}, typed. {table.grain} Key: {key.name}."
    said = {key.name: key.means} | {member(column): column.means for column in columns}
    comments = [
        sql.SQL("COMMENT ON COLUMN {}.{} IS {}").format(view, sql.Identifier(name), sql.Literal(means))
        for name, means in said.items()
    ]
    return [
        sql.SQL("CREATE VIEW {} AS SELECT {} FROM {}").format(view, shown, sql.Identifier(table.schema, table.name)),
        sql.SQL("COMMENT ON VIEW {} IS {}").format(view, sql.Literal(grain)),
        *comments,
        sql.SQL("GRANT SELECT ON {} TO {}").format(view, sql.Identifier(READER)),
    ]


def _type(connection: sa.Connection, column: Column) -> str:
    """The type as PostgreSQL itself writes it."""
    return postgresql_type(column).compile(dialect=connection.dialect).lower().replace(", ", ",")
