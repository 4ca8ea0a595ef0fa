import math

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from transforms.values.numbers import boolean, integer, real


def read(expression, *texts):
    frame = pl.LazyFrame({"text": pl.Series(texts, dtype=pl.String)})
    return frame.select(expression).collect().to_series().to_list()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2822", 2822),
        (" 007 ", 7),
        ("2,822", 2822),
        ("2822.0", 2822),
        ("1e3", 1000),
        ("-5", -5),
        ("+5", 5),
        ("9223372036854775807", 2**63 - 1),
        ("9223372036854775808", None),
        ("9" * 5000, None),
        ("1.5", None),
        ("1e999", None),
        ("NaN", None),
        ("many", None),
        ("", None),
        (None, None),
    ],
)
def test_whole_numbers_are_exact_or_null(text, expected):
    assert read(integer(pl.col("text")), text) == [expected]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0.6", 0.6),
        ("60%", 0.6),
        ("60 %", 0.6),
        ("1e-3", 0.001),
        ("1e999", None),
        ("NaN", None),
        ("-inf", None),
        (None, None),
    ],
)
def test_real_numbers_are_finite(text, expected):
    assert read(real(pl.col("text")), text) == [expected]


def test_negative_zero_is_zero():
    assert math.copysign(1, read(real(pl.col("text")), "-0.0")[0]) == 1


def test_a_real_number_does_not_depend_on_how_many_are_beside_it():
    texts = ["-0", *(f"{hundredths}%" for hundredths in range(101))]
    alone = [read(real(pl.col("text")), text)[0] for text in texts]
    assert list(map(repr, read(real(pl.col("text")), *texts))) == list(map(repr, alone))
    assert alone[1:] == [hundredths / 100 for hundredths in range(101)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("TRUE", True), ("yes", True), (" Y ", True), ("1", True), ("1.0", True),
        ("False", False), ("no", False), ("0", False), ("off", False),
        ("maybe", None), ("2", None), ("", None), (None, None),
    ],
)  # fmt: skip
def test_a_flag_is_true_false_or_unknown(text, expected):
    assert read(boolean(pl.col("text")), text) == [expected]


@settings(deadline=None)
@given(st.lists(st.integers(-(2**63), 2**63 - 1)))
def test_every_integer_survives(numbers):
    assert read(integer(pl.col("text")), *map(str, numbers)) == numbers
    assert read(integer(pl.col("text"), decimal=","), *(f"{n:,}".replace(",", ".") for n in numbers)) == numbers


@settings(deadline=None)
@given(st.lists(st.floats(allow_nan=False, allow_infinity=False)))
def test_every_finite_real_survives(numbers):
    assert read(real(pl.col("text")), *map(repr, numbers)) == numbers
