"""From columns of text to a canonical record: each field read by its kind, each failure named, none dropped.

A record with a value that cannot be read is set aside whole: a person without a wrong date is a different claim.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from definitions.mapping.entries import blank_to_null
from definitions.mapping.file_stream import DateOrder, DecimalMark
from definitions.mapping.source_mapping import SourceMapping
from definitions.polars_types import dtype_of, schema_of
from definitions.schema.column import Column, Kind
from definitions.schema.records import RecordKind
from transforms.conform.conformed import QUARANTINE, Conformed
from transforms.conform.custom_fields import with_custom_fields
from transforms.conform.faults import fault
from transforms.conform.raw import gathered
from transforms.step import ROW, step
from transforms.values.dates import day, moment
from transforms.values.money import money
from transforms.values.numbers import boolean, integer, real
from transforms.values.text import clean

_VERSIONED = (
    "is_deleted",
    "pipeline_id",
    "source_stage",
    "last_stage_change_at",
    "source_close_date",
    "amount",
    "is_closed",
)
_SHOWN_SIGNS = 60


@dataclass(frozen=True, slots=True)
class KnownWords:
    """The words a source uses in one field, and what they mean; "" means the word is known and says nothing.

    `scope` names a column that may stand before the word in the mapping, as `pipeline/stage`.
    """

    field: str
    meanings: Mapping[str, str]
    scope: str | None = None

    def is_unknown(self) -> pl.Expr:
        """True where the source's word is neither blank nor in the mapping."""
        known = sorted({word.lower() for word in self.meanings})
        word = pl.col(self.field).str.strip_chars().str.to_lowercase()
        found = word.is_in(known)
        if self.scope is not None:
            scoped = pl.concat_str(pl.col(self.scope).str.strip_chars().str.to_lowercase(), pl.lit("/"), word)
            found = found | scoped.is_in(known).fill_null(value=False)
        return ((word != "") & ~found).fill_null(value=False)


def translated(column: pl.Expr, meanings: Mapping[str, str]) -> pl.Expr:
    """The shared word of each source word, matched without case or outer blanks; null where there is none."""
    words = {word.lower(): meaning for word, meaning in meanings.items()}
    if not words:
        return pl.lit(None, pl.String)
    lowered = column.str.strip_chars().str.to_lowercase()
    return lowered.replace_strict(list(words), list(words.values()), default=None, return_dtype=pl.String)


@step(partition_by=ROW)
def typed(
    text: pl.LazyFrame,
    kind: RecordKind,
    meaning: SourceMapping,
    *,
    object_name: str,
    stream: str,
    vocabularies: Sequence[KnownWords] = (),
    faults: Sequence[pl.Expr] = (),
    keeps_versions: bool = False,
) -> Conformed:
    """Read every field of `kind` from the column of its name; missing columns are null.

    Gives the latest version of each record that keeps the contract, the ones set aside with the first field at fault,
    and, where asked, every version's stage, close date and amount. `faults` are what the caller found wrong, each a
    `FAULT` or null.
    """
    keyed = text.with_columns(
        record_key=pl.concat_str(pl.lit(f"{meaning.source}:{object_name}:"), pl.col("source_id")),
        source_system=pl.lit(meaning.source),
        source_object=pl.lit(object_name),
    )
    keyed = with_custom_fields(
        keyed, meaning.custom.get(object_name, ()), lambda column, text: value_of(column, text, meaning)
    )
    columns = keyed.collect_schema()
    told = [_unread(field) for field in kind.fields if columns.get(field.name) == pl.String and _may_fail(field)]
    told += [_unmapped(vocabulary) for vocabulary in vocabularies]
    told += [_missing(name) for name in sorted(kind.required)]
    # Each value is read once, beside its text, and only then looked at.
    read = keyed.with_columns(_read(field, columns, meaning).alias(_as_read(field.name)) for field in kind.fields)
    frame = gathered(
        read.select(
            *(pl.col(_as_read(name)).alias(name) for name in kind.names),
            "version_at",
            "is_latest",
            "location",
            "unlisted_by",
            fault=pl.coalesce(*faults, *told),
        ),
        f"{meaning.source}.{stream}",
    )
    return _split(frame, kind, stream, keeps_versions=keeps_versions)


def _split(frame: pl.DataFrame, kind: RecordKind, stream: str, *, keeps_versions: bool) -> Conformed:
    """Part the records from the ones set aside."""
    latest = frame.filter("is_latest")
    good, bad = latest.filter(pl.col("fault").is_null()), latest.filter(pl.col("fault").is_not_null())
    told = pl.col("fault").struct
    quarantined = bad.select(
        "record_key",
        "source_system",
        stream=pl.lit(stream),
        reason_code=told.field("reason_code"),
        field_name=told.field("field_name"),
        expected=told.field("expected"),
        detail=told.field("detail"),
        location=pl.col("location"),
        page=pl.lit(None),
        is_unlisted=pl.col("unlisted_by").is_not_null(),
    ).cast(schema_of(QUARANTINE))
    versions = None
    if keeps_versions:
        versions = frame.filter(pl.col("fault").is_null()).select("record_key", "version_at", "location", *_VERSIONED)
    return Conformed(good.select(kind.names).cast(schema_of(kind.fields)), quarantined, versions)


def _read(field: Column, columns: pl.Schema, meaning: SourceMapping) -> pl.Expr:
    """The field's value in its own type; null where it cannot be read."""
    if field.name not in columns:
        return pl.lit(None, dtype_of(field))
    column = pl.col(field.name)
    if columns[field.name] != pl.String:
        return column.cast(dtype_of(field))
    read = value_of(field, column, meaning)
    if field.values:
        word = blank_to_null(column).str.to_lowercase()
        read = pl.when(word.is_in(field.values)).then(word)
    return read


def value_of(
    field: Column,
    text: pl.Expr,
    source: SourceMapping,
    *,
    order: DateOrder = "iso",
    decimal: DecimalMark = ".",
    power: int = 0,
) -> pl.Expr:
    """The value that a text names, in the field's own type; null where it names none, or one outside the limits.

    `order` is that of dates in figures; a number has the mark `decimal` and counts in units of ten to `power`.
    """
    match field.kind:
        case Kind.DAY:
            read = day(text, source.time_zone, order=order)
        case Kind.MOMENT:
            read = moment(text, source.time_zone, order=order, days_in=source.days_in)
        case Kind.MONEY:
            read = money(text, decimal=decimal, power=power)
        case Kind.INTEGER | Kind.COUNT:
            read = integer(text, decimal=decimal, power=power)
        case Kind.REAL:
            read = real(text, decimal=decimal, power=power)
        case Kind.BOOLEAN:
            read = boolean(text)
        case _:
            read = clean(text)
    typed = read.cast(dtype_of(field), strict=False)
    if field.low is not None:
        typed = pl.when(typed >= field.low).then(typed)
    if field.high is not None:
        typed = pl.when(typed <= field.high).then(typed)
    return typed


def _as_read(name: str) -> str:
    return f"{name} as read"


def _may_fail(field: Column) -> bool:
    """Whether a text may be none of the field's values: any text is one of a field of free text."""
    return field.kind is not Kind.TEXT or bool(field.values)


def _unread(field: Column) -> pl.Expr:
    """A fault where the source holds something that cannot be read; null where all is well."""
    filled = blank_to_null(pl.col(field.name)).is_not_null()
    told = (
        fault("outside_vocabulary", field.name)
        if field.values
        else fault("unreadable_value", field.name, expected=field.kind.value)
    )
    return pl.when(filled & pl.col(_as_read(field.name)).is_null()).then(told)


def _unmapped(vocabulary: KnownWords) -> pl.Expr:
    """A word of a status, stage or category names no person, so it is shown: somebody has to map it.

    Unless it cannot be one: an address or a telephone number is there because the columns of a file are shifted.
    """
    said = pl.col(vocabulary.field).str.slice(0, _SHOWN_SIGNS)
    is_private = said.str.contains(r"@|^\s*\+[0-9]")
    told = fault("unmapped_value", vocabulary.field, detail=pl.when(~is_private).then(said))
    return pl.when(vocabulary.is_unknown()).then(told)


def _missing(name: str) -> pl.Expr:
    return pl.when(pl.col(_as_read(name)).is_null()).then(fault("missing_value", name))
