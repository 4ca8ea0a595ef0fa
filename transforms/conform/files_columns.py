"""Conversion of a declared column to a canonical field: text, aliases, typed value and fault."""

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from definitions.mapping.entries import Aliases, Computed, Constant, Entry, Reference, Text, source_column
from definitions.mapping.file_columns import Column, DateOrder, DecimalMark
from definitions.mapping.file_stream import FileStream
from definitions.mapping.ids import ids_in
from definitions.mapping.source_mapping import SourceMapping
from definitions.schema.column import Column as CanonicalColumn
from definitions.schema.column import Kind
from transforms.conform.expressions import expression
from transforms.conform.faults import FAULT, fault
from transforms.conform.raw import collected
from transforms.conform.typed import value_of
from transforms.step import ROW, step
from transforms.values.money import currency_code, is_amount
from transforms.values.numbers import plain_number
from transforms.values.shapes import shape

_NUMBERS = frozenset({Kind.INTEGER, Kind.COUNT, Kind.REAL, Kind.MONEY})
_MAX_CHARACTERS = 60
# A comma before one or two last figures parts no thousands.
_COMMA_ONLY = r",[0-9]{1,2}[^0-9,]*$"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """Conversion of one field in three steps, each from the columns of the steps before.

    `text` is the cleaned text of a source field, placeholders null. `value` reads it, aliases resolved, in the field's
    own type; null where it cannot be read. `fault` is a `FAULT`, null for none. `expected` is what the values
    must be, `remedy` the advice where many are not.
    """

    name: str
    column: str
    text: pl.Expr
    value: pl.Expr
    fault: pl.Expr
    is_dated: bool
    expected: str
    remedy: str


def cells_of(stream: FileStream, source: SourceMapping, marks: Mapping[str, DecimalMark]) -> list[Cell]:
    """Return every mapped field of a stream, in the order of its contract; `marks` as of `decimal_marks`."""
    return [_cell(field, stream, source, marks) for field in _mapped(stream)]


def custom_cells_of(stream: FileStream, source: SourceMapping, marks: Mapping[str, DecimalMark]) -> list[Cell]:
    """Return every custom field of a stream, in the order of the settings."""
    return [_cell(field, stream, source, marks) for field in stream.custom]


def decimal_marks(state: pl.LazyFrame, stream: FileStream, source: SourceMapping) -> dict[str, DecimalMark]:
    """Return the decimal mark of every column of numbers, by field: as declared, else as all its values show.

    Without a declaration it is the comma where some values of the latest rows can only be read with it, and all can.
    """
    fields = [field for field in (*_mapped(stream), *stream.custom) if field.kind in _NUMBERS]
    marks: dict[str, DecimalMark] = {
        field.name: stream.declared_mark(stream.columns[field.name]) or stream.decimal for field in fields
    }
    undeclared = [field for field in fields if stream.declared_mark(stream.columns[field.name]) is None]
    if undeclared:
        latest = with_fields(state.filter("is_latest", ~pl.col("is_deleted")), stream)
        shown = latest.select(_shows_comma(field, stream, source).alias(field.name) for field in undeclared)
        commas = collected(shown, f"{source.source}.{stream.name}").row(0, named=True)
        marks |= {name: "," for name, is_shown in commas.items() if is_shown}
    return marks


def _shows_comma(field: CanonicalColumn, stream: FileStream, source: SourceMapping) -> pl.Expr:
    column = stream.columns[field.name]
    text = resolved_text(column, stream, source)
    read = value_of(field, text, source, decimal=",", power=column.power)
    return text.str.contains(_COMMA_ONLY).any() & (text.is_null() | read.is_not_null()).all()


def _mapped(stream: FileStream) -> list[CanonicalColumn]:
    return [field for field in stream.record_kind.fields if field.name in stream.columns]


@step(partition_by=ROW)
def with_fields(rows: pl.LazyFrame, stream: FileStream) -> pl.LazyFrame:
    """Add to rows that have `raw` the columns that the stream names, as source fields."""
    names = stream.needed_columns
    record = pl.col("raw").str.json_decode(pl.Struct(dict.fromkeys(names, pl.String)))
    fields = (pl.col("record").struct.field(name).alias(source_column(name)) for name in names)
    return rows.with_columns(record=record).with_columns(fields).drop("record")


def resolved_text(column: Column, stream: FileStream, source: SourceMapping) -> pl.Expr:
    """Compile the text of a column: cleaned, declared placeholders null, aliases resolved."""
    return expression(Aliases(_text_entry(column, stream), column.values, column.others), source)


def reference_to(column: Column, identity: pl.Expr) -> Reference:
    """Build the reference to the record with an id, of the stream that a column refers to."""
    return Reference(Computed(identity), column.refers_to or "")


def text_column(name: str) -> str:
    """Name the column that holds the text of a field."""
    return f"text of {name}"


def fault_column(name: str) -> str:
    """Name the column that holds the fault of a field."""
    return f"fault of {name}"


def _text_entry(column: Column, stream: FileStream) -> Entry:
    if column.constant is not None:
        return Constant(str(column.constant))
    return Text((column.column or "",), nulls=stream.nulls if column.nulls is None else column.nulls)


def _cell(field: CanonicalColumn, stream: FileStream, source: SourceMapping, marks: Mapping[str, DecimalMark]) -> Cell:
    column = stream.columns[field.name]
    text = pl.col(text_column(field.name))
    resolved = Aliases(Computed(text), column.values, column.others)
    order, mark = column.dates or stream.dates, marks.get(field.name, stream.decimal)
    expected, remedy = _rule(field, order, mark)
    read = expression(resolved, source)
    if column.refers_to is not None:
        value = expression(reference_to(column, ids_in(read).list.first()), source)
    elif field.kind is Kind.TEXTS:
        value = pl.when(read.is_not_null()).then(pl.concat_list(read))
    elif field.kind is Kind.TEXT:
        # Text of a closed vocabulary is checked by the contract.
        value = currency_code(read) if field.name == "currency_code" else read
    else:
        value = value_of(field, read, source, order=order, decimal=mark, power=column.power)
    return Cell(
        name=field.name,
        column=column.column or "",
        text=expression(_text_entry(column, stream), source),
        value=value,
        fault=pl.coalesce(_unknown_alias(field, column, text), _unreadable(field, read, expected, mark)),
        is_dated=field.kind in {Kind.DAY, Kind.MOMENT},
        expected=expected,
        remedy=remedy,
    )


def _unreadable(field: CanonicalColumn, resolved: pl.Expr, expected: str, mark: DecimalMark) -> pl.Expr:
    if field.kind is Kind.TEXT and field.name != "currency_code":
        return pl.lit(None, FAULT)
    unread = resolved.is_not_null() & pl.col(field.name).is_null()
    written = shape(resolved) if field.kind in {Kind.DAY, Kind.MOMENT} else None
    unreadable = fault("unreadable_value", field.name, expected=expected, detail=written)
    if field.kind in _NUMBERS:
        wrong = pl.when(unread).then(resolved)
        is_number = (
            is_amount(wrong, decimal=mark)
            if field.kind is Kind.MONEY
            else plain_number(wrong, decimal=mark).is_not_null()
        )
        unreadable = pl.when(is_number).then(fault("out_of_range", field.name)).otherwise(unreadable)
    return pl.when(unread).then(unreadable)


def _unknown_alias(field: CanonicalColumn, column: Column, text: pl.Expr) -> pl.Expr:
    """Compile the fault of a word without a required alias; its detail has the word unless it may be personal."""
    if column.others != "refuse" or column.column is None:
        return pl.lit(None, FAULT)
    is_personal = field.is_personal or column.refers_to is not None
    unknown = fault("unknown_alias", field.name, detail=None if is_personal else text.str.slice(0, _MAX_CHARACTERS))
    return pl.when(text.is_not_null() & ~text.is_in(sorted(column.values))).then(unknown)


def _rule(field: CanonicalColumn, order: DateOrder, mark: DecimalMark) -> tuple[str, str]:
    """Return what the values must be (a word of `EXPECTED_VALUES`), and the advice where many are not."""
    if field.kind in {Kind.DAY, Kind.MOMENT}:
        if order == "iso":
            return "iso_day", "Declare `dates: day_first` or `dates: month_first`, or export ISO days"
        return field.kind.value if order == "excel" else order, "Correct `dates`, or export ISO days"
    if field.kind in _NUMBERS:
        expected = "decimal_point" if mark == "." else "decimal_comma"
        return expected, "Correct `decimal`, or declare placeholders in `nulls`"
    return "yes_or_no" if field.kind is Kind.BOOLEAN else "currency_code", "Declare aliases in `values`"
