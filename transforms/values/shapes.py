"""The shape of a text: how it is written, without what it says."""

import polars as pl

_SHOWN_SIGNS = 40


def shape(text: pl.Expr) -> pl.Expr:
    """Text with 9 for each digit, X for each capital and x for each other letter, cut at forty signs.

    >>> pl.select(shape(pl.lit("15 Apr, 2026 00:03:00"))).item()
    '99 Xxx, 9999 99:99:99'
    """
    figures = text.str.replace_all(r"\p{N}", "9")
    letters = figures.str.replace_all(r"[\p{Lu}\p{Lt}]", "X").str.replace_all(r"[\p{L}--[X]]", "x")
    return letters.str.slice(0, _SHOWN_SIGNS)
