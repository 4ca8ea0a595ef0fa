"""Ids of records: one id in two spellings is one id.

- Salesforce shows an id with 15 characters, whose case counts, in reports and old integrations, and with 18 in its API:
  the same 15 and a suffix that encodes which of them are capitals. The 18 characters are the canonical form. The suffix
  of five characters each is a base-32 digit of their capitals, the first of them the lowest bit.
- A spreadsheet or a data frame that takes a column of ids for numbers writes 70 as 70.0.
"""

import polars as pl

# Key prefixes of the objects that records are made of and refer to: accounts, people, deals, users, tasks, products.
_CASE_SENSITIVE = r"^0(?:0[1-9A-Za-z]|1[A-Za-z])[0-9A-Za-z]{12}$"
_AS_FLOAT = r"^([0-9]+)\.0+$"
_NEEDS_CARE = rf"^\s|\s$|{_AS_FLOAT}|{_CASE_SENSITIVE}"
# Parts of a cell are ids only where each is one word with a digit: `Smith; Sons` is a name.
_ONE = r"[^\s;]*[0-9][^\s;]*"
_SEVERAL = rf"^{_ONE}(?:\s*;\s*{_ONE})*\s*;?$"
_SUFFIX_DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
_GROUPS, _GROUP = 3, 5


def canonical_id(identity: pl.Expr) -> pl.Expr:
    """Return the canonical form of an id, without outer blanks; null for null, and where nothing is left.

    >>> ids = pl.Series(["0035e00000KxQzP", "0035e00000KxQzPAAV", " 70.0", "A-7.0"])
    >>> pl.select(canonical_id(pl.lit(ids))).to_series().to_list()
    ['0035e00000KxQzPAAV', '0035e00000KxQzPAAV', '70', 'A-7.0']
    """
    return identity.map_batches(_canonical, return_dtype=pl.String, is_elementwise=True)


def ids_in(text: pl.Expr) -> pl.Expr:
    """Return the list of ids in a cell that holds one or, separated by semicolons, several; each once, in order.

    >>> pl.select(ids_in(pl.lit(pl.Series(["70; 71.0;70", "Smith; Sons"])))).to_series().to_list()
    [['70', '71'], ['Smith; Sons']]
    """
    trimmed = text.str.strip_chars()
    parts = pl.when(trimmed.str.contains(_SEVERAL)).then(trimmed.str.split(";")).otherwise(pl.concat_list(trimmed))
    return parts.list.eval(canonical_id(pl.element())).list.drop_nulls().list.unique(maintain_order=True)


def _canonical(values: pl.Series) -> pl.Series:
    careful = (values.str.contains(_NEEDS_CARE) | (values == "")).fill_null(value=False)
    if not careful.any():
        return values
    trimmed = values.filter(careful).str.strip_chars().str.replace(_AS_FLOAT, "$1")
    mended = pl.select(
        pl.when(trimmed.str.contains(_CASE_SENSITIVE)).then(trimmed + _suffix(pl.lit(trimmed))).otherwise(trimmed)
    ).to_series()
    return values.scatter(careful.arg_true(), mended.set(mended == "", None))


def _suffix(identity: pl.Expr) -> pl.Expr:
    """Compute the suffix of an id of 15 characters."""
    return pl.concat_str(_suffix_digit(identity, group * _GROUP) for group in range(_GROUPS))


def _suffix_digit(identity: pl.Expr, start: int) -> pl.Expr:
    capitals = (
        identity.str.slice(start + bit, 1).str.contains("[A-Z]").cast(pl.UInt8) * 2**bit for bit in range(_GROUP)
    )
    return pl.sum_horizontal(capitals).replace_strict(
        list(range(len(_SUFFIX_DIGITS))), list(_SUFFIX_DIGITS), return_dtype=pl.String
    )
