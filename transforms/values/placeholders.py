"""Words that stand where a value should be: `Select`, `n/a`, `unknown`. They are null only where somebody declared so.

There is no built-in list: `Null` is a surname, `None` a product line, `NA` the country code of Namibia.
"""

from collections.abc import Sequence

import polars as pl


def without_placeholders(text: pl.Expr, placeholders: Sequence[str]) -> pl.Expr:
    """Text, null where it is one of the declared placeholders, letter for letter after trimming; blanks are null.

    Exact case is deliberate: exports write NULL, people are called Null.

    >>> city = pl.Series(["Select", " Mumbai ", "", "SELECT"])
    >>> pl.select(without_placeholders(pl.lit(city), ["Select"])).to_series().to_list()
    [None, ' Mumbai ', None, 'SELECT']
    """
    nothing = sorted({placeholder.strip() for placeholder in placeholders} | {""})
    return pl.when(text.str.strip_chars().is_in(nothing).not_()).then(text)
