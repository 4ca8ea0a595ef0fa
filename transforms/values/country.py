"""Countries as ISO 3166 alpha-2, however people spell them.

Codes and names come from pycountry (ISO 3166, with translations by iso-codes) and babel (Unicode CLDR). A spelling is
looked up as a code, then as an English or declared name, then as a name in any other language: the first of these
that has it decides, and where it names two countries there, the answer is null. Nothing is guessed.
"""

import gettext
import pickle
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import polars as pl
import pycountry
from babel.localedata import locale_identifiers, resolve_locale_filename

from transforms.step import ROW, step
from transforms.values.distinct import read_distinct

_KOSOVO = "XK"  # Not in ISO 3166, but in use by CLDR, the EU and telephone numbering.
_COUNTRIES = frozenset({country.alpha_2 for country in pycountry.countries} | {_KOSOVO})
_CODES = {
    "UK": "GB",
    "EL": "GR",
    "UAE": "AE",
    "DRC": "CD",
    "KSA": "SA",
    "PRC": "CN",
    "ROK": "KR",
    "ROC": "TW",
    "RSA": "ZA",
}
_ALIASES = {
    "AE": ("Emirates", "The Emirates"),
    "AU": ("Commonwealth of Australia",),
    "BY": ("Belorussia", "Byelorussia"),
    "CC": ("Cocos Islands", "Keeling Islands"),
    "CD": ("DR Congo", "D.R. Congo", "RD Congo", "Congo DR", "Democratic Republic of Congo", "Congo Kinshasa"),
    "CG": ("Republic of Congo", "Congo Brazzaville"),
    "CI": ("Ivory Coast",),
    "CN": ("Mainland China",),
    "CV": ("Cape Verde",),
    "CZ": ("Czech Republic",),
    "FO": ("Faeroe Islands",),
    "GB": ("Britain", "Great Britain", "England", "Scotland", "Wales", "Northern Ireland", "United Kingdom (UK)"),
    "GR": ("Hellas",),
    "GS": ("South Georgia",),
    "GY": ("Co-operative Republic of Guyana",),
    "HK": ("Hong Kong SAR",),
    "IE": ("Eire", "Republic of Ireland", "Southern Ireland"),
    "IN": ("Bharat",),
    "JP": ("Nippon", "Nihon"),
    "KP": ("DPRK",),
    "LY": ("State of Libya",),
    "MK": (
        "Macedonia",
        "FYROM",
        "The former Yugoslav Republic of Macedonia",
        "Macedonia, The Former Yugoslav Republic of",
    ),
    "MM": ("Burma",),
    "MO": ("Macau SAR",),
    "MV": ("Maldive Islands", "Republic of the Maldives", "المالديف"),
    "NE": ("Republic of Niger",),
    "NL": ("Holland",),
    "PS": ("Palestine",),
    "RW": ("Republic of Rwanda",),
    "SA": ("Saudi",),
    "SZ": ("Swaziland",),
    "TL": ("East Timor",),
    "TN": ("Tunisian Republic",),
    "TR": ("Turkey", "Republic of Turkey"),
    "TW": ("Chinese Taipei", "Republic of China", "Taiwan, ROC"),
    "US": ("United States (US)", "United States (USA)", "USA - United States", "Etats-Unis d'Amérique"),
    "UY": ("Oriental Republic of Uruguay",),
    "VA": ("Vatican", "Vatican City State"),
    "VI": ("United States Virgin Islands", "US Virgin Islands"),
    "VN": ("Viet Nam", "Socialist Republic of Vietnam"),
    "YE": ("Yemeni Republic",),
    _KOSOVO: ("Republic of Kosovo",),
}
# Each names two countries, whatever a single table says.
_AMBIGUOUS = (
    "Congo", "Kongo", "Конго", "الكونغو", "Korea", "Corea", "Corée", "Coreia", "Korean Republic", "Guiana", "Guyane",
    "Guayana", "غويانا", "Saint Martin", "San Martin", "Sveti Martin", "São Martinho", "سانت مارتن", "سن مارتن",
    "Virgin Islands",
)  # fmt: skip
_APOSTROPHES = r"'`\x{B4}\x{2018}\x{2019}\x{2BB}-\x{2BF}"
_WRITTEN_TWICE = (
    "az_Cyrl",
    "bs_Cyrl",
    "es_419",
    "es_MX",
    "pa_Arab",
    "pt_PT",
    "sr_Latn",
    "uz_Cyrl",
    "zh_Hant",
    "zh_Hant_HK",
)
# Languages that iso-codes translates in full; in the smaller ones it has slips.
_ISO_CODES_LANGUAGES = (
    "ar", "bg", "bn", "br", "ca", "cs", "cy", "da", "de", "el", "es", "et", "eu", "fa", "fi", "fr", "ga", "gl", "he",
    "hi", "hr", "hu", "id", "is", "it", "ja", "ka", "ko", "lt", "lv", "mk", "ms", "nb", "nl", "nn", "pl", "pt", "pt_BR",
    "ro", "ru", "sk", "sl", "sq", "sr", "sv", "ta", "th", "tr", "uk", "ur", "vi", "zh_CN", "zh_HK", "zh_TW",
)  # fmt: skip

CountryNames = Iterator[tuple[str, str]]


def iso_country(spelling: pl.Expr) -> pl.Expr:
    """Make an ISO 3166 alpha-2 code of a country's code or name in any of some three hundred languages.

    Null where there is no text, where it is no country that is known, and where it might be two.

    >>> rows = pl.LazyFrame({"country": ["Deutschland", "u.s.a.", "The Netherlands", "Congo", "Atlantis", None]})
    >>> rows.select(iso_country(pl.col("country"))).collect().to_series().to_list()
    ['DE', 'US', 'NL', None, None, None]
    """
    return read_distinct(_read, dtype=pl.String, spelling=spelling)


@step(partition_by=ROW, delivers=("country",))
def with_country(records: pl.LazyFrame) -> pl.LazyFrame:
    """Add `country`, read from `source_country`."""
    return records.with_columns(country=iso_country(pl.col("source_country")))


def _read(spellings: pl.DataFrame) -> pl.Series:
    code = pl.col("spelling").str.strip_chars().str.replace_all(".", "", literal=True).str.to_uppercase()
    is_code = code.str.contains(r"^(?:[A-Z]{2,3}|[0-9]{3})$")
    looked_up = spellings.select(code=pl.when(is_code).then(code), key=_key(pl.col("spelling")))
    coded = looked_up.join(_codes(), on="code", how="left", maintain_order="left")
    if not coded["coded"].has_nulls():
        return coded["coded"]
    named = coded.join(_names(), on="key", how="left", maintain_order="left")
    return named.select(pl.coalesce("coded", "named")).to_series()


def _key(name: pl.Expr) -> pl.Expr:
    """Make what two spellings of one name share: no case, no Latin accents, no punctuation, `and` for &."""
    folded = name.str.normalize("NFKC").str.to_lowercase().str.normalize("NFKD")
    # Marks of other scripts are vowels, not accents.
    plain = folded.str.replace_all(r"[\x{300}-\x{36F}]", "").str.normalize("NFC")
    words = (
        plain.str.replace_all("&", " and ", literal=True)
        .str.replace_all(rf"[.{_APOSTROPHES}\p{{Cf}}]", "")
        .str.replace_all(r"[^\p{L}\p{M}\p{N}]+", " ")
        .str.strip_chars()
    )
    return words.str.replace(r"^the ", "").str.replace_all(r"\bst\b", "saint")


@cache
def _codes() -> pl.DataFrame:
    codes = {country: country for country in _COUNTRIES} | _CODES
    for country in pycountry.countries:
        codes |= {country.alpha_3: country.alpha_2, country.numeric: country.alpha_2}
    return pl.DataFrame({"code": list(codes), "coded": list(codes.values())})


@cache
def _names() -> pl.DataFrame:
    """Make the table from key to country, with null for a key that names two; a second's work, once a process."""
    ambiguous = pl.DataFrame({"name": _AMBIGUOUS}).select(key=_key(pl.col("name")), named=pl.lit(None, pl.String))
    tiers = [ambiguous, _tier(_certain()), _tier(_in_cldr()), _tier(_in_iso_codes())]
    return pl.concat(tiers).unique("key", keep="first", maintain_order=True)


def _tier(named: CountryNames) -> pl.DataFrame:
    table = pl.DataFrame(list(named), schema=["name", "named"], orient="row").select("named", key=_key(pl.col("name")))
    only = pl.when(pl.col("named").n_unique() == 1).then(pl.col("named").first())
    return table.filter(pl.col("key") != "").group_by("key").agg(only)


def _certain() -> CountryNames:
    for country in pycountry.countries:
        for name in _official(country):
            yield name, country.alpha_2
            before, comma, after = name.partition(", ")
            if comma:
                yield f"{after} {before}", country.alpha_2
    yield from _in_language("en")
    for code, aliases in _ALIASES.items():
        yield from ((alias, code) for alias in aliases)


def _in_cldr() -> CountryNames:
    for language in (*(name for name in locale_identifiers() if "_" not in name), *_WRITTEN_TWICE):
        yield from _in_language(language)


def _in_language(language: str) -> CountryNames:
    # Read from babel's own file: its loader would keep all data of all locales in memory, 170 MB, for good.
    with Path(resolve_locale_filename(language)).open("rb") as file:
        territories = pickle.load(file).get("territories", {})  # noqa: S301 - a file of the installed library
    for code, name in territories.items():
        if code in _COUNTRIES:
            yield name, code


def _in_iso_codes() -> CountryNames:
    for language in _ISO_CODES_LANGUAGES:
        catalogue = gettext.find("iso3166-1", pycountry.LOCALES_DIR, languages=[language])
        if catalogue is None:
            raise LookupError(f"pycountry has no names of countries in {language}")
        with Path(catalogue).open("rb") as file:
            translated = gettext.GNUTranslations(file)
        for country in pycountry.countries:
            for name in _official(country):
                yield translated.gettext(name), country.alpha_2


def _official(country: object) -> list[str]:
    fields = ("name", "official_name", "common_name")
    return [name for field in fields if (name := getattr(country, field, None)) is not None]
