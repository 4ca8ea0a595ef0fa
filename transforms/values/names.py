"""Case of personal names: restored where a form or an import lost it; nothing else is changed."""

import re

import polars as pl

from transforms.step import ROW, step
from transforms.values.distinct import Values, map_distinct

_MARKS = r"\u0300-\u036f"
_LETTERS = rf"(?:[^\W\d_][{_MARKS}]*)+"
_APOSTROPHES = "'\u2019\u02bc"
_WORD = re.compile(rf"(?<![\w{_MARKS}]){_LETTERS}(?:[{_APOSTROPHES}]{_LETTERS})*")
_AFTER_APOSTROPHE = re.compile(rf"(?<=[{_APOSTROPHES}])")
_NUMERAL = re.compile(r"ii|iii|iv|vi|vii|viii")
# Two consonants are initials (JP, TJ), except a surname (Ng) and some titles.
_INITIALS = re.compile(r"(?!ng|mr|ms|dr|jr|sr|st)[bcdfghjklmnpqrstvwxz]{2}")
# Mac is a prefix in these and part of the word in Machado, Mackey, Macias: hence a list.
_MAC = re.compile(
    r"mac(?=alister|allister|arthur|askill|aulay|auley|bean|beth|bride|callum|carthy|cormack|corquodale|crae|culloch|"
    r"dermott|donald|donell|donnell|dougall|dowell|duff|eachern|ewan|ewen|fadyen|farland|farlane|gill|gillivray|gowan|"
    r"gregor|guire|innes|innis|intosh|intyre|iver|kay|kenna|kenzie|kinley|kinnon|lachlan|laren|laughlin|lean|leish|"
    r"lellan|lennan|leod|mahon|manus|master|millan|murray|nab|namara|naughton|neil|neill|nicol|niven|phail|phee|"
    r"pherson|quarie|queen|rae|sween|tavish|vicar)"
)
_MC = re.compile(r"mc(?=\w{3})")
_PARTICLES = frozenset(
    ("bin", "da", "das", "de", "del", "den", "der", "do", "dos", "du", "ibn", "ten", "ter", "van", "von", "zu", "zum")
)
_ARTICLES = frozenset({"la", "las", "los"})  # Lower case after a particle only: de la Cruz, but La Roche.
_NO_NAMES = frozenset(
    ("n a", "na", "no name", "noname", "none", "not available", "not provided", "null", "test", "unknown")
)
_SHORTEST_AFTER_APOSTROPHE = 3  # O'Dea, but Sa'ad.


def mend_case(name: pl.Expr, *, is_family_name: bool = False) -> pl.Expr:
    """Restore the case of a name that is all upper or all lower case; keep mixed case as it is.

    Control and other invisible characters are removed and runs of white space become one space; null where nothing is
    left. Letters are never removed. In a family name a particle that is not the last word is lower case (van der Berg).

    >>> rows = pl.LazyFrame({"name": ["MARY-JANE", "van der berg", "O'NEILL MCDONALD", "DeShawn", "J.R."]})
    >>> rows.select(mend_case(pl.col("name"), is_family_name=True)).collect().to_series().to_list()
    ['Mary-Jane', 'van der Berg', "O'Neill McDonald", 'DeShawn', 'J.R.']
    """
    # Joiners (U+200C, U+200D) belong to the spelling of Persian and Indic names.
    visible = name.str.replace_all(r"[\p{Cf}--[\x{200C}\x{200D}]]", "").str.replace_all(r"[\p{Cc}\s]+", " ")
    clean = visible.str.strip_chars().str.normalize("NFC")
    is_one_case = (clean == clean.str.to_uppercase()) != (clean == clean.str.to_lowercase())
    mend = _mend_family_name if is_family_name else _mend_given_name
    mended = map_distinct(pl.when(is_one_case).then(clean), function=mend, names=("name",)).struct.field("name")
    return pl.when(clean != "").then(pl.coalesce(mended, clean))


def name_words(name: pl.Expr) -> pl.Expr:
    """Compile the list of words that names are compared by: small letters without marks; empty where there is none.

    What stands where a name should be (`[not provided]`, `unknown`, `-`) has no words.

    >>> pl.select(name_words(pl.lit(pl.Series(["O'Neill-Müller", "[not provided]", None])))).to_series().to_list()
    [['oneill', 'muller'], [], []]
    """
    folded = name.str.normalize("NFKD").str.replace_all(rf"[{_MARKS}{_APOSTROPHES}]", "").str.to_lowercase()
    words = folded.fill_null("").str.extract_all(r"\p{L}+")
    return pl.when(~words.list.join(" ").is_in(sorted(_NO_NAMES))).then(words).otherwise(pl.lit([], pl.List(pl.String)))


@step(partition_by=ROW, delivers=("first_name", "last_name"))
def with_names(people: pl.LazyFrame) -> pl.LazyFrame:
    """Restore the case of `first_name` and `last_name`; null stays null."""
    return people.with_columns(
        first_name=mend_case(pl.col("first_name")),
        last_name=mend_case(pl.col("last_name"), is_family_name=True),
    )


def _mend_given_name(name: str) -> Values:
    words = _lower(name).split(" ")
    return (" ".join(_mend(word, is_first=index == 0) for index, word in enumerate(words)),)


def _mend_family_name(name: str) -> Values:
    words = _lower(name).split(" ")
    mended: list[str] = []
    for index, word in enumerate(words):
        follows_particle = bool(mended) and mended[-1] in _PARTICLES
        is_small = word in _PARTICLES or (word in _ARTICLES and follows_particle)
        mended.append(word if is_small and index < len(words) - 1 else _mend(word, is_first=index == 0))
    return (" ".join(mended),)


def _lower(name: str) -> str:
    # A dotted capital I marks a Turkish name, in which the plain capital I is the dotless one.
    return name.replace("I", "\u0131").replace("İ", "i").lower() if "İ" in name else name.lower()


def _mend(word: str, *, is_first: bool) -> str:
    if _NUMERAL.fullmatch(word) and not is_first:
        return word.upper()
    return _WORD.sub(lambda part: _capitals(part.group()), word)


def _capitals(word: str) -> str:
    if _INITIALS.fullmatch(word):
        return word.upper()
    first, *others = _AFTER_APOSTROPHE.split(word)
    return _capital(first) + "".join(
        _capital(part) if len(part.rstrip(_APOSTROPHES)) >= _SHORTEST_AFTER_APOSTROPHE else part for part in others
    )


def _capital(part: str) -> str:
    prefix = _MC.match(part) or _MAC.match(part)
    if prefix:
        return prefix.group().capitalize() + _capital(part[prefix.end() :])
    capital = part[:1].upper()
    return (capital if len(capital) == 1 else part[:1]) + part[1:]
