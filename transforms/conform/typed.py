"""Typed records from columns of text: each field is read by its kind, each failure becomes a fault.

A record with a value that cannot be read is quarantined as a whole: without that value it would be another claim.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from definitions.mapping.entries import blank_to_null
from definitions.mapping.file_columns import DateOrder, DecimalMark
from definitions.mapping.source_mapping import SourceMapping
from definitions.polars_types import dtype_of, schema_of
from definitions.schema.column import Column, Kind
from definitions.schema.records import RecordKind
from transforms.conform.conformed import QUARANTINE, Conformed
from transforms.conform.custom_fields import with_custom_fields
from transforms.conform.faults import fault
from transforms.conform.raw import collected
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
_MAX_CHARACTERS = 60


@dataclass(frozen=True, slots=True)
class KnownWords:
    """Words that a source uses in one field, and their meanings; the meaning "" of a known word is null.

    `scope` names a column that may stand before the word in the mapping, as `pipeline/stage`.
    """

    field: str
    meanings: Mapping[str, str]
    scope: str | None = None

    def is_unknown(self) -> pl.Expr:
        """Return whether the source's word is neither blank nor in the mapping."""
        known_words = sorted({word.lower() for word in self.meanings})
        word = pl.col(self.field).str.strip_chars().str.to_lowercase()
        found = word.is_in(known_words)
        if self.scope is not None:
            scoped = pl.concat_str(pl.col(self.scope).str.strip_chars().str.to_lowercase(), pl.lit("/"), word)
            found = found | scoped.is_in(known_words).fill_null(value=False)
        return ((word != "") & ~found).fill_null(value=False)


def translated(column: pl.Expr, meanings: Mapping[str, str]) -> pl.Expr:
    """Translate each source word to the shared word, matched without case or outer blanks; null where there is none."""
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

    Returns the latest version of each record that keeps the contract, the quarantined ones with the first fault, and,
    with `keeps_versions`, every version's stage, close date and amount. `faults` are those that the caller found, each
    a `FAULT` or null.
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
    all_faults = [*faults]
    all_faults += [_unread(field) for field in kind.fields if columns.get(field.name) == pl.String and _may_fail(field)]
    all_faults += [_unmapped(vocabulary) for vocabulary in vocabularies]
    all_faults += [_missing(name) for name in sorted(kind.required)]
    # Each value is read once, into a column next to its text, and checked afterwards.
    read = keyed.with_columns(_read(field, columns, meaning).alias(_as_read(field.name)) for field in kind.fields)
    frame = collected(
        read.select(
            *(pl.col(_as_read(name)).alias(name) for name in kind.names),
            "version_at",
            "is_latest",
            "location",
            "unlisted_by",
            fault=pl.coalesce(*all_faults),
        ),
        f"{meaning.source}.{stream}",
    )
    return _split(frame, kind, stream, keeps_versions=keeps_versions)


def _split(frame: pl.DataFrame, kind: RecordKind, stream: str, *, keeps_versions: bool) -> Conformed:
    """Separate valid records from quarantined ones."""
    latest = frame.filter("is_latest")
    good, bad = latest.filter(pl.col("fault").is_null()), latest.filter(pl.col("fault").is_not_null())
    fault_parts = pl.col("fault").struct
    quarantined = bad.select(
        "record_key",
        "source_system",
        stream=pl.lit(stream),
        reason_code=fault_parts.field("reason_code"),
        field_name=fault_parts.field("field_name"),
        expected=fault_parts.field("expected"),
        detail=fault_parts.field("detail"),
        location=pl.col("location"),
        page=pl.lit(None),
        is_unlisted=pl.col("unlisted_by").is_not_null(),
    ).cast(schema_of(QUARANTINE))
    versions = None
    if keeps_versions:
        versions = frame.filter(pl.col("fault").is_null()).select("record_key", "version_at", "location", *_VERSIONED)
    return Conformed(good.select(kind.names).cast(schema_of(kind.fields)), quarantined, versions)


def _read(field: Column, columns: pl.Schema, meaning: SourceMapping) -> pl.Expr:
    """Read the field's value in its own type; null where it cannot be read."""
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
    """Read the value of a text in the field's own type; null where it has none, or one outside the limits.

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
    """Return whether a text may be invalid: any text is valid in a field of free text."""
    return field.kind is not Kind.TEXT or bool(field.values)


def _unread(field: Column) -> pl.Expr:
    """Compile the fault of a value that cannot be read; null for none."""
    filled = blank_to_null(pl.col(field.name)).is_not_null()
    unreadable = (
        fault("outside_vocabulary", field.name)
        if field.values
        else fault("unreadable_value", field.name, expected=field.kind.value)
    )
    return pl.when(filled & pl.col(_as_read(field.name)).is_null()).then(unreadable)


def _unmapped(vocabulary: KnownWords) -> pl.Expr:
    """Compile the fault of an unmapped word; it is shown, since a status, stage or category names no person.

    An address or a telephone number is not shown: it is there because the columns of a file are shifted.
    """
    word = pl.col(vocabulary.field).str.slice(0, _MAX_CHARACTERS)
    is_private = word.str.contains(r"@|^\s*\+[0-9]")
    unmapped = fault("unmapped_value", vocabulary.field, detail=pl.when(~is_private).then(word))
    return pl.when(vocabulary.is_unknown()).then(unmapped)


def _missing(name: str) -> pl.Expr:
    return pl.when(pl.col(_as_read(name)).is_null()).then(fault("missing_value", name))
