"""Amounts of money from text, to the cent: decimals from end to end, never a float.

More than two decimals are rounded to the even cent (1234.565 is 1234.56), as statements do; what needs more than
16 digits before the point is no amount we can hold. A minus may stand before or after, or be the accountant's brackets.
"""

import re
from functools import partial

import polars as pl
import pycountry

from definitions.mapping.file_columns import DecimalMark
from definitions.polars_types import MONEY
from transforms.values.numbers import in_units, narrowed, number_pattern, unmarked
from transforms.values.steps import read_in_steps

# Only signs that one currency owns; `$`, `¥`, `kr` and `Rs` belong to several and say nothing for certain.
_SIGNS = {
    "€": "EUR", "£": "GBP", "₹": "INR", "₽": "RUB", "₩": "KRW", "₺": "TRY", "₪": "ILS", "₫": "VND", "฿": "THB",
    "₦": "NGN", "₱": "PHP", "₴": "UAH", "zł": "PLN", "Kč": "CZK", "US$": "USD", "A$": "AUD", "AU$": "AUD", "C$": "CAD",
    "CA$": "CAD", "NZ$": "NZD", "HK$": "HKD", "S$": "SGD", "R$": "BRL", "Fr.": "CHF",
}  # fmt: skip
_SHARED_SIGNS = ("$", "¥", "kr", "Rs", "Rs.")
_CODES = sorted(currency.alpha_3 for currency in pycountry.currencies)
# The longest first, or `US$` would be read as a stray US and a dollar.
_CURRENCY = "|".join(["[A-Z]{3}", *map(re.escape, sorted((*_SIGNS, *_SHARED_SIGNS), key=len, reverse=True))])


def money(text: pl.Expr, *, decimal: DecimalMark = ".", power: int = 0) -> pl.Expr:
    """Amount as Decimal(18, 2), currency sign or code split off; null where the text is no amount or does not fit.

    The text counts in units of ten to `power`: 6 for a column in millions.

    >>> pl.select(money(pl.lit("(€ 1,234.50)"))).item()
    Decimal('-1234.50')
    """
    steps = (partial(_plainly, decimal=decimal, power=power), partial(_carefully, decimal=decimal, power=power))
    return read_in_steps(text, steps, MONEY)


def currency_in(text: pl.Expr, *, decimal: DecimalMark = ".") -> pl.Expr:
    """ISO 4217 code of the sign or code written beside an amount; null where none is, or several currencies share it.

    >>> amounts = pl.Series(["£5", "5 CHF", "$5", "5"])
    >>> pl.select(currency_in(pl.lit(amounts))).to_series().to_list()
    ['GBP', 'CHF', None, None]
    """

    def none(values: pl.Series) -> pl.Series:
        plain = values.str.contains(r"^-?[0-9., ]*$")
        return values.to_frame("text").select(pl.when(plain).then(pl.lit(""))).to_series()

    def beside(values: pl.Series) -> pl.Series:
        sign = pl.coalesce("before", "after")
        code = pl.when(sign.is_in(_CODES)).then(sign).otherwise(sign.replace_strict(_SIGNS, default=None))
        return _pieces(values, decimal).select(code).to_series()

    code = read_in_steps(text, (none, beside), pl.String())
    return pl.when(code != "").then(code)


def currency_code(text: pl.Expr) -> pl.Expr:
    """ISO 4217 code in capitals; null where the text is none."""
    code = text.str.strip_chars().str.to_uppercase()
    return pl.when(code.is_in(_CODES)).then(code)


def is_amount(text: pl.Expr, *, decimal: DecimalMark = ".") -> pl.Expr:
    """Whether the text is written as an amount, be it too large to hold; null where there is no text."""
    machine = read_in_steps(text, (partial(_plain_amount, decimal=decimal),), pl.String())
    return pl.when(text.is_not_null()).then(machine.is_not_null())


def _plainly(values: pl.Series, *, decimal: DecimalMark, power: int) -> pl.Series:
    number = values.str.extract(r"^(-?[0-9]{1,16})$" if decimal == "," else r"^(-?[0-9]{1,16}(?:\.[0-9]+)?)$")
    return _amount(number, power)


def _carefully(values: pl.Series, *, decimal: DecimalMark, power: int) -> pl.Series:
    return _amount(_plain_amount(values, decimal=decimal), power)


def _amount(number: pl.Series, power: int) -> pl.Series:
    """Amounts of machine-written numbers; null where one does not fit."""
    return number.to_frame("number").select(in_units(pl.col("number"), power).cast(MONEY, strict=False)).to_series()


def _pieces(values: pl.Series, decimal: DecimalMark) -> pl.DataFrame:
    """One row a text: `open`, `before`, `sign`, `number`, `end`, `after`, `close`; all null where it is no amount."""
    written = values.to_frame("text").select(narrowed(pl.col("text"))).to_series()
    pieces = written.str.extract_groups(
        rf"^(?P<open>[-+(]?) ?(?P<before>{_CURRENCY})? ?(?P<sign>[-+]?)(?P<number>{number_pattern(decimal)})"
        rf"(?P<end>-?) ?(?P<after>{_CURRENCY})? ?(?P<close>[-)]?)$"
    )
    return pieces.struct.unnest()


def _plain_amount(values: pl.Series, *, decimal: DecimalMark) -> pl.Series:
    """Amounts as machines write them; null where signs, brackets or currencies contradict each other."""
    opened, closed, before, after = (pl.col(name) for name in ("open", "close", "before", "after"))
    in_brackets = opened == "("
    signs = pl.concat_str(opened, "sign", "end", closed).str.replace_all("[()]", "")
    sound = (in_brackets == (closed == ")")) & (signs.str.len_chars() + in_brackets.cast(pl.UInt32) <= 1)
    sound = sound & (before.is_null() | after.is_null()) & _is_currency(pl.coalesce(before, after))
    minus = pl.when(in_brackets | (signs == "-")).then(pl.lit("-")).otherwise(pl.lit(""))
    machine = pl.when(sound).then(pl.concat_str(minus, unmarked(pl.col("number"), decimal=decimal)))
    return _pieces(values, decimal).select(machine).to_series()


def _is_currency(sign: pl.Expr) -> pl.Expr:
    """Whether it is no sign at all, a currency sign, or a code that ISO 4217 lists."""
    return (~sign.str.contains(r"^[A-Z]{3}$") | sign.is_in(_CODES)).fill_null(value=True)
