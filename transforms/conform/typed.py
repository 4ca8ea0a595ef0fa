"""Typed records from columns of text: each field is parsed by its kind; an unreadable value is null, and a fault."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import polars as pl

from definitions.mapping.entries import blank_to_null
from definitions.mapping.file_columns import DateOrder, DecimalMark
from definitions.mapping.source_mapping import OnUnreadable, SourceMapping
from definitions.polars_types import dtype_of, schema_of
from definitions.schema.column import Column, Kind
from definitions.schema.records import RecordKind
from transforms.conform.conformed import Conformed
from transforms.conform.custom_fields import unread_custom_fields, with_custom_fields
from transforms.conform.faults import fault
from transforms.conform.raw import collected
from transforms.conform.value_faults import separated_faults
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
NO_COSTS: Mapping[str, OnUnreadable] = MappingProxyType({})


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

    def is_private(self) -> pl.Expr:
        """Return whether an unknown word is an address or a telephone number, as where the columns are shifted."""
        return self.is_unknown() & pl.col(self.field).str.contains(r"@|^\s*\+[0-9]").fill_null(value=False)


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
    source: SourceMapping,
    *,
    object_name: str,
    stream: str,
    vocabularies: Sequence[KnownWords] = (),
    faults: Sequence[pl.Expr] = (),
    on_unreadable: Mapping[str, OnUnreadable] = NO_COSTS,
    keeps_versions: bool = False,
) -> Conformed:
    """Parse every field of `kind` from the column of its name; the fields of missing columns are null.

    Returns the latest version of each record that keeps the contract, with null for every value that cannot be read;
    those values; the quarantined records with the first fault that cost them (`separated_faults`); and, with
    `keeps_versions`, stage, close date and amount of every version in which they can be read. `faults` are those that
    the caller found, each a `FAULT` or null. A word of `vocabularies` that is unknown stays in its field, which holds
    the source's own word, unless it looks like an address or a number of a person.
    """
    keyed = text.with_columns(
        record_key=pl.concat_str(pl.lit(f"{source.source}:{object_name}:"), pl.col("source_id")),
        source_system=pl.lit(source.source),
        source_object=pl.lit(object_name),
    )
    custom = source.custom.get(object_name, ())
    keyed = with_custom_fields(keyed, custom, lambda column, text: value_of(column, text, source))
    columns = keyed.collect_schema()
    all_faults = [*faults]
    all_faults += [_unread(field) for field in kind.fields if columns.get(field.name) == pl.String and _may_fail(field)]
    all_faults += [_unmapped(vocabulary) for vocabulary in vocabularies]
    all_faults += unread_custom_fields(custom)
    all_faults.append(pl.coalesce(_missing(name) for name in sorted(kind.required)))
    # Each value is read once, into a column next to its text, and checked afterwards.
    read = keyed.with_columns(_read(field, columns, source).alias(_as_read(field.name)) for field in kind.fields)
    own_words = {one.field: pl.when(~one.is_private()).then(_as_read(one.field)) for one in vocabularies}
    frame = collected(
        read.select(
            *(own_words.get(name, pl.col(_as_read(name))).alias(name) for name in kind.names),
            *(one.alias(_fault_column(number)) for number, one in enumerate(all_faults)),
            "version_at",
            "is_latest",
            "location",
            "unlisted_by",
        ),
        f"{source.source}.{stream}",
    )
    separated = separated_faults(
        frame.with_row_index("row"),
        [_fault_column(number) for number in range(len(all_faults))],
        required=kind.required,
        on_unreadable=on_unreadable,
        stream=stream,
    )
    is_record = _is_none_of(separated.costly["row"])
    records = frame.filter(is_record, "is_latest").select(kind.names).cast(schema_of(kind.fields))
    versions = None
    if keeps_versions:
        is_tracked = is_record & _is_none_of(_untracked(separated.unread))
        versions = frame.filter(is_tracked).select("record_key", "version_at", "location", *_VERSIONED)
    return Conformed(records, separated.quarantined, versions, separated.values)


def _untracked(unread: pl.DataFrame) -> pl.Series:
    """Return the rows of versions with an unreadable stage, close date or amount: a null would look like a change."""
    is_tracked = pl.col("field_name").is_in(_VERSIONED) & (pl.col("reason_code") != "unmapped_value")
    return unread.filter(is_tracked)["row"]


def _is_none_of(rows: pl.Series) -> pl.Expr:
    """Return whether the number of a row is not among `rows`."""
    return ~pl.int_range(pl.len(), dtype=pl.UInt32).is_in(rows.unique().implode())


def _fault_column(number: int) -> str:
    return f"fault {number}"


def _read(field: Column, columns: pl.Schema, source: SourceMapping) -> pl.Expr:
    """Parse the field's value in its own type; null where it cannot be parsed."""
    if field.name not in columns:
        return pl.lit(None, dtype_of(field))
    column = pl.col(field.name)
    if columns[field.name] != pl.String:
        return column.cast(dtype_of(field))
    read = value_of(field, column, source)
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
    """Parse a text in the field's own type; null where it cannot be parsed, and outside the limits of the field.

    `order` is the order of numeric dates, `decimal` the decimal mark; the unit of a number is ten to `power`.
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
    """Compile the fault of an unmapped word; it is shown, since a status, stage or category names no person."""
    word = pl.when(~vocabulary.is_private()).then(pl.col(vocabulary.field).str.slice(0, _MAX_CHARACTERS))
    unmapped = fault("unmapped_value", vocabulary.field, detail=word)
    return pl.when(vocabulary.is_unknown()).then(unmapped)


def _missing(name: str) -> pl.Expr:
    return pl.when(pl.col(_as_read(name)).is_null()).then(fault("missing_value", name))
