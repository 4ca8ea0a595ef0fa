"""Ids in two spellings: what is one id, and what is not."""

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from definitions.mapping.ids import canonical_id, ids_in

SIGNS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
SIGNS_OF_ID = st.text(SIGNS, min_size=12, max_size=12)
CASE_SENSITIVE = st.builds("{}{}".format, st.sampled_from(["003", "00Q", "001", "01t"]), SIGNS_OF_ID)


def canonical(*ids):
    return pl.select(canonical_id(pl.lit(pl.Series(ids, dtype=pl.String)))).to_series().to_list()


@pytest.mark.parametrize(
    ("identity", "expected"),
    [
        ("001A0000006Vm9u", "001A0000006Vm9uIAC"),
        ("001A0000006Vm9uIAC", "001A0000006Vm9uIAC"),
        ("003q000000KvQ1t", "003q000000KvQ1tAAF"),
        ("\t003q000000KvQ1t\u00a0", "003q000000KvQ1tAAF"),
        ("001A0000006Vm9uAAA", "001A0000006Vm9uAAA"),
        ("001A0000006Vm9", "001A0000006Vm9"),
        ("101A0000006Vm9u", "101A0000006Vm9u"),
        ("000000000012345", "000000000012345"),
        ("123456789012345", "123456789012345"),
        ("70.0", "70"),
        ("70.00 ", "70"),
        (" 70", "70"),
        ("70.5", "70.5"),
        ("v70.0", "v70.0"),
        ("070", "070"),
        ("  ", None),
        ("", None),
        (None, None),
    ],
)
def test_the_canonical_form_of_an_id(identity, expected):
    assert canonical(identity) == [expected]


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("70;71", ["70", "71"]),
        (" 70.0 ; 71 ;", ["70", "71"]),
        ("70;70.0", ["70"]),
        ("003q000000KvQ1t;003q000000KvQ1tAAF;9", ["003q000000KvQ1tAAF", "9"]),
        ("70", ["70"]),
        ("Smith;Sons", ["Smith;Sons"]),
        ("Level 3; Berlin 2", ["Level 3; Berlin 2"]),
        ("1,234", ["1,234"]),
    ],
)
def test_the_ids_in_a_cell(cell, expected):
    assert pl.select(ids_in(pl.lit(cell))).item().to_list() == expected


@given(st.lists(st.text(SIGNS + " .0", max_size=19)))
def test_the_canonical_form_is_its_own(ids):
    once = canonical(*ids)
    assert canonical(*once) == once


@given(CASE_SENSITIVE)
def test_an_id_and_its_other_case_stay_two_whose_suffix_tells_the_capitals(identity):
    [long] = canonical(identity)
    assert long[:15] == identity
    digits = ["ABCDEFGHIJKLMNOPQRSTUVWXYZ012345".index(digit) for digit in long[15:]]
    bits = [digit >> bit & 1 for digit in digits for bit in range(5)]
    assert [bool(bit) for bit in bits] == [sign.isupper() for sign in identity]
