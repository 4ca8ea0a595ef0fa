"""Match keys of company names: for comparison, never for display."""

from functools import cache

import polars as pl
from cleanco.clean import get_unique_terms

from transforms.values.distinct import Values, map_distinct, read_distinct

_Words = tuple[str, ...]
_CYRILLIC = ("ао", "оао", "ооо", "пао")  # noqa: RUF001 - these letters are Cyrillic, as the names are
# Legal forms that some countries put before the name: AB Volvo, PT Astra, Oy Nokia. After it, all forms are removed.
_BEFORE = frozenset(
    {"ab", "ao", "kb", "nv", "oao", "ooo", "oy", "pao", "pjsc", "pt", "sia", "tov", "uab", "zao", *_CYRILLIC}
)
# Legal forms that cleanco does not list.
_MORE_FORMS = (
    "& cie", "aktiengesellschaft", "cie", "e k", "et cie", "gesellschaft mbh", "gmbh & co", "gmbh & co kgaa", "pao",
    "pjsc", "s de rl de cv", "sab de cv", "sapi de cv", "societe anonyme", "ug", "ug haftungsbeschrankt", *_CYRILLIC,
)  # fmt: skip
# Entries of cleanco's list that more often are a country or a word than a legal form.
_NOT_FORMS = frozenset({("at",), ("ca",), ("et",), ("eu",), ("nl",), ("ok",), ("uk",)})
# Scripts without spaces attach the legal form to the name, before or after it.
_JOINED = (
    "株式会社", "有限会社", "合同会社", "股份有限公司", "有限责任公司", "有限責任公司", "有限公司", "주식회사",
    "유한회사",
)  # fmt: skip
# Letters that Unicode does not decompose into a letter and an accent.
_WHOLE_LETTERS = {"ø": "o", "æ": "ae", "œ": "oe", "ł": "l", "ß": "ss", "đ": "d", "ð": "d", "þ": "th", "ħ": "h"}


def company_normalised(name: pl.Expr) -> pl.Expr:
    """Compile the match key of a company name: no legal form, accent, punctuation or capital; null where none is left.

    Words of every script are kept, initials become one word (J. P. Morgan), `&` becomes `and`, a leading `the` is
    removed. A name of legal forms only is never emptied. Two companies may share a key, and one company may have two:
    never merge by the key alone.

    >>> rows = pl.LazyFrame({"name": ["Müller & Söhne GmbH", "A B Volvo", "The ACME Company, Inc.", "Limited", "-"]})
    >>> rows.select(company_normalised(pl.col("name"))).collect().to_series().to_list()
    ['muller and sohne', 'volvo', 'acme', 'limited', None]
    """
    return read_distinct(_keys, dtype=pl.String, name=name)


def _keys(names: pl.DataFrame) -> pl.Series:
    plain = names.select(plain=_plain(pl.col("name"))).with_columns(pl.when(pl.col("plain") != "").then("plain"))
    key = map_distinct(pl.col("plain"), function=_without_forms, names=("key",)).struct.field("key")
    return plain.select(key).to_series()


def _plain(name: pl.Expr) -> pl.Expr:
    decomposed = name.str.normalize("NFKC").str.to_lowercase().str.normalize("NFKD")
    # Marks of other scripts are vowels, not accents.
    letters = decomposed.str.replace_all(r"[\x{300}-\x{36F}]", "").str.normalize("NFC")
    return (
        letters.str.replace_many(_WHOLE_LETTERS)
        .str.replace_all("&", " and ", literal=True)
        .str.replace_all(r"['`\x{B4}\x{2018}\x{2019}\p{Cf}]", "")
        .str.replace_all(r"\b(\p{L})\.", "$1")
        .str.replace_all(r"[^\p{L}\p{M}\p{N}]+", " ")
        .str.strip_chars()
    )


def _without_forms(plain: str) -> Values:
    words = _split(plain)
    before: _Words = ()
    while words != before:
        before = words
        words = _without_joined(_without_last(_without_first(words)))
    return (" ".join(words),)


def _split(plain: str) -> _Words:
    """Split into words; adjacent single letters become one word."""
    words: list[str] = []
    follows_letter = False
    for word in plain.split(" "):
        is_letter = len(word) == 1 and word.isalpha()
        if is_letter and follows_letter:
            words[-1] += word
        else:
            words.append(word)
        follows_letter = is_letter
    return tuple(words)


def _without_first(words: _Words) -> _Words:
    return words[1:] if len(words) > 1 and (words[0] == "the" or words[0] in _BEFORE) else words


def _without_last(words: _Words) -> _Words:
    for form in _forms().get(words[-1], ()):
        if len(form) < len(words) and words[-len(form) :] == form:
            return words[: -len(form)]
    return words


def _without_joined(words: _Words) -> _Words:
    first, last = words[0], words[-1]
    for form in _JOINED:
        if first.startswith(form) and first != form:
            return (first.removeprefix(form), *words[1:])
        if last.endswith(form) and last != form:
            return (*words[:-1], last.removesuffix(form))
    return words


@cache
def _forms() -> dict[str, list[_Words]]:
    """Group the legal forms by their last word, the longest first."""
    written = pl.DataFrame({"form": sorted(get_unique_terms()) + list(_MORE_FORMS) + list(_JOINED)})
    plain = written.select(_plain(pl.col("form"))).to_series().to_list()
    by_last: dict[str, list[_Words]] = {}
    for form in sorted({_split(form) for form in plain if form} - _NOT_FORMS, key=len, reverse=True):
        by_last.setdefault(form[-1], []).append(form)
    return by_last
