"""A small reader of SOQL: SELECT fields FROM type [WHERE …] [ORDER BY …] [LIMIT n].

Conditions are comparisons, IN, LIKE and null tests, joined by AND, OR, NOT and brackets.
"""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime

import polars as pl

from sandbox.salesforce.errors import SalesforceError

_TOKEN = re.compile(
    r"\s*(?:(?P<text>'(?:[^'\\]|\\.)*')|(?P<moment>\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:?\d\d))|(?P<day>\d{4}-\d\d-\d\d)"
    r"|(?P<number>-?\d+(?:\.\d+)?)|(?P<word>[A-Za-z_][\w.]*)|(?P<sign><=|>=|!=|<>|[=<>(),]))"
)
_SIGNS = ("=", "!=", "<>", "<", "<=", ">", ">=")

Value = str | int | float | bool | date | datetime | None


@dataclass(frozen=True, slots=True)
class Comparison:
    """`field sign value`; for IN the value is a tuple."""

    field: str
    sign: str
    value: Value | tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Junction:
    """Conditions joined by AND or OR, or one turned round by NOT."""

    word: str
    parts: tuple["Condition", ...]


Condition = Comparison | Junction


@dataclass(frozen=True, slots=True, kw_only=True)
class Soql:
    """A query read: `order` holds (field, descending, nulls last)."""

    fields: tuple[str, ...]
    kind: str
    where: Condition | None
    order: tuple[tuple[str, bool, bool], ...]
    limit: int | None


def read_soql(text: str) -> Soql:
    """Read a query; raises `SalesforceError`.

    >>> read_soql("SELECT Id FROM Lead WHERE IsDeleted = false LIMIT 2").limit
    2
    """
    return _Reader(_tokens(text)).query()


def _tokens(text: str) -> list[tuple[str, str]]:
    tokens, at = [], 0
    stripped = text.rstrip()
    while at < len(stripped):
        found = _TOKEN.match(stripped, at)
        if found is None or found.lastgroup is None:
            raise SalesforceError("MALFORMED_QUERY", f"unexpected token: '{stripped[at : at + 10].strip()}'")
        tokens.append((found.lastgroup, found[found.lastgroup]))
        at = found.end()
    return tokens


class _Reader:
    """Reads tokens from left to right, one method a rule of the grammar."""

    def __init__(self, tokens: list[tuple[str, str]]) -> None:
        self.tokens, self.at = tokens, 0

    def query(self) -> Soql:
        self.expect("SELECT")
        fields = self.selected()
        self.expect("FROM")
        kind = self.name()
        where = self.disjunction() if self.accept("WHERE") else None
        order = self.ordering() if self.accept("ORDER") else ()
        limit = int(self.take("number")) if self.accept("LIMIT") else None
        if self.at < len(self.tokens):
            raise SalesforceError("MALFORMED_QUERY", f"unexpected token: '{self.tokens[self.at][1]}'")
        return Soql(fields=fields, kind=kind, where=where, order=order, limit=limit)

    def selected(self) -> tuple[str, ...]:
        if self.peek() == ("word", "COUNT") or self.peek()[1].upper() == "COUNT":
            self.at += 1
            self.expect("(")
            self.expect(")")
            return ()
        fields = [self.name()]
        while self.accept(","):
            fields.append(self.name())
        return tuple(fields)

    def ordering(self) -> tuple[tuple[str, bool, bool], ...]:
        self.expect("BY")
        order = []
        while True:
            field = self.name()
            descending = self.accept("DESC")
            if not descending:
                self.accept("ASC")
            last = False
            if self.accept("NULLS"):
                last = self.accept("LAST")
                if not last:
                    self.expect("FIRST")
            order.append((field, descending, last))
            if not self.accept(","):
                return tuple(order)

    def disjunction(self) -> Condition:
        parts = [self.conjunction()]
        while self.accept("OR"):
            parts.append(self.conjunction())
        return parts[0] if len(parts) == 1 else Junction("OR", tuple(parts))

    def conjunction(self) -> Condition:
        parts = [self.term()]
        while self.accept("AND"):
            parts.append(self.term())
        return parts[0] if len(parts) == 1 else Junction("AND", tuple(parts))

    def term(self) -> Condition:
        if self.accept("NOT"):
            return Junction("NOT", (self.term(),))
        if self.accept("("):
            inside = self.disjunction()
            self.expect(")")
            return inside
        field = self.name()
        if self.accept("LIKE"):
            return Comparison(field, "LIKE", self.value())
        turned = self.accept("NOT")
        if self.accept("IN"):
            inside_list = Comparison(field, "IN", self.listed())
            return Junction("NOT", (inside_list,)) if turned else inside_list
        sign = self.take("sign")
        if sign not in _SIGNS:
            raise SalesforceError("MALFORMED_QUERY", f"unexpected token: '{sign}'")
        return Comparison(field, "!=" if sign == "<>" else sign, self.value())

    def listed(self) -> tuple[Value, ...]:
        self.expect("(")
        values = [self.value()]
        while self.accept(","):
            values.append(self.value())
        self.expect(")")
        return tuple(values)

    def value(self) -> Value:
        group, text = self.peek()
        self.at += 1
        if group == "text":
            return re.sub(r"\\(.)", r"\1", text[1:-1])
        if group == "moment":
            return datetime.fromisoformat(text).astimezone(UTC).replace(tzinfo=None)
        if group == "day":
            return date.fromisoformat(text)
        if group == "number":
            return float(text) if "." in text else int(text)
        constants: dict[str, Value] = {"true": True, "false": False, "null": None}
        if text.lower() not in constants:
            raise SalesforceError("MALFORMED_QUERY", f"unexpected token: '{text}'")
        return constants[text.lower()]

    def name(self) -> str:
        return self.take("word")

    def take(self, group: str) -> str:
        found, text = self.peek()
        if found != group:
            raise SalesforceError("MALFORMED_QUERY", f"unexpected token: '{text}'")
        self.at += 1
        return text

    def peek(self) -> tuple[str, str]:
        return self.tokens[self.at] if self.at < len(self.tokens) else ("end", "<EOF>")

    def accept(self, word: str) -> bool:
        if self.peek()[0] in ("word", "sign") and self.peek()[1].upper() == word:
            self.at += 1
            return True
        return False

    def expect(self, word: str) -> None:
        if not self.accept(word):
            raise SalesforceError("MALFORMED_QUERY", f"unexpected token: '{self.peek()[1]}', expecting '{word}'")


def where_of(condition: Condition, frame: pl.DataFrame, kind: str) -> pl.Expr:
    """The condition as an expression over the table; raises `SalesforceError` on an unknown field or a wrong type."""
    if isinstance(condition, Junction):
        parts = [where_of(part, frame, kind) for part in condition.parts]
        if condition.word == "NOT":
            return ~parts[0].fill_null(value=False)
        return pl.all_horizontal(parts) if condition.word == "AND" else pl.any_horizontal(parts)
    field = field_of(condition.field, frame, kind)
    return _compared(pl.col(field), condition, frame.schema[field])


def field_of(name: str, frame: pl.DataFrame, kind: str) -> str:
    """The field's name as the table spells it: SOQL does not mind capitals."""
    for column in frame.columns:
        if column.lower() == name.lower() and not column.startswith("_"):
            return column
    message = (
        f"\nSELECT {name} FROM {kind}\n       ^\nERROR at Row:1:Column:8\nNo such column '{name}' on entity '{kind}'."
    )
    raise SalesforceError("INVALID_FIELD", message)


def _compared(column: pl.Expr, condition: Comparison, kind: pl.DataType) -> pl.Expr:
    value = condition.value
    if isinstance(value, tuple):
        for one in value:
            _check(condition.field, one, kind)
        return column.is_in(list(value)).fill_null(value=None in value)
    _check(condition.field, value, kind)
    if value is None:
        return column.is_null() if condition.sign == "=" else column.is_not_null()
    if condition.sign == "LIKE":
        pattern = "(?is)^" + re.escape(str(value)).replace("%", ".*").replace("_", ".") + "$"
        return column.str.contains(pattern).fill_null(value=False)
    comparisons = {
        "=": column == value, "!=": column.ne_missing(pl.lit(value)), "<": column < value, "<=": column <= value,
        ">": column > value, ">=": column >= value,
    }  # fmt: skip
    return comparisons[condition.sign].fill_null(value=False)


def _check(field: str, value: Value, kind: pl.DataType) -> None:
    fits = {
        "dateTime": isinstance(value, datetime), "date": isinstance(value, date) and not isinstance(value, datetime),
        "boolean": isinstance(value, bool), "double": isinstance(value, int | float) and not isinstance(value, bool),
        "string": isinstance(value, str),
    }  # fmt: skip
    wanted = (
        "dateTime"
        if isinstance(kind, pl.Datetime)
        else "date"
        if kind == pl.Date
        else "boolean"
        if kind == pl.Boolean
        else None
    )
    wanted = wanted or ("double" if kind.is_numeric() else "string")
    if value is not None and not fits[wanted]:
        quoted = " and should not be enclosed in quotes" if isinstance(value, str) else ""
        raise SalesforceError(
            "INVALID_FIELD", f"value of filter criterion for field '{field}' must be of type {wanted}{quoted}"
        )
