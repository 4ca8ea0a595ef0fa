"""Parser of predicates: from text to syntax tree, with an allow list of constructs.

Reading order: `tree_of`, then `_Reader.read`. Types and vocabularies are checked while the tree is built, so that both
engines can evaluate every tree without an error.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from definitions.config.suggestions import suggestion
from definitions.errors import ConfigurationError
from definitions.predicates.checks import check_arithmetic, check_compared, check_pattern, check_same, check_test
from definitions.predicates.nodes import (
    NUMBERS,
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
)
from definitions.predicates.text import text_of
from definitions.schema.column import Kind
from definitions.schema.facets import CUSTOM, UNKNOWN, Derived, Facet

_LONGEST = 2000
_DIGITS, _DECIMALS = 15, 6
_TYPES = {
    Kind.TEXT: ValueType.TEXT,
    Kind.INTEGER: ValueType.WHOLE,
    Kind.COUNT: ValueType.WHOLE,
    Kind.REAL: ValueType.REAL,
    Kind.MONEY: ValueType.DECIMAL,
    Kind.BOOLEAN: ValueType.BOOLEAN,
    Kind.DAY: ValueType.DAY,
    Kind.MOMENT: ValueType.MOMENT,
}
_COMPARISONS: dict[type[exp.Expr], str] = {
    exp.EQ: "=",
    exp.NEQ: "<>",
    exp.LT: "<",
    exp.LTE: "<=",
    exp.GT: ">",
    exp.GTE: ">=",
}
_ARITHMETIC: dict[type[exp.Expr], str] = {exp.Add: "+", exp.Sub: "-", exp.Mul: "*"}
_ALLOWED = "=, <>, <, <=, >, >=, and, or, not, in, between, like, is null, coalesce, +, -, *"


def tree_of(text: str, facets: Mapping[str, Facet], macros: Mapping[str, Node]) -> Node:
    """Parse a test; raise `ConfigurationError` with the reason and, for a misspelt name, a suggestion."""
    if len(text) > _LONGEST:
        raise ConfigurationError(f"a test of {len(text)} characters cannot be read aloud; the limit is {_LONGEST}")
    if "\0" in text:
        raise ConfigurationError("a test may not hold the NUL character")
    try:
        parsed = sqlglot.parse(text, dialect="postgres")
        if len(parsed) != 1 or parsed[0] is None:
            raise ConfigurationError("expected one test, such as days_overdue > 7")
        node = _Reader(facets, macros).read(parsed[0])
    except SqlglotError as error:
        raise ConfigurationError(f"cannot be read as a test{_position(error)}") from error
    except RecursionError as error:
        raise ConfigurationError("the test is nested too deeply to be read aloud") from error
    check_test(node, "the whole")
    return node


def _position(error: SqlglotError) -> str:
    details = getattr(error, "errors", None)
    if not details:
        return ""
    return f": {details[0]['description'].rstrip('.').lower()} near column {details[0]['col']}"


@dataclass(frozen=True, slots=True)
class _Reader:
    """Converts sqlglot's tree to `Node`, with the facets and macros that a test may name."""

    facets: Mapping[str, Facet]
    macros: Mapping[str, Node]

    def read(self, parsed: exp.Expr) -> Node:
        if parsed.comments:
            raise ConfigurationError("a comment does not belong inside a test; put it in because")
        kind = type(parsed)
        if kind in _COMPARISONS:
            return self.comparison(parsed)
        if kind in _ARITHMETIC:
            return self.arithmetic(parsed)
        reader = _READERS.get(kind)
        if reader is None:
            raise ConfigurationError(f"{parsed.sql(dialect='postgres')!r} is not allowed; a test may use {_ALLOWED}")
        return reader(self, parsed)

    def paren(self, parsed: exp.Expr) -> Node:
        return self.read(parsed.this)

    def column(self, parsed: exp.Expr) -> Node:
        identifier, before = parsed.this, parsed.args.get("table")
        is_custom = isinstance(before, exp.Identifier) and before.name == CUSTOM and not parsed.args.get("db")
        if not isinstance(identifier, exp.Identifier) or (before and not is_custom):
            raise ConfigurationError(
                f"{parsed.sql()!r} is not a name: names have no dots, but for {CUSTOM}.… of your own"
            )
        name = f"{CUSTOM}.{identifier.name}" if is_custom else identifier.name
        if identifier.quoted:
            raise ConfigurationError(f'"{name}" is in double quotes: text takes single quotes, a name none')
        if name in self.macros:
            return Macro(name, self.macros[name])
        facet = self.facets.get(name)
        if facet is None:
            raise ConfigurationError(f"unknown name {name!r}{suggestion(name, [*self.macros, *self.facets])}")
        if isinstance(facet, Derived):
            return Days(facet.name, facet.later, facet.earlier)
        values = tuple(value for value in facet.values if value != UNKNOWN)
        return Name(facet.name, _TYPES[facet.kind], values, UNKNOWN in facet.values)

    def literal(self, parsed: exp.Expr) -> Node:
        if parsed.is_string:
            return Literal(parsed.this, ValueType.TEXT)
        return _number(parsed.this)

    def boolean(self, parsed: exp.Expr) -> Node:
        return Literal(bool(parsed.this), ValueType.BOOLEAN)

    def negative(self, parsed: exp.Expr) -> Node:
        value = self.read(parsed.this)
        if isinstance(value, Literal) and value.type in NUMBERS and isinstance(value.value, int | Decimal):
            return Literal(-value.value, value.type)
        raise ConfigurationError(f"a minus sign goes before a number; write 0 - {text_of(value)}")

    def day(self, parsed: exp.Expr) -> Node:
        is_date = parsed.args["to"].this is exp.DataType.Type.DATE
        if not is_date or not isinstance(parsed.this, exp.Literal) or not parsed.this.is_string:
            raise ConfigurationError(f"{parsed.sql(dialect='postgres')!r} converts a type, which is not allowed")
        try:
            return Literal(date.fromisoformat(parsed.this.this), ValueType.DAY)
        except ValueError as error:
            raise ConfigurationError(f"{parsed.this.this!r} is not a day; write date '2026-01-31'") from error

    def null(self, parsed: exp.Expr) -> Node:
        raise ConfigurationError(f"nothing equals {parsed.sql().lower()}; write `is null` or `is not null`")

    def comparison(self, parsed: exp.Expr) -> Node:
        left, right = self.read(parsed.this), self.read(parsed.expression)
        op = _COMPARISONS[type(parsed)]
        check_compared((left, right), is_order=op not in ("=", "<>"))
        return Compare(op, left, right)  # type: ignore[arg-type]  # the table holds exactly the six words

    def arithmetic(self, parsed: exp.Expr) -> Node:
        left, right = self.read(parsed.this), self.read(parsed.expression)
        op = _ARITHMETIC[type(parsed)]
        type_ = check_arithmetic(op, left, right)
        return Arithmetic(op, left, right, type_)  # type: ignore[arg-type]  # the table holds exactly the three signs

    def and_(self, parsed: exp.Expr) -> Node:
        return self.logic(parsed, "and")

    def or_(self, parsed: exp.Expr) -> Node:
        return self.logic(parsed, "or")

    def logic(self, parsed: exp.Expr, op: str) -> Node:
        parts: list[Node] = []
        for side in (self.read(parsed.this), self.read(parsed.expression)):
            check_test(side, f"each side of {op!r}")
            parts.extend(side.parts if isinstance(side, Logic) and side.op == op else (side,))
        return Logic("and" if op == "and" else "or", tuple(parts))

    def not_(self, parsed: exp.Expr) -> Node:
        part = self.read(parsed.this)
        check_test(part, "what follows 'not'")
        return Not(part)

    def is_(self, parsed: exp.Expr) -> Node:
        if not isinstance(parsed.expression, exp.Null):
            raise ConfigurationError("`is` goes with null only; a yes-or-no name is a test by itself")
        test = IsNull(self.read(parsed.this))
        return Not(test) if parsed.args.get("negate") else test

    def in_(self, parsed: exp.Expr) -> Node:
        if set(parsed.args) - {"this", "expressions"} and any(
            parsed.args.get(key) for key in parsed.args if key not in ("this", "expressions")
        ):
            raise ConfigurationError("`in` takes a list of values in brackets, not a query")
        if not parsed.expressions:
            raise ConfigurationError("`in` has an empty list")
        part, items = self.read(parsed.this), tuple(self.read(item) for item in parsed.expressions)
        check_compared((part, *items), is_order=False)
        return In(part, items)

    def between(self, parsed: exp.Expr) -> Node:
        if parsed.args.get("symmetric"):
            raise ConfigurationError("`between symmetric` is not allowed; write the lower end first")
        part, low, high = (self.read(parsed.args[key]) for key in ("this", "low", "high"))
        check_compared((part, low, high), is_order=True)
        return Between(part, low, high)

    def like(self, parsed: exp.Expr) -> Node:
        pattern = parsed.expression
        if not isinstance(pattern, exp.Literal) or not pattern.is_string:
            raise ConfigurationError("`like` takes one pattern in single quotes")
        part = self.read(parsed.this)
        check_pattern(part, pattern.this)
        test = Like(part, pattern.this)
        return Not(test) if parsed.args.get("negate") else test

    def coalesce(self, parsed: exp.Expr) -> Node:
        parts = tuple(self.read(part) for part in (parsed.this, *parsed.expressions))
        if len(parts) == 1:
            raise ConfigurationError("coalesce takes two or more values")
        for part in parts[:-1]:
            if isinstance(part, Literal):
                raise ConfigurationError(f"coalesce never gets past {text_of(part)}; a written value comes last")
        return Coalesce(parts, check_same(parts))


def _number(digits: str) -> Node:
    whole, dot, decimals = digits.partition(".")
    if not (whole + decimals).isdecimal() or len(whole) > _DIGITS or len(decimals) > _DECIMALS:
        raise ConfigurationError(f"{digits} is not a plain number of up to {_DIGITS} digits and {_DECIMALS} decimals")
    if dot:
        return Literal(Decimal(digits), ValueType.DECIMAL)
    return Literal(int(digits), ValueType.WHOLE)


_READERS: dict[type[exp.Expr], Callable[[_Reader, exp.Expr], Node]] = {
    exp.Paren: _Reader.paren,
    exp.Column: _Reader.column,
    exp.Literal: _Reader.literal,
    exp.Boolean: _Reader.boolean,
    exp.Neg: _Reader.negative,
    exp.Cast: _Reader.day,
    exp.Null: _Reader.null,
    exp.And: _Reader.and_,
    exp.Or: _Reader.or_,
    exp.Not: _Reader.not_,
    exp.Is: _Reader.is_,
    exp.In: _Reader.in_,
    exp.Between: _Reader.between,
    exp.Like: _Reader.like,
    exp.Coalesce: _Reader.coalesce,
}
