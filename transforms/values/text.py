"""Cleaning of published text: characters that are invisible or cannot be stored are removed, nothing else.

`clean` makes these changes:

- It removes NUL, which PostgreSQL cannot store, and the other control characters except tab and line breaks.
- It removes zero-width space, word joiner, byte order mark, soft hyphen and direction overrides. The zero-width joiner
  and non-joiner stay inside a word: emoji, Persian and Indic scripts are spelt with them.
- It trims white space, no-break and ideographic spaces too; text that is then empty is null.
- It composes accents (NFC), so that a name typed on two systems is equal.

Case, punctuation, HTML and inner spaces stay as in the source: matching has normal forms of its own.
"""

import polars as pl

_INVISIBLE = (
    r"[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\u{AD}\u{200B}\u{200E}\u{200F}"
    r"\u{202A}-\u{202E}\u{2060}-\u{2064}\u{2066}-\u{2069}\u{FEFF}\u{FFF9}-\u{FFFB}]"
)
_OUTER_BLANK = r"^[\s\u{200C}\u{200D}]+|[\s\u{200C}\u{200D}]+$"
# Text that needs cleaning: anything but printable ASCII and inner line breaks, an outer blank, or no character.
_NEEDS_CARE = r"[^\t\n\r -~]|^\s|\s$|^$"


def clean(text: pl.Expr) -> pl.Expr:
    r"""Remove invisible and unstorable characters (see the module); null where nothing is left.

    >>> pl.select(clean(pl.lit(" Zo\u0065\u0301\x00 "))).item()
    'Zoé'
    """
    return text.cast(pl.String).map_batches(_clean, return_dtype=pl.String, is_elementwise=True)


def _clean(values: pl.Series) -> pl.Series:
    is_affected = values.str.contains(_NEEDS_CARE).fill_null(value=False)
    if not is_affected.any():
        return values
    cleaned = values.filter(is_affected).str.replace_all(_INVISIBLE, "").str.replace_all(_OUTER_BLANK, "")
    cleaned = cleaned.str.normalize("NFC")
    return values.scatter(is_affected.arg_true(), pl.select(pl.when(cleaned != "").then(cleaned)).to_series())
