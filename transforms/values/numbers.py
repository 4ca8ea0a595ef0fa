"""Numbers and booleans parsed from text, exactly: floats are used only for fields of that type.

A number has the declared decimal mark. Digits may be grouped by the other mark, a space of any width or an apostrophe,
in threes or the Indian way. Any other text is not a number: it gives null, and the caller reports record and field.
"""

import re

import polars as pl

from definitions.mapping.file_columns import DecimalMark
from transforms.values.steps import read_in_steps

_EXACT = pl.Decimal(38, 8)
_TRUE = ("true", "t", "yes", "y", "1", "1.0", "on")
_FALSE = ("false", "f", "no", "n", "0", "0.0", "off")
# Hyphens, dashes and the minus sign; quotation marks and accents typed where an apostrophe belongs.
_DASHES = "[\u2010-\u2014\u2212]"
_APOSTROPHES = "[\u2018\u2019\u02bc\u0060\u00b4]"


def number_pattern(decimal: DecimalMark) -> str:
    """Return the regular expression (no groups) of an unsigned number with mark `decimal`, after `narrowed`."""
    mark = re.escape(decimal)
    other = re.escape("," if decimal == "." else ".")
    grouped = "|".join(rf"[0-9]{{1,3}}(?:{apart}[0-9]{{2,3}})*{apart}[0-9]{{3}}" for apart in (other, " ", "'"))
    return rf"(?:(?:{grouped}|[0-9]+)(?:{mark}[0-9]*)?|{mark}[0-9]+)(?:[eE][+-]?[0-9]{{1,3}})?"


def narrowed(text: pl.Expr) -> pl.Expr:
    """Replace typographic digits, spaces, minus signs and apostrophes by their ASCII forms."""
    # NFKC would decompose the acute accent, so apostrophes are replaced first.
    mended = text.str.replace_all(_APOSTROPHES, "'").str.replace_all(_DASHES, "-")
    return mended.str.normalize("NFKC").str.strip_chars()


def plain_number(text: pl.Expr, *, decimal: DecimalMark = ".") -> pl.Expr:
    """Rewrite a number in plain notation (`-1234.5`, `1.5E3`); null where the text is no number.

    >>> pl.select(plain_number(pl.lit("1.234,50"), decimal=",")).item()
    '1234.50'
    """

    def parse_plain(values: pl.Series) -> pl.Series:
        return values.str.extract(r"^(-?[0-9]+)$" if decimal == "," else r"^(-?[0-9]+(?:\.[0-9]+)?)$")

    def parse_formatted(values: pl.Series) -> pl.Series:
        number = narrowed(pl.lit(values)).str.extract(rf"^([+-]?{number_pattern(decimal)})$")
        return pl.select(unmarked(number, decimal=decimal)).to_series()

    return read_in_steps(text, (parse_plain, parse_formatted), pl.String())


def unmarked(number: pl.Expr, *, decimal: DecimalMark) -> pl.Expr:
    """Remove `+` and group marks from a number's text and replace its decimal mark by a point."""
    bare = number.str.replace_all("[ ',+]" if decimal == "." else "[ '.+]", "")
    return bare if decimal == "." else bare.str.replace(",", ".", literal=True)


def in_units(number: pl.Expr, power: int) -> pl.Expr:
    """Multiply a number in plain notation by ten to `power`, by its exponent.

    >>> pl.select(in_units(pl.lit("1100.04"), 6)).item()
    '1100.04E6'
    """
    if power == 0:
        return number
    exponent = number.str.extract("[eE](.*)$").cast(pl.Int32, strict=False).fill_null(0) + power
    return pl.concat_str(number.str.extract("^([^eE]*)"), pl.lit("E"), exponent.cast(pl.String))


def integer(text: pl.Expr, *, decimal: DecimalMark = ".", power: int = 0) -> pl.Expr:
    """Parse a whole number (Int64): `12`, `12.0`, `1e3`, `12,000`; null for a fraction, more than 64 bits, no number.

    Unit of the text: ten to `power`.
    """
    exact = in_units(plain_number(text, decimal=decimal), power).cast(_EXACT, strict=False)
    whole = exact.cast(pl.Int64, strict=False)
    return pl.when(whole.cast(_EXACT, strict=False) == exact).then(whole)


def real(text: pl.Expr, *, decimal: DecimalMark = ".", power: int = 0) -> pl.Expr:
    """Parse a finite number (Float64); a percent sign divides by 100. Null for NaN, infinity, 1e999 and no number.

    Unit of the text: ten to `power`. Negative zero is zero.
    """
    percent = text.str.strip_chars().str.ends_with("%")
    written = plain_number(text.str.strip_chars().str.strip_suffix("%"), decimal=decimal)
    # On the text: Polars divides one row by 100 but multiplies several by 0.01, which differ in the last bit.
    scaled = pl.when(percent).then(in_units(written, power - 2)).otherwise(in_units(written, power))
    number = scaled.cast(pl.Float64, strict=False)
    return pl.when(number == 0).then(0.0).when(number.is_finite()).then(number)


def boolean(text: pl.Expr) -> pl.Expr:
    """Parse a boolean, in any case; null for a word that is neither true nor false: unknown is not false.

    >>> pl.select(boolean(pl.lit(pl.Series(["Yes", "0", "maybe", None])))).to_series().to_list()
    [True, False, None, None]
    """
    word = text.str.strip_chars().str.to_lowercase()
    return pl.when(word.is_in(_TRUE)).then(pl.lit(value=True)).when(word.is_in(_FALSE)).then(pl.lit(value=False))
