"""Countries: ISO 3166 alpha-2 codes from codes and names in any language.

A text is looked up as a code of ISO 3166, then as a name. English and declared names take precedence over names in
other languages; a name of two countries is ambiguous and gives null. Nothing is guessed. The table of names is a file
that `transforms.values.country_names` generates.
"""

from functools import cache
from pathlib import Path

import polars as pl
import pycountry

from transforms.step import ROW, step
from transforms.values.distinct import read_distinct

KOSOVO = "XK"  # Not in ISO 3166, but in use by CLDR, the EU and telephone numbering.
COUNTRIES = frozenset({country.alpha_2 for country in pycountry.countries} | {KOSOVO})
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
_APOSTROPHES = r"'`\x{B4}\x{2018}\x{2019}\x{2BB}-\x{2BF}"
NAMES = Path(__file__).with_name("country_names.csv")


def iso_country(spelling: pl.Expr) -> pl.Expr:
    """Compile the ISO 3166 alpha-2 code of a country's code or name in any of about three hundred languages.

    Null without a text, for an unknown country and for an ambiguous name.

    >>> rows = pl.LazyFrame({"country": ["Deutschland", "u.s.a.", "The Netherlands", "Congo", "Atlantis", None]})
    >>> rows.select(iso_country(pl.col("country"))).collect().to_series().to_list()
    ['DE', 'US', 'NL', None, None, None]
    """
    return read_distinct(_parse, dtype=pl.String, spelling=spelling)


@step(partition_by=ROW, delivers=("country",))
def with_country(records: pl.LazyFrame) -> pl.LazyFrame:
    """Add `country`, the ISO 3166 alpha-2 code of `source_country`."""
    return records.with_columns(country=iso_country(pl.col("source_country")))


def _parse(spellings: pl.DataFrame) -> pl.Series:
    code = pl.col("spelling").str.strip_chars().str.replace_all(".", "", literal=True).str.to_uppercase()
    is_code = code.str.contains(r"^(?:[A-Z]{2,3}|[0-9]{3})$")
    looked_up = spellings.select(code=pl.when(is_code).then(code), key=name_key(pl.col("spelling")))
    coded = looked_up.join(_codes(), on="code", how="left", maintain_order="left")
    if not coded["coded"].has_nulls():
        return coded["coded"]
    named = coded.join(_names(), on="key", how="left", maintain_order="left")
    return named.select(pl.coalesce("coded", "named")).to_series()


def name_key(name: pl.Expr) -> pl.Expr:
    """Compile the lookup key of a name: lower case, no Latin accents, no punctuation, `and` for &."""
    decomposed = name.str.normalize("NFKC").str.to_lowercase().str.normalize("NFKD")
    # Marks of other scripts are vowels, not accents.
    plain = decomposed.str.replace_all(r"[\x{300}-\x{36F}]", "").str.normalize("NFC")
    words = (
        plain.str.replace_all("&", " and ", literal=True)
        .str.replace_all(rf"[.{_APOSTROPHES}\p{{Cf}}]", "")
        .str.replace_all(r"[^\p{L}\p{M}\p{N}]+", " ")
        .str.strip_chars()
    )
    return words.str.replace(r"^the ", "").str.replace_all(r"\bst\b", "saint")


@cache
def _codes() -> pl.DataFrame:
    codes = {country: country for country in COUNTRIES} | _CODES
    for country in pycountry.countries:
        codes |= {country.alpha_3: country.alpha_2, country.numeric: country.alpha_2}
    return pl.DataFrame({"code": list(codes), "coded": list(codes.values())})


@cache
def _names() -> pl.DataFrame:
    """Read the table from key to country; null for a key of two countries."""
    return pl.read_csv(NAMES, schema={"key": pl.String, "named": pl.String})
