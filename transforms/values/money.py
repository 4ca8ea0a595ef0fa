"""Money amounts parsed from text as decimals, to the cent; never as floats.

More than two decimals are rounded half to even (1234.565 is 1234.56), as on statements; an amount of more than 16
digits before the point is null. A minus may precede or follow, or be written as brackets.
"""

import re
from functools import partial

import polars as pl
import pycountry

from definitions.mapping.file_columns import DecimalMark
from definitions.polars_types import MONEY
from transforms.values.numbers import in_units, narrowed, number_pattern, unmarked
from transforms.values.steps import read_in_steps

# Only signs of a single currency; `$`, `¥`, `kr` and `Rs` are shared by several and are not resolved.
_SIGNS = {
    "€": "EUR", "£": "GBP", "₹": "INR", "₽": "RUB", "₩": "KRW", "₺": "TRY", "₪": "ILS", "₫": "VND", "฿": "THB",
    "₦": "NGN", "₱": "PHP", "₴": "UAH", "zł": "PLN", "Kč": "CZK", "US$": "USD", "A$": "AUD", "AU$": "AUD", "C$": "CAD",
    "CA$": "CAD", "NZ$": "NZD", "HK$": "HKD", "S$": "SGD", "R$": "BRL", "Fr.": "CHF",
}  # fmt: skip
_SHARED_SIGNS = ("$", "¥", "kr", "Rs", "Rs.")
_CODES = sorted(currency.alpha_3 for currency in pycountry.currencies)
# The longest first, or `US$` would match as `US` and a dollar sign.
_CURRENCY = "|".join(["[A-Z]{3}", *map(re.escape, sorted((*_SIGNS, *_SHARED_SIGNS), key=len, reverse=True))])


def money(text: pl.Expr, *, decimal: DecimalMark = ".", power: int = 0) -> pl.Expr:
    """Parse an amount to Decimal(18, 2), without its currency; null where the text is no amount or too large.

    Unit of the text: ten to `power`, 6 for a column in millions.

    >>> pl.select(money(pl.lit("(€ 1,234.50)"))).item()
    Decimal('-1234.50')
    """
    steps = (
        partial(_parse_plain, decimal=decimal, power=power),
        partial(_parse_formatted, decimal=decimal, power=power),
    )
    return read_in_steps(text, steps, MONEY)


def currency_in(text: pl.Expr, *, decimal: DecimalMark = ".") -> pl.Expr:
    """Parse the ISO 4217 code of the sign or code next to an amount; null without one, and for a shared sign.

    >>> amounts = pl.Series(["£5", "5 CHF", "$5", "5"])
    >>> pl.select(currency_in(pl.lit(amounts))).to_series().to_list()
    ['GBP', 'CHF', None, None]
    """

    def none(values: pl.Series) -> pl.Series:
        plain = values.str.contains(r"^-?[0-9., ]*$")
        return values.to_frame("text").select(pl.when(plain).then(pl.lit(""))).to_series()

    def adjacent(values: pl.Series) -> pl.Series:
        sign = pl.coalesce("before", "after")
        code = pl.when(sign.is_in(_CODES)).then(sign).otherwise(sign.replace_strict(_SIGNS, default=None))
        return _pieces(values, decimal).select(code).to_series()

    code = read_in_steps(text, (none, adjacent), pl.String())
    return pl.when(code != "").then(code)


def currency_code(text: pl.Expr) -> pl.Expr:
    """Parse an ISO 4217 code, any case, to capitals; null where the text is none."""
    code = text.str.strip_chars().str.to_uppercase()
    return pl.when(code.is_in(_CODES)).then(code)


def is_amount(text: pl.Expr, *, decimal: DecimalMark = ".") -> pl.Expr:
    """Return whether the text is an amount, even one too large for Decimal(18, 2); null for null."""
    machine = read_in_steps(text, (partial(_plain_amount, decimal=decimal),), pl.String())
    return pl.when(text.is_not_null()).then(machine.is_not_null())


def _parse_plain(values: pl.Series, *, decimal: DecimalMark, power: int) -> pl.Series:
    number = values.str.extract(r"^(-?[0-9]{1,16})$" if decimal == "," else r"^(-?[0-9]{1,16}(?:\.[0-9]+)?)$")
    return _amount(number, power)


def _parse_formatted(values: pl.Series, *, decimal: DecimalMark, power: int) -> pl.Series:
    return _amount(_plain_amount(values, decimal=decimal), power)


def _amount(number: pl.Series, power: int) -> pl.Series:
    """Convert plain numbers to amounts; null where one is too large."""
    return number.to_frame("number").select(in_units(pl.col("number"), power).cast(MONEY, strict=False)).to_series()


def _pieces(values: pl.Series, decimal: DecimalMark) -> pl.DataFrame:
    """Split each text: `open`, `before`, `sign`, `number`, `end`, `after`, `close`; all null where it is no amount."""
    written = values.to_frame("text").select(narrowed(pl.col("text"))).to_series()
    pieces = written.str.extract_groups(
        rf"^(?P<open>[-+(]?) ?(?P<before>{_CURRENCY})? ?(?P<sign>[-+]?)(?P<number>{number_pattern(decimal)})"
        rf"(?P<end>-?) ?(?P<after>{_CURRENCY})? ?(?P<close>[-)]?)$"
    )
    return pieces.struct.unnest()


def _plain_amount(values: pl.Series, *, decimal: DecimalMark) -> pl.Series:
    """Rewrite amounts as plain numbers; null where signs, brackets or currencies contradict each other."""
    opened, closed, before, after = (pl.col(name) for name in ("open", "close", "before", "after"))
    in_brackets = opened == "("
    signs = pl.concat_str(opened, "sign", "end", closed).str.replace_all("[()]", "")
    is_valid = (in_brackets == (closed == ")")) & (signs.str.len_chars() + in_brackets.cast(pl.UInt32) <= 1)
    is_valid = is_valid & (before.is_null() | after.is_null()) & _is_currency(pl.coalesce(before, after))
    minus = pl.when(in_brackets | (signs == "-")).then(pl.lit("-")).otherwise(pl.lit(""))
    machine = pl.when(is_valid).then(pl.concat_str(minus, unmarked(pl.col("number"), decimal=decimal)))
    return _pieces(values, decimal).select(machine).to_series()


def _is_currency(sign: pl.Expr) -> pl.Expr:
    """Return whether the sign is null, a currency sign, or a code of ISO 4217."""
    return (~sign.str.contains(r"^[A-Z]{3}$") | sign.is_in(_CODES)).fill_null(value=True)
