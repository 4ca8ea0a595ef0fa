"""Generator of the table of country names that `transforms.values.country` reads: `make country-names`.

Names come from pycountry (ISO 3166, with translations by iso-codes) and babel (Unicode CLDR); run it after an update of
either. English and declared names take precedence over names in other languages; a name of two countries at the same
precedence is ambiguous.
"""

import gettext
import pickle
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pycountry
from babel.localedata import locale_identifiers, resolve_locale_filename

from transforms.values.country import COUNTRIES, KOSOVO, NAMES, name_key

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
    KOSOVO: ("Republic of Kosovo",),
}
# Names of two countries each, even where one table has only one of them.
_AMBIGUOUS = (
    "Congo", "Kongo", "Конго", "الكونغو", "Korea", "Corea", "Corée", "Coreia", "Korean Republic", "Guiana", "Guyane",
    "Guayana", "غويانا", "Saint Martin", "San Martin", "Sveti Martin", "São Martinho", "سانت مارتن", "سن مارتن",
    "Virgin Islands",
)  # fmt: skip
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
# Languages that iso-codes translates in full; its smaller translations have errors.
_ISO_CODES_LANGUAGES = (
    "ar", "bg", "bn", "br", "ca", "cs", "cy", "da", "de", "el", "es", "et", "eu", "fa", "fi", "fr", "ga", "gl", "he",
    "hi", "hr", "hu", "id", "is", "it", "ja", "ka", "ko", "lt", "lv", "mk", "ms", "nb", "nl", "nn", "pl", "pt", "pt_BR",
    "ro", "ru", "sk", "sl", "sq", "sr", "sv", "ta", "th", "tr", "uk", "ur", "vi", "zh_CN", "zh_HK", "zh_TW",
)  # fmt: skip

Named = Iterator[tuple[str, str]]


def country_names() -> pl.DataFrame:
    """Return the table from `key` to the country `named`; null for an ambiguous key. Grain: key, sorted by it."""
    ambiguous = pl.DataFrame({"name": _AMBIGUOUS}).select(key=name_key(pl.col("name")), named=pl.lit(None, pl.String))
    tiers = [ambiguous, _tier(_certain()), _tier(_in_cldr()), _tier(_in_iso_codes())]
    return pl.concat(tiers).unique("key", keep="first").sort("key")


def _tier(named: Named) -> pl.DataFrame:
    table = pl.DataFrame(list(named), schema=["name", "named"], orient="row").select(
        "named", key=name_key(pl.col("name"))
    )
    only = pl.when(pl.col("named").n_unique() == 1).then(pl.col("named").first())
    return table.filter(pl.col("key") != "").group_by("key").agg(only)


def _certain() -> Named:
    for country in pycountry.countries:
        for name in _official(country):
            yield name, country.alpha_2
            before, comma, after = name.partition(", ")
            if comma:
                yield f"{after} {before}", country.alpha_2
    yield from _in_language("en")
    for code, aliases in _ALIASES.items():
        yield from ((alias, code) for alias in aliases)


def _in_cldr() -> Named:
    for language in (*(name for name in locale_identifiers() if "_" not in name), *_WRITTEN_TWICE):
        yield from _in_language(language)


def _in_language(language: str) -> Named:
    # Read from babel's own file: its loader would keep all data of all locales in memory, 170 MB.
    with Path(resolve_locale_filename(language)).open("rb") as file:
        territories = pickle.load(file).get("territories", {})  # noqa: S301 - a file of the installed library
    for code, name in territories.items():
        if code in COUNTRIES:
            yield name, code


def _in_iso_codes() -> Named:
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


if __name__ == "__main__":
    country_names().write_csv(NAMES)
