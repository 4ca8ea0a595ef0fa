"""What a test read, told to people and to machines: readable values, sentences with values in them, JSON.

A value that says something of a living person is never told.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import date

import polars as pl

from definitions.agreement.model import NAMED_IN_BRACES
from definitions.counting import counted_noun
from definitions.predicates.predicate import Predicate
from definitions.schema.column import Column, Kind
from definitions.schema.columns import COLUMNS
from definitions.schema.facets import DERIVED
from transforms.classify.predicates import compile_facet

Columns = Mapping[str, Column]
_LONGEST = 80
_UNKNOWN = pl.lit("unknown")


def is_told(name: str, columns: Columns = COLUMNS) -> bool:
    """Whether the values of a facet may be told: all but those of personal fields.

    >>> is_told("days_overdue"), is_told("email_normalised")
    (True, False)
    """
    return name in DERIVED or not columns[name].is_personal


def names_read(predicate: Predicate) -> list[str]:
    """Names of facets a test reads, in the order in which its text has them; those inside macros come last."""
    words = re.findall(r"[\w.]+", predicate.text)
    return sorted(predicate.names, key=lambda name: (words.index(name) if name in words else len(words), name))


def readable(name: str, as_of: date, columns: Columns = COLUMNS) -> pl.Expr:
    """Compile the value of a facet to text: 12,500 for money, yes or no, 2026-01-31; "unknown" for null.

    Text is cut after 80 characters; a personal field reads "not shown".
    """
    if not is_told(name, columns):
        return pl.lit("not shown")
    value = compile_facet(name, as_of)
    kind = Kind.INTEGER if name in DERIVED else columns[name].kind
    return _text(value, kind).fill_null(_UNKNOWN)


def sentence(template: str, as_of: date, columns: Columns = COLUMNS) -> pl.Expr:
    """Compile a sentence with {names} in braces to text in which the values stand in their place.

    A number agrees with the noun that it counts: "1 day ago", "an unknown number of days ago".
    """
    # Splitting by a pattern with one group puts the names at every second place.
    parts = NAMED_IN_BRACES.split(template)
    told = [pl.lit(parts[0])]
    for name, after in zip(parts[1::2], parts[2::2], strict=True):
        told += _told(name.strip(), after, as_of, columns)
    return pl.concat_str(told)


def _told(name: str, after: str, as_of: date, columns: Columns) -> list[pl.Expr]:
    """The value of a facet, and the words that come after it."""
    value, nouns = readable(name, as_of, columns), counted_noun(after)
    if nouns is None or not _is_count(name, columns):
        return [value, pl.lit(after)]
    many, one = nouns
    number = compile_facet(name, as_of)
    said = (
        pl.when(number.is_null())
        .then(pl.lit(f"an unknown number of {many}"))
        .when(number == 1)
        .then(pl.lit(f"1 {one}"))
        .otherwise(pl.concat_str(value, pl.lit(f" {many}")))
    )
    return [said, pl.lit(after.removeprefix(f" {many}"))]


def _is_count(name: str, columns: Columns) -> bool:
    return name in DERIVED or (is_told(name, columns) and columns[name].kind in {Kind.INTEGER, Kind.COUNT})


def evidence(names: Iterable[str], as_of: date, columns: Columns = COLUMNS) -> pl.Expr:
    """Compile the values of facets to a JSON object, names in alphabetical order, personal fields left out.

    Numbers are numbers, money is text with two decimals, days and moments are ISO 8601, unknown is null.
    """
    told = [compile_facet(name, as_of).alias(name) for name in sorted(names) if is_told(name, columns)]
    return json_object(told)


def json_object(members: list[pl.Expr]) -> pl.Expr:
    """Compile named expressions to a JSON object, in their order."""
    return pl.struct(members).struct.json_encode() if members else pl.lit("{}")


def _text(value: pl.Expr, kind: Kind) -> pl.Expr:
    match kind:
        case Kind.MONEY:
            return _grouped(value)
        case Kind.REAL:
            return value.round(2).cast(pl.String)
        case Kind.BOOLEAN:
            return pl.when(value).then(pl.lit("yes")).when(~value).then(pl.lit("no"))
        case Kind.MOMENT:
            return value.dt.strftime("%Y-%m-%d %H:%M UTC")
        case Kind.TEXT:
            return value.str.head(_LONGEST)
        case _:
            return value.cast(pl.String)


def _grouped(money: pl.Expr) -> pl.Expr:
    """Whole units with a comma every three digits. The digits are grouped from the end, hence reversed twice."""
    whole = money.round(0, mode="half_away_from_zero").cast(pl.Int64)
    digits = whole.abs().cast(pl.String).str.reverse().str.replace_all(r"(\d{3})", "${1},")
    sign = pl.when(whole < 0).then(pl.lit("-")).otherwise(pl.lit(""))
    return sign + digits.str.strip_suffix(",").str.reverse()
