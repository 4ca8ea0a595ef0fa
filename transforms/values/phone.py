"""Telephone numbers in E.164 form, read with the country of the record in mind."""

from collections.abc import Mapping
from functools import partial

import polars as pl
from phonenumbers import NumberParseException, PhoneNumberFormat, __version__, format_number, is_valid_number, parse

from transforms.step import ROW, step
from transforms.values.distinct import read_distinct
from transforms.values.library_answers import LibraryAnswers

# Names what answers were kept of; `_ask` and this must change together.
LIBRARY = f"phonenumbers-{__version__}"
NO_ANSWERS = pl.DataFrame(schema={"number": pl.String, "region": pl.String, "answer": pl.String})

# Digits with the marks people set between them. Without the marks many spellings of a number are one.
_MARKED = r"^\+?[0-9\s.()\-\x{2010}-\x{2015}]+$"
_MARKS = r"[\s.()\-\x{2010}-\x{2015}]"
_LONGEST = 250
_SHORTEST_RUN, _LONGEST_RUN = 4, 15
_RUNS = ("012345678901234", "123456789012345", "987654321098765", *(digit * _LONGEST_RUN for digit in "0123456789"))
_TYPED_TO_GET_PAST = sorted(run[:length] for run in _RUNS for length in range(_SHORTEST_RUN, _LONGEST_RUN + 1))


def no_answers() -> LibraryAnswers:
    """Begin with nothing kept."""
    return LibraryAnswers(NO_ANSWERS)


def phone_e164(phone: pl.Expr, region: pl.Expr, answers: LibraryAnswers | None = None) -> pl.Expr:
    """Make E.164 text of a number as it is dialled in `region` (ISO 3166 alpha-2), or of one that starts with a plus.

    Null where there is no number, where its country cannot be told, where the numbering plan of that
    country has no such number, and where the number is one that people type to get past a form: one digit repeated,
    or digits counted up or down (1234567). Null too for two numbers in one field. An extension is left out. A number
    reserved for fiction (555-0100) is in the numbering plan and stays. `answers` are of earlier runs, and take up those
    of this one.

    >>> rows = pl.LazyFrame({"phone": ["020 7946 0958", "+1 (212) 736-5000", "12345"], "country": ["GB", "GB", None]})
    >>> rows.select(phone_e164(pl.col("phone"), pl.col("country"))).collect().to_series().to_list()
    ['+442079460958', '+12127365000', None]
    """
    trimmed = phone.str.replace_all(r"\p{Cf}", "").str.strip_chars()
    bare = pl.when(trimmed.str.contains(_MARKED)).then(trimmed.str.replace_all(_MARKS, "")).otherwise(trimmed)
    is_serious = ~bare.str.strip_prefix("+").is_in(_TYPED_TO_GET_PAST)
    possible = pl.when(bare.str.len_chars().is_between(1, _LONGEST) & is_serious).then(bare)
    # A number that names its country means the same everywhere: asked once, not once a region.
    local = pl.when(~bare.str.contains(r"^\+[1-9]")).then(region.str.to_uppercase())
    read = partial((answers or no_answers()).answered, ask=_ask_all)
    return read_distinct(read, dtype=pl.String, number=possible, region=local)


@step(partition_by=ROW, needs=("answers",), delivers=("phone_e164",))
def with_phone(
    records: pl.LazyFrame, *, default_regions: Mapping[str, str | None], answers: LibraryAnswers | None = None
) -> pl.LazyFrame:
    """Add `phone_e164` to rows that have `phone`, `country` and `source_system`.

    The region is the record's `country`, else what `default_regions` says of its source, else none: then
    only numbers that start with a plus can be read.
    """
    sources, regions = (
        pl.Series(list(default_regions), dtype=pl.String),
        pl.Series(list(default_regions.values()), dtype=pl.String),
    )
    default = pl.col("source_system").replace_strict(sources, regions, default=None)
    return records.with_columns(phone_e164=phone_e164(pl.col("phone"), pl.coalesce("country", default), answers))


def _ask_all(rows: pl.DataFrame) -> pl.Series:
    return pl.Series([_ask(*row) for row in rows.rows()], dtype=pl.String)


def _ask(number: str, region: str | None) -> str | None:
    try:
        read = parse(number, region)
    except NumberParseException:
        return None
    return format_number(read, PhoneNumberFormat.E164) if is_valid_number(read) else None
