"""One declared column to one canonical field: its words, their aliases, its typed value, and what is wrong with it."""

from dataclasses import dataclass

import polars as pl

from definitions.mapping.file_stream import Column, DateOrder, DecimalMark, FileStream
from definitions.polars_types import dtype_of
from definitions.schema.column import Column as CanonicalColumn
from definitions.schema.column import Kind
from transforms.conform.faults import FAULT, fault
from transforms.conform.meaning import Meaning
from transforms.step import ROW, step
from transforms.values.dates import day, moment
from transforms.values.money import currency_code, is_amount, money
from transforms.values.numbers import boolean, integer, plain_number, real
from transforms.values.placeholders import without_placeholders
from transforms.values.shapes import shape
from transforms.values.text import clean

_NUMBERS = frozenset({Kind.INTEGER, Kind.COUNT, Kind.REAL, Kind.MONEY})
_SHOWN_SIGNS = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """A field of the record as its column gives it, in three steps, each from the columns of the ones before.

    `text` is the cleaned text of column `record`, placeholders null. `value` reads it, aliases resolved, in the field's
    own type; null where it cannot be read. `fault` is a `FAULT`, null where all is well. `expected` is what the values
    have to be, `remedy` says what to do where many are not.
    """

    name: str
    column: str
    text: pl.Expr
    value: pl.Expr
    fault: pl.Expr
    is_dated: bool
    expected: str
    remedy: str


def cells_of(stream: FileStream, meaning: Meaning) -> list[Cell]:
    """Every mapped field of a stream, in the order of its contract; reads column `record` (struct of text)."""
    fields = [field for field in stream.record_kind.fields if field.name in stream.columns]
    return [_cell(field, stream.columns[field.name], stream, meaning) for field in fields]


@step(partition_by=ROW, delivers=("record",))
def with_record(rows: pl.LazyFrame, stream: FileStream) -> pl.LazyFrame:
    """Add `record` to rows that have `raw`: a struct of the texts of the columns that the stream names."""
    shape = pl.Struct(dict.fromkeys(stream.needed_columns, pl.String))
    return rows.with_columns(record=pl.col("raw").str.json_decode(shape))


def text_of(column: Column, stream: FileStream) -> pl.Expr:
    """Text of a column out of `record`, cleaned, declared placeholders null."""
    if column.constant is not None:
        return pl.lit(str(column.constant))
    nulls = stream.nulls if column.nulls is None else column.nulls
    return without_placeholders(clean(pl.col("record").struct.field(column.column or "")), nulls)


def aliased(text: pl.Expr, column: Column) -> pl.Expr:
    """Text with aliases resolved."""
    if not column.values:
        return text
    if column.others == "keep":
        resolved = text.replace(column.values)
    else:
        resolved = text.replace_strict(column.values, default=None, return_dtype=pl.String)
    return pl.when(resolved != "").then(resolved)


def word(column: Column, stream: FileStream) -> pl.Expr:
    """Text of a column out of `record`, cleaned, declared placeholders null, aliases resolved."""
    return aliased(text_of(column, stream), column)


def text_column(name: str) -> str:
    """Name of the column that holds the text of a field."""
    return f"text of {name}"


def fault_column(name: str) -> str:
    """Name of the column that holds what is wrong with a field."""
    return f"fault of {name}"


def _cell(field: CanonicalColumn, column: Column, stream: FileStream, meaning: Meaning) -> Cell:
    text = pl.col(text_column(field.name))
    said = aliased(text, column)
    order, mark = column.dates or stream.dates, column.decimal or stream.decimal
    expected, remedy = _rule(field, order, mark)
    return Cell(
        name=field.name,
        column=column.column or "",
        text=text_of(column, stream),
        value=_value(field, column, said, order, mark, meaning),
        fault=pl.coalesce(_stranger(field, column, text), _unreadable(field, said, expected, mark)),
        is_dated=field.kind in {Kind.DAY, Kind.MOMENT},
        expected=expected,
        remedy=remedy,
    )


def _value(
    field: CanonicalColumn, column: Column, said: pl.Expr, order: DateOrder, mark: DecimalMark, meaning: Meaning
) -> pl.Expr:
    """The field's value in its own type; text of a closed vocabulary is checked by the contract."""
    if column.refers_to is not None:
        target = column.refers_to if ":" in column.refers_to else f"{meaning.source}:{column.refers_to}"
        return pl.concat_str(pl.lit(f"{target}:"), said)
    match field.kind:
        case Kind.DAY:
            value = day(said, meaning.time_zone, order=order)
        case Kind.MOMENT:
            value = moment(said, meaning.time_zone, order=order, days_in=meaning.days_in)
        case Kind.MONEY:
            value = money(said, decimal=mark, power=column.power)
        case Kind.INTEGER | Kind.COUNT:
            value = integer(said, decimal=mark, power=column.power)
        case Kind.REAL:
            value = real(said, decimal=mark, power=column.power)
        case Kind.BOOLEAN:
            value = boolean(said)
        case _:
            return currency_code(said) if field.name == "currency_code" else said
    return _within(field, value)


def _within(field: CanonicalColumn, value: pl.Expr) -> pl.Expr:
    """The value in the field's type; null outside its limits."""
    typed = value.cast(dtype_of(field), strict=False)
    if field.low is not None:
        typed = pl.when(typed >= field.low).then(typed)
    if field.high is not None:
        typed = pl.when(typed <= field.high).then(typed)
    return typed


def _unreadable(field: CanonicalColumn, said: pl.Expr, expected: str, mark: DecimalMark) -> pl.Expr:
    if field.kind is Kind.TEXT and field.name != "currency_code":
        return pl.lit(None, FAULT)
    unread = said.is_not_null() & pl.col(field.name).is_null()
    written = shape(said) if field.kind in {Kind.DAY, Kind.MOMENT} else None
    told = fault("unreadable_value", field.name, expected=expected, detail=written)
    if field.kind in _NUMBERS:
        wrong = pl.when(unread).then(said)
        is_number = (
            is_amount(wrong, decimal=mark)
            if field.kind is Kind.MONEY
            else plain_number(wrong, decimal=mark).is_not_null()
        )
        told = pl.when(is_number).then(fault("out_of_range", field.name)).otherwise(told)
    return pl.when(unread).then(told)


def _stranger(field: CanonicalColumn, column: Column, text: pl.Expr) -> pl.Expr:
    """A word without an alias where none is allowed; it is shown unless it may be somebody's name."""
    if column.others != "refuse" or column.column is None:
        return pl.lit(None, FAULT)
    secret = field.is_personal or column.refers_to is not None
    told = fault("unknown_alias", field.name, detail=None if secret else text.str.slice(0, _SHOWN_SIGNS))
    return pl.when(text.is_not_null() & ~text.is_in(sorted(column.values))).then(told)


def _rule(field: CanonicalColumn, order: DateOrder, mark: DecimalMark) -> tuple[str, str]:
    """What the values have to be (a word of `EXPECTED_VALUES`), and what to do where many are not."""
    if field.kind in {Kind.DAY, Kind.MOMENT}:
        if order == "iso":
            return "iso_day", "Declare `dates: day_first` or `dates: month_first`, or export ISO days"
        return order, "Correct `dates`, or export ISO days"
    if field.kind in _NUMBERS:
        expected = "decimal_point" if mark == "." else "decimal_comma"
        return expected, "Correct `decimal`, or declare placeholders in `nulls`"
    return "yes_or_no" if field.kind is Kind.BOOLEAN else "currency_code", "Declare aliases in `values`"
