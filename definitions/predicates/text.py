"""Text form of a predicate: equal trees have equal texts."""

from datetime import date
from decimal import Decimal

from definitions import sql_text
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
)


def text_of(node: Node) -> str:  # noqa: PLR0911  # one return a kind of node
    """Write the tree as text that parses to the same tree."""
    match node:
        case Name() | Days() | Macro():
            return node.name
        case Literal(value=value):
            return literal(value)
        case Compare():
            return f"{_term(node.left)} {node.op} {_term(node.right)}"
        case Arithmetic():
            return f"{_factor(node.left)} {node.op} {_factor(node.right)}"
        case Logic():
            return f" {node.op} ".join(_inside(part) for part in node.parts)
        case Coalesce():
            return f"coalesce({', '.join(text_of(part) for part in node.parts)})"
        case Not(part=In() | Between() | Like() | IsNull() as part):
            return _range(part, " not")
        case Not():
            return f"not {_factor(node.part)}"
        case In() | Between() | Like() | IsNull():
            return _range(node, "")


def literal(value: str | int | Decimal | bool | date) -> str:  # noqa: FBT001  # a value of any kind, not a switch
    """Write one value as an SQL literal, except that a backslash in a text is literal.

    >>> literal("it's"), literal(date(2026, 1, 31)), literal(True)
    ("'it''s'", "date '2026-01-31'", 'true')
    """
    return sql_text.text(value) if isinstance(value, str) else sql_text.literal(value)


def _range(node: In | Between | Like | IsNull, negation: str) -> str:
    part = _factor(node.part)
    match node:
        case IsNull():
            return f"{part} is{negation} null"
        case In():
            return f"{part}{negation} in ({', '.join(text_of(item) for item in node.items)})"
        case Between():
            return f"{part}{negation} between {_factor(node.low)} and {_factor(node.high)}"
        case Like():
            return f"{part}{negation} like {literal(node.pattern)}"


def _factor(node: Node) -> str:
    simple = isinstance(node, Name | Days | Literal | Coalesce | Macro)
    return text_of(node) if simple else f"({text_of(node)})"


def _term(node: Node) -> str:
    return text_of(node) if isinstance(node, Arithmetic) else _factor(node)


def _inside(node: Node) -> str:
    return f"({text_of(node)})" if isinstance(node, Logic) else text_of(node)
