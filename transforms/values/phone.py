"""Telephone numbers in E.164 form, read with the country of the record in mind."""

from collections.abc import Mapping

import polars as pl
from phonenumbers import NumberParseException, PhoneNumberFormat, format_number, is_valid_number, parse

from transforms.step import ROW, step
from transforms.values.distinct import Values, map_distinct, read_distinct
from transforms.values.numbering import read_by_plan

# Digits with the marks people set between them. Without the marks many spellings of a number are one.
_MARKED = r"^\+?[0-9\s.()\-\x{2010}-\x{2015}]+$"
_MARKS = r"[\s.()\-\x{2010}-\x{2015}]"
_LONGEST = 250
# Fewer are read by the library in the time that it takes to make the expressions of the plans.
_WORTH_A_PLAN = 5_000
_SHORTEST_RUN, _LONGEST_RUN = 4, 15
_RUNS = ("012345678901234", "123456789012345", "987654321098765", *(digit * _LONGEST_RUN for digit in "0123456789"))
_TYPED_TO_GET_PAST = sorted(run[:length] for run in _RUNS for length in range(_SHORTEST_RUN, _LONGEST_RUN + 1))


def phone_e164(phone: pl.Expr, region: pl.Expr) -> pl.Expr:
    """Make E.164 text of a number as it is dialled in `region` (ISO 3166 alpha-2), or of one that starts with a plus.

    Null where there is no number, where its country cannot be told, where the numbering plan of that
    country has no such number, and where the number is one that people type to get past a form: one digit repeated,
    or digits counted up or down (1234567). Null too for two numbers in one field. An extension is left out. A number
    reserved for fiction (555-0100) is in the numbering plan and stays.

    >>> rows = pl.LazyFrame({"phone": ["020 7946 0958", "+1 (212) 736-5000", "12345"], "country": ["GB", "GB", None]})
    >>> rows.select(phone_e164(pl.col("phone"), pl.col("country"))).collect().to_series().to_list()
    ['+442079460958', '+12127365000', None]
    """
    trimmed = phone.str.replace_all(r"\p{Cf}", "").str.strip_chars()
    bare = pl.when(trimmed.str.contains(_MARKED)).then(trimmed.str.replace_all(_MARKS, "")).otherwise(trimmed)
    possible = pl.when(bare.str.len_chars().is_between(1, _LONGEST)).then(bare)
    # A number that names its country means the same everywhere: asked once, not once a region.
    local = pl.when(~bare.str.contains(r"^\+[1-9]")).then(region.str.to_uppercase())
    return read_distinct(_read, dtype=pl.String, number=possible, region=local)


@step(partition_by=ROW, delivers=("phone_e164",))
def with_phone(records: pl.LazyFrame, *, default_regions: Mapping[str, str | None]) -> pl.LazyFrame:
    """Add `phone_e164` to rows that have `phone`, `country` and `source_system`.

    The region is the record's `country`, else what `default_regions` says of its source, else none: then
    only numbers that start with a plus can be read.
    """
    sources, regions = (
        pl.Series(list(default_regions), dtype=pl.String),
        pl.Series(list(default_regions.values()), dtype=pl.String),
    )
    default = pl.col("source_system").replace_strict(sources, regions, default=None)
    return records.with_columns(phone_e164=phone_e164(pl.col("phone"), pl.coalesce("country", default)))


def _read(rows: pl.DataFrame) -> pl.Series:
    is_serious = ~pl.col("number").str.strip_prefix("+").is_in(_TYPED_TO_GET_PAST)
    serious = rows.with_columns(pl.when(is_serious).then("number"))
    by_plan = read_by_plan(serious) if rows.height >= _WORTH_A_PLAN else pl.lit(None, pl.String)
    read = serious.with_columns(e164=by_plan)
    left = pl.when(pl.col("e164").is_null()).then("number")
    asked = map_distinct(left, pl.col("region"), answer=_ask, names=("e164",)).struct.field("e164")
    return read.select(pl.coalesce("e164", asked)).to_series()


def _ask(number: str, region: str | None) -> Values:
    try:
        read = parse(number, region)
    except NumberParseException:
        return (None,)
    if not is_valid_number(read):
        return (None,)
    return (format_number(read, PhoneNumberFormat.E164),)
