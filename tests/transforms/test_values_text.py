import unicodedata

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from transforms.values.text import clean


def read(expression, *texts):
    frame = pl.LazyFrame({"text": pl.Series(texts, dtype=pl.String)})
    return frame.select(expression).collect().to_series().to_list()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Ada", "Ada"),
        ("  Ada \t", "Ada"),
        ("\u00a0Ada\u3000", "Ada"),
        ("Ada\nLovelace", "Ada\nLovelace"),
        ("Ada  Lovelace", "Ada  Lovelace"),
        ("A\x00da\x1b[31m", "Ada[31m"),
        ("A\u200bda\ufeff", "Ada"),
        ("\u202eadA", "adA"),
        ("Zoe\u0301", "Zo\u00e9"),
        ("\u0645\u06cc\u200c\u062e\u0648", "\u0645\u06cc\u200c\u062e\u0648"),
        ("👩\u200d💻", "👩\u200d💻"),
        ("007", "007"),
        ("+1 212", "+1 212"),
        ("Null", "Null"),
        ("<b>Ada</b>", "<b>Ada</b>"),
        ("", None),
        (" \u200b\u200d ", None),
        ("\x00", None),
        (None, None),
    ],
    ids=[
        "plain", "blanks", "wide blanks", "line break stays", "inner blanks stay", "control characters", "zero width",
        "direction override", "one form of accent", "Persian non-joiner stays", "joined emoji stays", "leading zeros",
        "plus", "surname Null", "HTML is not ours to judge", "empty", "nothing visible", "only NUL", "null",
    ],
)  # fmt: skip
def test_what_cannot_be_seen_or_stored_goes_and_nothing_else(text, expected):
    assert read(clean(pl.col("text")), text) == [expected]


@settings(deadline=None)
@given(st.lists(st.none() | st.text(st.characters(codec="utf-8"))))
def test_clean_text_is_storable_composed_and_stable(texts):
    once = read(clean(pl.col("text")), *texts)
    assert read(clean(pl.col("text")), *once) == once
    kept = [text for text in once if text is not None]
    assert all("\x00" not in text and text.strip() == text != "" for text in kept)
    assert all(unicodedata.is_normalized("NFC", text) for text in kept)
    assert once == [read(clean(pl.col("text")), text)[0] for text in texts]


@settings(deadline=None)
@given(st.lists(st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1)))
def test_plain_text_is_untouched(texts):
    assert read(clean(pl.col("text")), *texts) == texts
