"""Half surrogate pairs in JSON: replaced where it comes in, so that nothing that is landed or read holds one."""

import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.json_text import decode, mend


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (rb'"\ud800"', rb'"\ufffd"'),
        (rb'"\ud83d\ude00"', rb'"\ud83d\ude00"'),
        (rb'"\ude00\ud83d\ude00\ud83d"', rb'"\ufffd\ud83d\ude00\ufffd"'),
        (rb'"\\ud800"', rb'"\\ud800"'),
        (rb'"\\\ud800"', rb'"\\\ufffd"'),
        (b'"Ada"', b'"Ada"'),
    ],
    ids=["half", "pair", "halves around a pair", "a backslash, then letters", "a backslash, then half", "plain"],
)
def test_half_a_character_becomes_the_replacement_character(raw, expected):
    assert mend(raw) == (expected, expected.count(rb"\ufffd"))


@given(st.text(st.characters(), max_size=8), st.text(st.characters(), max_size=8))
def test_mended_json_says_the_same_but_for_half_characters(key, text):
    """Lone surrogates, as any text of Python may hold them, each become one replacement character."""
    whole_key, whole = (one.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace") for one in (key, text))
    found, _ = decode(json.dumps({key: [text]}).encode(), msgspec.json.Decoder(dict[str, list[str]]))
    assert found == {whole_key: [whole]}
