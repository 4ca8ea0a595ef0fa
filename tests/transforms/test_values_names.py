import unicodedata

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms.values.names import mend_case, with_names

PERSIAN = "\u0639\u0644\u06cc\u200c\u0631\u0636\u0627"  # two words that a joiner keeps together


def mended(*names, is_family_name=True):
    frame = pl.LazyFrame({"name": pl.Series(names, dtype=pl.String)})
    return frame.select(mend_case(pl.col("name"), is_family_name=is_family_name)).collect().to_series().to_list()


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("LOVELACE", "Lovelace"),
        ("lovelace", "Lovelace"),
        ("Lovelace", "Lovelace"),
        ("DeShawn", "DeShawn"),
        ("McDONALD", "McDONALD"),
        ("MCDONALD", "McDonald"),
        ("macleod", "MacLeod"),
        ("MACHADO", "Machado"),
        ("MACE", "Mace"),
        ("O'BRIEN", "O'Brien"),
        ("o\u2019brien", "O\u2019Brien"),
        ("SA'AD", "Sa'ad"),
        ("MCKAY-O'NEILL", "McKay-O'Neill"),
        ("VAN DER BERG", "van der Berg"),
        ("DE LA CRUZ", "de la Cruz"),
        ("LA ROCHE", "La Roche"),
        ("VAN", "Van"),
        ("SMITH III", "Smith III"),
        ("IV", "Iv"),
        ("NG", "Ng"),
        ("JP", "JP"),
        ("j.r.r.", "J.R.R."),
        ("3RD", "3rd"),
        ("ÉLODIE", "Élodie"),
        ("DİLARA ILGIN", "Dilara Ilg\u0131n"),
        ("ΝΙΚΟΣ", "Νικος"),
        ("weiß", "Weiß"),
        ("王小明", "王小明"),
        (PERSIAN, PERSIAN),
        ("Ada\x00\t Byron\u200b ", "Ada Byron"),
        ("ame\u0301lie", "Amélie"),
        ("  \u200b", None),
        ("", None),
        (None, None),
    ],
    ids=str,
)  # fmt: skip
def test_case(written, expected):
    assert mended(written) == [expected]


def test_a_given_name_has_no_particles():
    people = pl.LazyFrame({"first_name": ["VAN ANH"], "last_name": ["VAN GOGH"]})
    assert with_names(people).collect().row(0) == ("Van Anh", "van Gogh")


NAMES = st.text("abcABC'\u2019- .éÉßİ\u0131vandeMC1王", max_size=16)


@given(st.lists(NAMES, max_size=10), st.booleans())
def test_a_mended_name_needs_no_mending(names, is_family_name):
    once = mended(*names, is_family_name=is_family_name)
    assert mended(*once, is_family_name=is_family_name) == once


@given(st.lists(NAMES.filter(lambda name: not set("İ\u0131") & set(name)), max_size=10), st.booleans())
def test_no_letter_is_lost(names, is_family_name):
    def letters(name):
        return unicodedata.normalize("NFC", " ".join((name or "").split())).casefold()

    told = mended(*names, is_family_name=is_family_name)
    assert [letters(name) for name in told] == [letters(name) for name in names]


@given(st.lists(NAMES, max_size=10))
def test_a_name_in_both_cases_stays_as_it_is(names):
    mixed = [f"Ab{name}".strip() for name in names]
    tidy = [" ".join(unicodedata.normalize("NFC", name).split()) for name in mixed]
    assert mended(*mixed) == tidy
