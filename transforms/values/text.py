"""Text as it is published: cleaned of what no reader can see and no database can hold, otherwise untouched.

What `clean` changes, and nothing else:

- NUL and other control characters go, except tab and line breaks: PostgreSQL cannot hold a NUL, terminals obey others.
- Invisible marks go: zero-width space, word joiner, byte order mark, soft hyphen, direction overrides. The zero-width
  joiner and non-joiner stay inside a word, because emoji, Persian and Indic scripts are spelt with them.
- Outer white space goes, no-break and ideographic spaces too; what is then empty is null: a blank says nothing.
- Accents take one form (NFC), so that a name typed on two systems is one name.

Case, punctuation, HTML and inner spaces stay as the source holds them: matching has normal forms of its own.
"""

import polars as pl

_INVISIBLE = (
    r"[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\u{AD}\u{200B}\u{200E}\u{200F}"
    r"\u{202A}-\u{202E}\u{2060}-\u{2064}\u{2066}-\u{2069}\u{FEFF}\u{FFF9}-\u{FFFB}]"
)
_OUTER_BLANK = r"^[\s\u{200C}\u{200D}]+|[\s\u{200C}\u{200D}]+$"
# One match is enough to need the slow road: anything but printable ASCII and inner line breaks, or an outer blank.
_NEEDS_CARE = r"[^\t\n\r -~]|^\s|\s$|^$"


def clean(text: pl.Expr) -> pl.Expr:
    r"""Text without what cannot be seen or stored (see the module); null where nothing is left.

    >>> pl.select(clean(pl.lit(" Zo\u0065\u0301\x00 "))).item()
    'Zoé'
    """
    return text.cast(pl.String).map_batches(_clean, return_dtype=pl.String, is_elementwise=True)


def _clean(values: pl.Series) -> pl.Series:
    careful = values.str.contains(_NEEDS_CARE).fill_null(value=False)
    if not careful.any():
        return values
    mended = values.filter(careful).str.replace_all(_INVISIBLE, "").str.replace_all(_OUTER_BLANK, "")
    mended = mended.str.normalize("NFC")
    return values.scatter(careful.arg_true(), pl.select(pl.when(mended != "").then(mended)).to_series())
