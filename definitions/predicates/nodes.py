"""Syntax tree of a predicate: the complete list of what the language can express.

Every node is immutable and compares by content. Two compilers walk the tree: one to PostgreSQL, one to Polars.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import Enum
from typing import Literal as OneOf
from typing import TypeAlias


class ValueType(Enum):
    """Type of an expression. Numbers: WHOLE and DECIMAL compare exactly, REAL is double precision."""

    TEXT = "text"
    WHOLE = "whole number"
    DECIMAL = "decimal number"
    REAL = "real number"
    BOOLEAN = "yes or no"
    DAY = "day"
    MOMENT = "moment"


NUMBERS = (ValueType.WHOLE, ValueType.DECIMAL, ValueType.REAL)


@dataclass(frozen=True, slots=True)
class Name:
    """A column. Where its vocabulary has the word `unknown`, that word is read as null (`unknown_is_null`)."""

    name: str
    type: ValueType
    values: tuple[str, ...] = ()
    unknown_is_null: bool = False


@dataclass(frozen=True, slots=True)
class Days:
    """A derived day counter: whole days from `earlier` to `later`, one of which is `as_of`."""

    name: str
    later: str
    earlier: str


@dataclass(frozen=True, slots=True)
class Literal:
    """A value written in the predicate; never null."""

    value: str | int | Decimal | bool | date
    type: ValueType


@dataclass(frozen=True, slots=True)
class Compare:
    """Comparison of two values of compatible types."""

    op: OneOf["=", "<>", "<", "<=", ">", ">="]
    left: "Node"
    right: "Node"


@dataclass(frozen=True, slots=True)
class Logic:
    """Two or more tests joined by one word."""

    op: OneOf["and", "or"]
    parts: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Not:
    """Negation; unknown stays unknown."""

    part: "Node"


@dataclass(frozen=True, slots=True)
class IsNull:
    """Whether a value is unknown; itself never unknown."""

    part: "Node"


@dataclass(frozen=True, slots=True)
class In:
    """Equal to one of the items."""

    part: "Node"
    items: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Between:
    """At least `low` and at most `high`."""

    part: "Node"
    low: "Node"
    high: "Node"


@dataclass(frozen=True, slots=True)
class Like:
    r"""Text that matches a pattern: `%` is any text, `_` any one character, `\` escapes either."""

    part: "Node"
    pattern: str


@dataclass(frozen=True, slots=True)
class Coalesce:
    """The first value that is known."""

    parts: tuple["Node", ...]
    type: ValueType


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """Numbers added, subtracted or multiplied in double precision; a day minus a day is a whole number."""

    op: OneOf["+", "-", "*"]
    left: "Node"
    right: "Node"
    type: ValueType


@dataclass(frozen=True, slots=True)
class Macro:
    """A criterion or a policy, used by its name."""

    name: str
    body: "Node"


Node: TypeAlias = (
    Name | Days | Literal | Compare | Logic | Not | IsNull | In | Between | Like | Coalesce | Arithmetic | Macro
)


def type_of(node: Node) -> ValueType:
    """Return the type of an expression."""
    match node:
        case Name() | Literal() | Coalesce() | Arithmetic():
            return node.type
        case Days():
            return ValueType.WHOLE
        case _:
            return ValueType.BOOLEAN


def common_type(nodes: tuple[Node, ...]) -> ValueType | None:
    """Return the type in which the expressions can be compared; None where there is none."""
    types = {type_of(node) for node in nodes}
    if len(types) == 1:
        return types.pop()
    if types <= set(NUMBERS):
        return max(types, key=NUMBERS.index)
    return None


def children(node: Node) -> tuple[Node, ...]:  # noqa: PLR0911  # one return a kind of node
    """Return the direct child expressions; the body of a macro is its child."""
    match node:
        case Name() | Days() | Literal():
            return ()
        case Compare() | Arithmetic():
            return (node.left, node.right)
        case Logic() | Coalesce():
            return node.parts
        case Not() | IsNull() | Like():
            return (node.part,)
        case In():
            return (node.part, *node.items)
        case Between():
            return (node.part, node.low, node.high)
        case Macro():
            return (node.body,)


def names_in(node: Node) -> frozenset[str]:
    """Collect the names read, macros expanded; a day counter appears under its own name."""
    own = {node.name} if isinstance(node, Name | Days) else set()
    return frozenset(own).union(*(names_in(child) for child in children(node)))


def columns_in(node: Node) -> frozenset[str]:
    """Collect the columns read; a day counter appears as the column it is computed from."""
    match node:
        case Name(name=name):
            return frozenset({name})
        case Days(later=later, earlier=earlier):
            return frozenset({later, earlier} - {"as_of"})
        case _:
            return frozenset().union(*(columns_in(child) for child in children(node)))
