"""Evidence of a test: the values it read, as readable text, sentences and JSON.

Personal values are never included.
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


def is_disclosable(name: str, columns: Columns = COLUMNS) -> bool:
    """Return whether the values of a facet may be shown: all but those of personal fields.

    >>> is_disclosable("days_overdue"), is_disclosable("email_normalised")
    (True, False)
    """
    return name in DERIVED or not columns[name].is_personal


def names_read(predicate: Predicate) -> list[str]:
    """List the facets that a test reads, in the order of its text; those inside macros come last."""
    words = re.findall(r"[\w.]+", predicate.text)
    return sorted(predicate.names, key=lambda name: (words.index(name) if name in words else len(words), name))


def readable(name: str, as_of: date, columns: Columns = COLUMNS) -> pl.Expr:
    """Compile the value of a facet to text: 12,500 for money, yes or no, 2026-01-31; "unknown" for null.

    Text is cut after 80 characters; a personal field reads "not shown".
    """
    if not is_disclosable(name, columns):
        return pl.lit("not shown")
    value = compile_facet(name, as_of)
    kind = Kind.INTEGER if name in DERIVED else columns[name].kind
    return _text(value, kind).fill_null(_UNKNOWN)


def sentence(template: str, as_of: date, columns: Columns = COLUMNS) -> pl.Expr:
    """Compile a sentence with {names} in braces to text with the values inserted.

    A number agrees with the noun that it counts: "1 day ago", "an unknown number of days ago".
    """
    # Splitting by a pattern with one group puts the names at every second index.
    parts = NAMED_IN_BRACES.split(template)
    pieces = [pl.lit(parts[0])]
    for name, after in zip(parts[1::2], parts[2::2], strict=True):
        pieces += _value_and_text(name.strip(), after, as_of, columns)
    return pl.concat_str(pieces)


def _value_and_text(name: str, after: str, as_of: date, columns: Columns) -> list[pl.Expr]:
    """Compile the value of a facet and the text after it."""
    value, nouns = readable(name, as_of, columns), counted_noun(after)
    if nouns is None or not _is_count(name, columns):
        return [value, pl.lit(after)]
    many, one = nouns
    number = compile_facet(name, as_of)
    counted = (
        pl.when(number.is_null())
        .then(pl.lit(f"an unknown number of {many}"))
        .when(number == 1)
        .then(pl.lit(f"1 {one}"))
        .otherwise(pl.concat_str(value, pl.lit(f" {many}")))
    )
    return [counted, pl.lit(after.removeprefix(f" {many}"))]


def _is_count(name: str, columns: Columns) -> bool:
    return name in DERIVED or (is_disclosable(name, columns) and columns[name].kind in {Kind.INTEGER, Kind.COUNT})


def evidence(names: Iterable[str], as_of: date, columns: Columns = COLUMNS) -> pl.Expr:
    """Compile the values of facets to a JSON object, names in alphabetical order, personal fields left out.

    Numbers are numbers, money is text with two decimals, days and moments are ISO 8601, unknown is null.
    """
    members = [compile_facet(name, as_of).alias(name) for name in sorted(names) if is_disclosable(name, columns)]
    return json_object(members)


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
    """Format whole units with a comma every three digits. The digits are grouped from the end, hence reversed twice."""
    whole = money.round(0, mode="half_away_from_zero").cast(pl.Int64)
    digits = whole.abs().cast(pl.String).str.reverse().str.replace_all(r"(\d{3})", "${1},")
    sign = pl.when(whole < 0).then(pl.lit("-")).otherwise(pl.lit(""))
    return sign + digits.str.strip_suffix(",").str.reverse()
