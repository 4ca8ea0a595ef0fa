"""Compiler of predicates to PostgreSQL expressions over the curated columns.

The result does not depend on the database's collation, time zone or search path: text is ordered by its bytes, names
are quoted, `as_of` is a literal.
"""

from datetime import date

from definitions.predicates.nodes import (
    Arithmetic,
    Between,
    Coalesce,
    Compare,
    Days,
    In,
    IsNull,
    Like,
    Literal,
    Logic,
    Macro,
    Name,
    Node,
    Not,
    ValueType,
    common_type,
    type_of,
)
from definitions.schema.facets import CUSTOM
from definitions.sql_text import identifier, literal

_MEMBERS = {
    ValueType.TEXT: "text",
    ValueType.WHOLE: "bigint",
    ValueType.REAL: "double precision",
    ValueType.DECIMAL: "numeric",
    ValueType.BOOLEAN: "boolean",
    ValueType.DAY: "date",
    ValueType.MOMENT: "timestamptz",
}
_CASTS = {ValueType.DECIMAL: "numeric", ValueType.REAL: "double precision"}


def sql_of(node: Node, as_of: date) -> str:  # noqa: PLR0911  # one return a kind of node
    """Compile the tree to one SQL expression, safe to embed in another."""
    match node:
        case Name():
            quoted = _column(node)
            return f"NULLIF({quoted}, 'unknown')" if node.unknown_is_null else quoted
        case Days():
            return f"({_day(node.later, as_of)} - {_day(node.earlier, as_of)})"
        case Literal():
            return f"({literal(node.value)})"
        case Macro():
            return sql_of(node.body, as_of)
        case Logic():
            return f"({f' {node.op.upper()} '.join(sql_of(part, as_of) for part in node.parts)})"
        case Not():
            return f"(NOT {sql_of(node.part, as_of)})"
        case IsNull():
            return f"({sql_of(node.part, as_of)} IS NULL)"
        case Arithmetic():
            left, right = (_cast(side, node.type, as_of) for side in (node.left, node.right))
            return f"({left} {node.op} {right})"
        case Coalesce():
            return f"COALESCE({', '.join(_cast(part, node.type, as_of) for part in node.parts)})"
        case _:
            return _test(node, as_of)


def _test(node: Compare | In | Between | Like, as_of: date) -> str:
    match node:
        case Compare():
            left, right = _alike((node.left, node.right), as_of)
            return f"({left} {node.op} {right})"
        case In():
            part, *items = _alike((node.part, *node.items), as_of)
            return f"({part} IN ({', '.join(items)}))"
        case Between():
            part, low, high = _alike((node.part, node.low, node.high), as_of)
            return f"({part} BETWEEN {low} AND {high})"
        case Like():
            return f'({sql_of(node.part, as_of)} COLLATE "C" LIKE {literal(node.pattern)})'


def _alike(nodes: tuple[Node, ...], as_of: date) -> list[str]:
    """Compile the expressions, cast to their common type."""
    shared = common_type(nodes)
    if shared is ValueType.TEXT:
        return [f'({sql_of(node, as_of)} COLLATE "C")' for node in nodes]
    return [_cast(node, shared, as_of) for node in nodes]


def _cast(node: Node, wanted: ValueType | None, as_of: date) -> str:
    sql = sql_of(node, as_of)
    if wanted in _CASTS and type_of(node) is not wanted:
        return f"CAST({sql} AS {_CASTS[wanted]})"
    return sql


def _day(column: str, as_of: date) -> str:
    return literal(as_of) if column == "as_of" else identifier(column)


def _column(node: Name) -> str:
    """Compile a column; a custom field is a member of the JSON object `custom`, which is text while staged."""
    if not node.name.startswith(f"{CUSTOM}."):
        return identifier(node.name)
    member = literal(node.name.removeprefix(f"{CUSTOM}."))
    return f'(("{CUSTOM}"::jsonb ->> {member})::{_MEMBERS[node.type]})'
