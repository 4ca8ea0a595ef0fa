"""A shape shows how a value is written, and nothing of what it says."""

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms.values.shapes import shape


def shape_of(text):
    return pl.select(shape(pl.lit(text, pl.String))).item()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("15 Apr, 2026 00:03:00", "99 Xxx, 9999 99:99:99"),
        ("1. August 2026", "9. Xxxxxx 9999"),
        ("Zoë Ödün", "Xxx Xxxx"),
        ("木曜日", "xxx"),
        ("٣", "9"),
        ("x" * 99, "x" * 40),
        (None, None),
    ],
)
def test_a_shape_keeps_signs_and_hides_letters_and_figures(text, expected):
    assert shape_of(text) == expected


@given(st.text(st.characters(codec="utf-8"), max_size=30))
def test_law_no_letter_and_no_figure_of_a_value_is_in_its_shape(text):
    assert {sign for sign in shape_of(text) if sign.isalpha() or sign.isnumeric()} <= {"X", "x", "9"}
