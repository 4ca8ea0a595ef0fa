"""Conforming of the state of a stream to canonical records, as its mapping declares."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

import polars as pl

from definitions.mapping.entries import Entry, Text, source_column, source_field
from definitions.mapping.source_mapping import SourceMapping
from definitions.mapping.stream_mapping import StreamMapping
from definitions.schema.column import Kind
from definitions.schema.columns import COLUMNS
from transforms.conform.activities import activities_of, unreadable_dates
from transforms.conform.conformed import Conformed
from transforms.conform.expressions import expression, meanings
from transforms.conform.raw import STATE_COLUMNS, collected
from transforms.conform.typed import NO_COSTS, KnownWords, typed
from transforms.step import ROW, step
from transforms.values.dates import moment


@step(partition_by=ROW)
def conform_stream(
    state: pl.LazyFrame, mapping: StreamMapping, source: SourceMapping, *, stream: str
) -> dict[str, Conformed]:
    """Return the records of each kind in the stream, from its state or a part of it.

    Where the mapping has `merged_ids`, the state comes with `survivor` (`merges.with_survivors`). Raises
    `TransformError` naming source and stream where a stored record is not of the declared shape.
    """
    decoded = decoded_records(state, mapping, source)
    if mapping.activities:
        # Decoded once: parsing the JSON costs more than all later steps.
        decoded = collected(decoded, f"{source.source}.{stream}").lazy()
    mapped = mapped_fields(decoded, mapping, source)
    records = typed(
        mapped,
        mapping.kind,
        source,
        object_name=mapping.object,
        stream=stream,
        vocabularies=list(_known_words(mapping.fields, source)),
        faults=unreadable_dates(mapping.activities),
        on_unreadable=source.on_unreadable.get(mapping.object, NO_COSTS),
        keeps_versions=mapping.keeps_versions,
    )
    if mapping.derived_rows is not None:
        extra_rows = mapping.derived_rows(records.records, source)
        records = replace(records, records=pl.concat([records.records, extra_rows]))
    if not mapping.activities:
        return {mapping.kind.name: records}
    return {mapping.kind.name: records, "activity": activities_of(decoded, mapping, source, stream=stream)}


@step(partition_by=ROW)
def decoded_records(state: pl.LazyFrame, mapping: StreamMapping, source: SourceMapping) -> pl.LazyFrame:
    """Return one row per record version, or per item of its list: its state columns, and each field read, as text.

    A field the record lacks, and a JSON null, is null.
    """
    names = sorted({*mapping.read_fields(), *source.fields.get(mapping.object, {}).values()})
    paths = {name: _path(name, mapping) for name in names}
    of_item = _struct({paths[name]: mapping.shapes.get(name, pl.String()) for name in names})
    state_columns = [
        *STATE_COLUMNS,
        *(["survivor"] if mapping.merged_ids else []),
        *(["flag_set_at"] if mapping.flag else []),
    ]
    record = pl.col("raw").str.json_decode(
        of_item if mapping.each is None else pl.Struct({mapping.each.field: pl.List(of_item)})
    )
    rows = state.select(*state_columns, record.alias("record"))
    if mapping.each is not None:
        item = pl.col("record").struct.field(mapping.each.field)
        rows = rows.with_columns(record=item).explode("record")
    fields = rows.select(*state_columns, *(_field_at(paths[name]).alias(source_column(name)) for name in names))
    return fields if mapping.each is None else fields.filter(source_field(mapping.each.id).is_not_null())


@step(partition_by=ROW)
def mapped_fields(decoded: pl.LazyFrame, mapping: StreamMapping, source: SourceMapping) -> pl.LazyFrame:
    """Add the canonical fields to decoded records, still as text."""
    entries = {**mapping.fields, **_configured_fields(mapping, source)}
    expressions = {name: expression(entry, source) for name, entry in entries.items()}
    if mapping.days_are_utc_midnights:
        own = source.custom.get(mapping.object, ())
        kinds = {name: one.kind for name, one in COLUMNS.items()} | {one.name: one.kind for one in own}
        days = (name for name in entries if kinds[name] is Kind.DAY and name not in mapping.fields)
        expressions |= {name: _utc_midnight_as_day(expressions[name]) for name in days}
    if (url := source.record_url.get(mapping.object)) is not None:
        expressions["source_url"] = pl.format(url, pl.col("source_id"))
    if mapping.each is not None:
        expressions["source_id"] = pl.concat_str("source_id", pl.lit("/"), source_field(mapping.each.id))
    if mapping.merged_ids is not None:
        # The source drops a merged record without deleting it, so it would stay live.
        expressions["merged_into_key"] = pl.concat_str(pl.lit(f"{source.source}:{mapping.object}:"), "survivor")
        expressions["is_deleted"] = pl.col("is_deleted") | pl.col("survivor").is_not_null()
    return decoded.with_columns(**expressions)


def _configured_fields(mapping: StreamMapping, source: SourceMapping) -> dict[str, Entry]:
    """Return the fields that the settings map, before those of the mapping."""
    return {name: Text((field,)) for name, field in source.fields.get(mapping.object, {}).items()}


def _known_words(fields: Mapping[str, Entry], source: SourceMapping) -> Iterable[KnownWords]:
    for name, entry in fields.items():
        if isinstance(entry, Text) and (vocabulary := entry.vocabulary) is not None:
            yield KnownWords(name, meanings(vocabulary, source), vocabulary.scope)


def _utc_midnight_as_day(text: pl.Expr) -> pl.Expr:
    """Replace a moment at midnight in UTC by its day; leave any other text unchanged."""
    at = moment(text)
    return pl.when(at == at.dt.truncate("1d")).then(at.dt.date().cast(pl.String)).otherwise(text)


def _path(name: str, mapping: StreamMapping) -> tuple[str, ...]:
    """Return the path of a field in the record, or in an item of its list; a dot goes one level down."""
    steps = tuple(name.split("."))
    return steps if mapping.inside is None or name in mapping.outside else (mapping.inside, *steps)


def _struct(leaves: Mapping[tuple[str, ...], pl.DataType]) -> pl.Struct:
    """Make a struct with a type at the end of each path."""
    fields: dict[str, pl.DataType] = {path[0]: dtype for path, dtype in leaves.items() if len(path) == 1}
    for first in dict.fromkeys(path[0] for path in leaves if len(path) > 1):
        fields[first] = _struct({path[1:]: dtype for path, dtype in leaves.items() if path[0] == first})
    return pl.Struct(fields)


def _field_at(path: tuple[str, ...]) -> pl.Expr:
    """Read the value at a path of column `record`."""
    found = pl.col("record")
    for name in path:
        found = found.struct.field(name)
    return found
