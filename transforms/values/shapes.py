"""Shape of a text: its character classes, without its content."""

import polars as pl

_MAX_CHARACTERS = 40


def shape(text: pl.Expr) -> pl.Expr:
    """Replace each digit by 9, each capital by X and each other letter by x; truncate to 40 characters.

    >>> pl.select(shape(pl.lit("15 Apr, 2026 00:03:00"))).item()
    '99 Xxx, 9999 99:99:99'
    """
    figures = text.str.replace_all(r"\p{N}", "9")
    letters = figures.str.replace_all(r"[\p{Lu}\p{Lt}]", "X").str.replace_all(r"[\p{L}--[X]]", "x")
    return letters.str.slice(0, _MAX_CHARACTERS)
