from decimal import Decimal

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from transforms.values.money import currency_code, currency_in, is_amount, money


def read(expression, *texts):
    frame = pl.LazyFrame({"text": pl.Series(texts, dtype=pl.String)})
    return frame.select(expression).collect().to_series().to_list()


@pytest.mark.parametrize(
    ("text", "with_point", "with_comma"),
    [
        ("1054", "1054.00", "1054.00"),
        ("1234.5", "1234.50", None),
        ("1,234.50", "1234.50", None),
        ("1.234,50", None, "1234.50"),
        ("1,50", None, "1.50"),
        ("12,34,567.00", "1234567.00", None),
        ("1 234 567,89", None, "1234567.89"),
        ("1\u202f234,50", None, "1234.50"),
        ("1\u00a0234.50", "1234.50", None),
        ("1'234.50", "1234.50", None),
        ("1\u2019234.50", "1234.50", None),
        ("(1,234.50)", "-1234.50", None),
        ("-5", "-5.00", "-5.00"),
        ("5-", "-5.00", "-5.00"),
        ("\u22125", "-5.00", "-5.00"),
        ("-$ 5", "-5.00", "-5.00"),
        ("€ 5", "5.00", "5.00"),
        ("5 CHF", "5.00", "5.00"),
        ("US$5", "5.00", "5.00"),
        ("1.0E7", "10000000.00", None),
        (".5", "0.50", None),
        ("0.1", "0.10", None),
        ("-0.0", "0.00", None),
        ("1234.565", "1234.56", None),
        ("1234.575", "1234.58", None),
        ("9007199254740993.01", "9007199254740993.01", None),
        ("9999999999999999.99", "9999999999999999.99", None),
        ("10000000000000000", None, None),
        ("123456789012345678901234567890.12", None, None),
        ("1e999", None, None),
        ("NaN", None, None),
        ("inf", None, None),
        ("5 XYZ", None, None),
        ("$5 USD", None, None),
        ("(-5)", None, None),
        ("(5", None, None),
        ("--5", None, None),
        ("1,23", None, "1.23"),
        ("1,2345", None, "1.23"),
        ("0x10", None, None),
        ("five", None, None),
        ("-", None, None),
        ("", None, None),
        (None, None, None),
    ],
)
def test_amounts_follow_the_declared_decimal_mark(text, with_point, with_comma):
    expected = [None if amount is None else Decimal(amount) for amount in (with_point, with_comma)]
    assert [*read(money(pl.col("text")), text), *read(money(pl.col("text"), decimal=","), text)] == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("€5", "EUR"),
        ("5 zł", "PLN"),
        ("USD 5", "USD"),
        ("US$5", "USD"),
        ("R$ 1,000", "BRL"),
        ("$5", None),
        ("¥5", None),
        ("5", None),
        ("five €", None),
        (None, None),
    ],
)
def test_only_a_sign_that_one_currency_owns_names_it(text, expected):
    assert read(currency_in(pl.col("text")), text) == [expected]


def test_currency_codes_are_those_of_the_standard():
    assert read(currency_code(pl.col("text")), " usd ", "EUR", "XYZ", "$", "", None) == [
        "USD",
        "EUR",
        None,
        None,
        None,
        None,
    ]


def test_an_amount_too_large_is_still_told_from_no_amount():
    assert read(is_amount(pl.col("text")), "1e999", "1" * 30, "NaN", "five", None) == [True, True, False, False, None]


@pytest.mark.parametrize(
    ("text", "power", "expected"),
    [
        ("1100.04", 6, Decimal("1100040000.00")),
        ("$1.2345", 6, Decimal("1234500.00")),
        ("1.5E3", 3, Decimal("1500000.00")),
        ("250", -2, Decimal("2.50")),
        ("99999999999", 6, None),
    ],
    ids=["millions", "rounded after, not before", "exponents add", "cents", "too large"],
)
def test_a_column_may_count_in_thousands_or_millions(text, power, expected):
    assert read(money(pl.col("text"), power=power), text) == [expected]


AMOUNTS = st.decimals(Decimal("-9999999999999999.99"), Decimal("9999999999999999.99"), places=2)


@settings(deadline=None)
@given(st.lists(AMOUNTS))
def test_every_amount_survives_each_way_of_writing(amounts):
    column = pl.col("text")
    assert read(money(column), *map(str, amounts)) == amounts
    assert read(money(column), *(f"{amount:,}" for amount in amounts)) == amounts
    assert read(money(column, decimal=","), *(str(a).replace(".", ",") for a in amounts)) == amounts
    accountant = [f"({abs(amount):,})" if amount < 0 else f"{amount:,}" for amount in amounts]
    assert read(money(column), *accountant) == amounts


@settings(deadline=None)
@given(st.lists(st.text() | st.text("0123456789.,- '()$€", max_size=12), max_size=5))
def test_each_row_is_read_by_itself(texts):
    for expression in (money(pl.col("text")), currency_in(pl.col("text"), decimal=",")):
        assert read(expression, *texts) == [read(expression, text)[0] for text in texts]
