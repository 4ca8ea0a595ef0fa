"""Predicates and day counters of the definitions as Polars expressions.

The answers are those of PostgreSQL for `Predicate.to_postgres`, null for null: `tests/transforms/test_predicates.py`
holds the two engines against each other.
"""

import re
from datetime import date
from decimal import Decimal
from functools import reduce

import polars as pl

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
)
from definitions.predicates.predicate import Predicate
from definitions.schema.facets import AS_OF, DERIVED, UNKNOWN

_DTYPES = {
    ValueType.WHOLE: pl.Int64(),
    ValueType.DECIMAL: pl.Decimal(38, 6),
    ValueType.REAL: pl.Float64(),
}


def compile_predicate(predicate: Predicate, as_of: date) -> pl.Expr:
    """Compile a test to a Boolean expression, null where the answer is unknown.

    >>> from definitions.predicates.predicate import parse
    >>> late = compile_predicate(parse("days_overdue > 7", "opportunity"), date(2026, 1, 31))
    >>> pl.DataFrame({"close_date": [date(2026, 1, 23), date(2026, 1, 24), None]}).select(late).to_series().to_list()
    [True, False, None]
    """
    return _expr(predicate.node, as_of)


def compile_facet(name: str, as_of: date) -> pl.Expr:
    """Compile a facet, a stored column or a derived day counter, to an expression named after it.

    A stored column is unchanged, the word `unknown` included.
    """
    derived = DERIVED.get(name)
    if derived is None:
        return pl.col(name)
    return _days(derived.later, derived.earlier, as_of).alias(name)


def _expr(node: Node, as_of: date) -> pl.Expr:  # noqa: PLR0911  # one return a kind of node
    match node:
        case Name():
            column = pl.col(node.name)
            return pl.when(column != UNKNOWN).then(column) if node.unknown_is_null else column
        case Days():
            return _days(node.later, node.earlier, as_of)
        case Literal():
            return _literal(node)
        case Macro():
            return _expr(node.body, as_of)
        case Logic():
            parts = [_expr(part, as_of) for part in node.parts]
            return pl.all_horizontal(parts) if node.op == "and" else pl.any_horizontal(parts)
        case Not():
            return ~_expr(node.part, as_of)
        case IsNull():
            return _expr(node.part, as_of).is_null()
        case Coalesce():
            return _coalesced([_cast(part, node.type, as_of) for part in node.parts])
        case Arithmetic():
            return _arithmetic(node, as_of)
        case _:
            return _test(node, as_of)


def _test(node: Compare | In | Between | Like, as_of: date) -> pl.Expr:
    match node:
        case Compare():
            left, right = _alike((node.left, node.right), as_of)
            return _compared(node.op, left, right)
        case In():
            part, *items = _alike((node.part, *node.items), as_of)
            return pl.any_horizontal([part == item for item in items])
        case Between():
            part, low, high = _alike((node.part, node.low, node.high), as_of)
            return (part >= low) & (part <= high)
        case Like():
            return _expr(node.part, as_of).str.contains(like_to_regex(node.pattern))


def _compared(op: str, left: pl.Expr, right: pl.Expr) -> pl.Expr:
    compared = {
        "=": left.eq,
        "<>": left.ne,
        "<": left.lt,
        "<=": left.le,
        ">": left.gt,
        ">=": left.ge,
    }[op]
    return compared(right)


def _coalesced(parts: list[pl.Expr]) -> pl.Expr:
    """Return the first non-null value; `pl.coalesce` makes one row of an all-null column followed by a literal."""
    return reduce(lambda value, part: value.fill_null(part), parts)


def _arithmetic(node: Arithmetic, as_of: date) -> pl.Expr:
    if node.type is ValueType.WHOLE:
        return (_expr(node.left, as_of) - _expr(node.right, as_of)).dt.total_days()
    left, right = _alike((node.left, node.right), as_of, ValueType.REAL)
    return {"+": left.add, "-": left.sub, "*": left.mul}[node.op](right)


def _alike(nodes: tuple[Node, ...], as_of: date, wanted: ValueType | None = None) -> list[pl.Expr]:
    """Compile the expressions in the one type they are compared in."""
    shared = wanted or common_type(nodes)
    return [_cast(node, shared, as_of) for node in nodes]


def _cast(node: Node, wanted: ValueType | None, as_of: date) -> pl.Expr:
    expr = _expr(node, as_of)
    return expr.cast(_DTYPES[wanted]) if wanted in _DTYPES else expr


def _literal(node: Literal) -> pl.Expr:
    if isinstance(node.value, Decimal):
        return pl.lit(node.value, dtype=_DTYPES[ValueType.DECIMAL])
    return pl.lit(node.value, dtype=_DTYPES.get(node.type))


def _days(later: str, earlier: str, as_of: date) -> pl.Expr:
    return (_day(later, as_of) - _day(earlier, as_of)).dt.total_days()


def _day(column: str, as_of: date) -> pl.Expr:
    return pl.lit(as_of, dtype=pl.Date) if column == AS_OF else pl.col(column)


def like_to_regex(pattern: str) -> str:
    r"""Turn a LIKE pattern into a regular expression over the whole text, line ends included.

    >>> print(like_to_regex(r"50\% of_%"))
    (?s)\A50%\ of..*\z
    """
    parts = re.findall(r"\\(.)|(.)", pattern, flags=re.DOTALL)
    wild = {"%": ".*", "_": "."}
    return (
        r"(?s)\A"
        + "".join(re.escape(plain) if plain else wild.get(char, re.escape(char)) for plain, char in parts)
        + r"\z"
    )
