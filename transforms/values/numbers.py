"""Numbers and flags from text, exactly: no value passes through a float unless a float is asked for.

A number is read with the declared decimal mark. Groups of digits may be parted by the other mark, a space of any width
or an apostrophe, in threes or the Indian way. What does not follow these rules is not a number: it gives null where the
text was not null, and the caller says which field of which record it was.
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
    """Regular expression (no groups) of an unsigned number written with `decimal`, after `narrowed`."""
    mark = re.escape(decimal)
    other = re.escape("," if decimal == "." else ".")
    grouped = "|".join(rf"[0-9]{{1,3}}(?:{apart}[0-9]{{2,3}})*{apart}[0-9]{{3}}" for apart in (other, " ", "'"))
    return rf"(?:(?:{grouped}|[0-9]+)(?:{mark}[0-9]*)?|{mark}[0-9]+)(?:[eE][+-]?[0-9]{{1,3}})?"


def narrowed(text: pl.Expr) -> pl.Expr:
    """Text with plain digits, spaces, minus signs and apostrophes in place of their typographic kin."""
    # The acute accent would be taken apart by NFKC, so apostrophes go first.
    mended = text.str.replace_all(_APOSTROPHES, "'").str.replace_all(_DASHES, "-")
    return mended.str.normalize("NFKC").str.strip_chars()


def plain_number(text: pl.Expr, *, decimal: DecimalMark = ".") -> pl.Expr:
    """Text of the number as machines write it (`-1234.5`, `1.5E3`); null where the text is no number.

    >>> pl.select(plain_number(pl.lit("1.234,50"), decimal=",")).item()
    '1234.50'
    """

    def plainly(values: pl.Series) -> pl.Series:
        return values.str.extract(r"^(-?[0-9]+)$" if decimal == "," else r"^(-?[0-9]+(?:\.[0-9]+)?)$")

    def carefully(values: pl.Series) -> pl.Series:
        number = narrowed(pl.lit(values)).str.extract(rf"^([+-]?{number_pattern(decimal)})$")
        return pl.select(unmarked(number, decimal=decimal)).to_series()

    return read_in_steps(text, (plainly, carefully), pl.String())


def unmarked(number: pl.Expr, *, decimal: DecimalMark) -> pl.Expr:
    """Strip `+` and group marks from a number's text and make its decimal mark a point."""
    bare = number.str.replace_all("[ ',+]" if decimal == "." else "[ '.+]", "")
    return bare if decimal == "." else bare.str.replace(",", ".", literal=True)


def in_units(number: pl.Expr, power: int) -> pl.Expr:
    """Text of a machine-written number times ten to `power`, as a change of its exponent.

    >>> pl.select(in_units(pl.lit("1100.04"), 6)).item()
    '1100.04E6'
    """
    if power == 0:
        return number
    exponent = number.str.extract("[eE](.*)$").cast(pl.Int32, strict=False).fill_null(0) + power
    return pl.concat_str(number.str.extract("^([^eE]*)"), pl.lit("E"), exponent.cast(pl.String))


def integer(text: pl.Expr, *, decimal: DecimalMark = ".", power: int = 0) -> pl.Expr:
    """Whole number (Int64): `12`, `12.0`, `1e3`, `12,000`; null for a fraction, for more than 64 bits, for no number.

    The text counts in units of ten to `power`.
    """
    exact = in_units(plain_number(text, decimal=decimal), power).cast(_EXACT, strict=False)
    whole = exact.cast(pl.Int64, strict=False)
    return pl.when(whole.cast(_EXACT, strict=False) == exact).then(whole)


def real(text: pl.Expr, *, decimal: DecimalMark = ".", power: int = 0) -> pl.Expr:
    """Finite number (Float64); a percent sign divides by 100. Null for NaN, infinity, 1e999 and no number.

    The text counts in units of ten to `power`. Negative zero is zero.
    """
    percent = text.str.strip_chars().str.ends_with("%")
    written = plain_number(text.str.strip_chars().str.strip_suffix("%"), decimal=decimal)
    # By the text, since Polars divides one row by 100 and multiplies several by 0.01, which differ in the last bit.
    scaled = pl.when(percent).then(in_units(written, power - 2)).otherwise(in_units(written, power))
    number = scaled.cast(pl.Float64, strict=False)
    return pl.when(number == 0).then(0.0).when(number.is_finite()).then(number)


def boolean(text: pl.Expr) -> pl.Expr:
    """Read a flag: true, false, or null for any word that is neither; unknown is not false. Case does not matter.

    >>> pl.select(boolean(pl.lit(pl.Series(["Yes", "0", "maybe", None])))).to_series().to_list()
    [True, False, None, None]
    """
    word = text.str.strip_chars().str.to_lowercase()
    return pl.when(word.is_in(_TRUE)).then(pl.lit(value=True)).when(word.is_in(_FALSE)).then(pl.lit(value=False))
