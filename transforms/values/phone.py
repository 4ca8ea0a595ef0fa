"""Telephone numbers in E.164 form, parsed with the country of the record."""

from collections.abc import Mapping
from functools import partial

import polars as pl
from phonenumbers import NumberParseException, PhoneNumberFormat, __version__, format_number, is_valid_number, parse

from transforms.step import ROW, step
from transforms.values.distinct import read_distinct
from transforms.values.library_answers import LibraryAnswers

# Key of the kept results: change it with every change of `_parse_number`.
LIBRARY = f"phonenumbers-{__version__}"
NO_ANSWERS = pl.DataFrame(schema={"number": pl.String, "region": pl.String, "answer": pl.String})

# Digits with separators; without separators many spellings of a number are equal.
_MARKED = r"^\+?[0-9\s.()\-\x{2010}-\x{2015}]+$"
_MARKS = r"[\s.()\-\x{2010}-\x{2015}]"
_LONGEST = 250
_SHORTEST_RUN, _LONGEST_RUN = 4, 15
_RUNS = ("012345678901234", "123456789012345", "987654321098765", *(digit * _LONGEST_RUN for digit in "0123456789"))
_DUMMIES = sorted(run[:length] for run in _RUNS for length in range(_SHORTEST_RUN, _LONGEST_RUN + 1))


def no_answers() -> LibraryAnswers:
    """Return an empty cache."""
    return LibraryAnswers(NO_ANSWERS)


def phone_e164(phone: pl.Expr, region: pl.Expr, answers: LibraryAnswers | None = None) -> pl.Expr:
    """Compile the E.164 text of a number as dialled in `region` (ISO 3166 alpha-2), or of one with a leading plus.

    Null without a number, for an unknown country, for a number outside the country's numbering plan, for two numbers in
    one field, and for a dummy number: one digit repeated, or consecutive digits up or down (1234567). An extension is
    dropped. A number reserved for fiction (555-0100) is in the numbering plan and kept. `answers` has the results of
    earlier runs and receives those of this run.

    >>> rows = pl.LazyFrame({"phone": ["020 7946 0958", "+1 (212) 736-5000", "12345"], "country": ["GB", "GB", None]})
    >>> rows.select(phone_e164(pl.col("phone"), pl.col("country"))).collect().to_series().to_list()
    ['+442079460958', '+12127365000', None]
    """
    trimmed = phone.str.replace_all(r"\p{Cf}", "").str.strip_chars()
    bare = pl.when(trimmed.str.contains(_MARKED)).then(trimmed.str.replace_all(_MARKS, "")).otherwise(trimmed)
    is_no_dummy = ~bare.str.strip_prefix("+").is_in(_DUMMIES)
    possible = pl.when(bare.str.len_chars().is_between(1, _LONGEST) & is_no_dummy).then(bare)
    # An international number does not depend on the region: parsed once, not once per region.
    local = pl.when(~bare.str.contains(r"^\+[1-9]")).then(region.str.to_uppercase())
    read = partial((answers or no_answers()).look_up, compute=_parse_numbers)
    return read_distinct(read, dtype=pl.String, number=possible, region=local)


@step(partition_by=ROW, needs=("answers",), delivers=("phone_e164",))
def with_phone(
    records: pl.LazyFrame, *, default_regions: Mapping[str, str | None], answers: LibraryAnswers | None = None
) -> pl.LazyFrame:
    """Add `phone_e164` to rows that have `phone`, `country` and `source_system`.

    The region is the record's `country`, else the source's in `default_regions`, else none: then only numbers with a
    leading plus can be parsed. Null as in `phone_e164`.
    """
    sources, regions = (
        pl.Series(list(default_regions), dtype=pl.String),
        pl.Series(list(default_regions.values()), dtype=pl.String),
    )
    default = pl.col("source_system").replace_strict(sources, regions, default=None)
    return records.with_columns(phone_e164=phone_e164(pl.col("phone"), pl.coalesce("country", default), answers))


def _parse_numbers(rows: pl.DataFrame) -> pl.Series:
    return pl.Series([_parse_number(*row) for row in rows.rows()], dtype=pl.String)


def _parse_number(number: str, region: str | None) -> str | None:
    try:
        parsed = parse(number, region)
    except NumberParseException:
        return None
    return format_number(parsed, PhoneNumberFormat.E164) if is_valid_number(parsed) else None
