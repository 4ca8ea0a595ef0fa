"""Placeholders such as `Select`, `n/a` and `unknown`: null only where the settings declare them.

There is no built-in list: `Null` is a surname, `None` a product line, `NA` the country code of Namibia.
"""

from collections.abc import Sequence

import polars as pl


def without_placeholders(text: pl.Expr, placeholders: Sequence[str]) -> pl.Expr:
    """Replace declared placeholders and blank text by null; compared in exact case, after trimming.

    Case is exact on purpose: exports write NULL, and Null is a surname.

    >>> city = pl.Series(["Select", " Mumbai ", "", "SELECT"])
    >>> pl.select(without_placeholders(pl.lit(city), ["Select"])).to_series().to_list()
    [None, ' Mumbai ', None, 'SELECT']
    """
    nothing = sorted({placeholder.strip() for placeholder in placeholders} | {""})
    return pl.when(text.str.strip_chars().is_in(nothing).not_()).then(text)
