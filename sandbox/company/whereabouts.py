"""Where somebody is: the country spelt one of many ways, a city, and a telephone number in two notations."""

import numpy as np
import polars as pl

from sandbox.company.chance import Draws
from sandbox.company.places import PLACES

NUMBERS = 100_000
_DIGITS = 5


def with_whereabouts(rows: pl.DataFrame, draws: Draws) -> pl.DataFrame:
    """Add `country`, `city`, `phone_national` and `phone_international` to rows with `place` and `phone_number`.

    The spelling is drawn for the row, the number belongs to whoever `phone_number` does.
    """
    places = pl.DataFrame(
        {
            "place": np.arange(len(PLACES), dtype=np.int64),
            "_spellings": [list(place.spellings) for place in PLACES],
            "_cities": [list(place.cities) for place in PLACES],
            "_areas": [list(place.areas) for place in PLACES],
            "_national": [place.national for place in PLACES],
            "_international": [place.international for place in PLACES],
        }
    )
    # The usual spelling comes first in the list, and is drawn for half of the rows.
    spelling = pl.max_horizontal(draws.whole(-6, 7, "spelling"), pl.lit(0))
    joined = rows.join(places, on="place", how="left", maintain_order="left")
    return joined.with_columns(
        country=_from("_spellings", spelling),
        city=_from("_cities", draws.whole(0, 12, "city")),
        phone_national=_number("_national"),
        phone_international=_number("_international"),
    ).drop("_spellings", "_cities", "_areas", "_national", "_international")


def _from(column: str, drawn: pl.Expr) -> pl.Expr:
    return pl.col(column).list.get(drawn % pl.col(column).list.len().cast(pl.Int64))


def _number(pattern: str) -> pl.Expr:
    """The pattern with the area and the digits of `phone_number` in it, whatever the number of digits it takes."""
    area = _from("_areas", pl.col("phone_number") // 100)
    digits = pl.col("phone_number").cast(pl.String).str.zfill(_DIGITS)
    filled = pl.col(pattern).str.replace("{}", area, literal=True)
    for place in reversed(range(_DIGITS)):
        filled = filled.str.replace("#", digits.str.slice(place, 1), literal=True)
    return filled
