"""Cells of a file that refer to several records, separated by semicolons: the first is the record's own reference.

Where a deal refers to several people, each is an association; every other reference of a record is one, so that the
further ones are only counted.
"""

import polars as pl

from definitions.mapping.file_stream import FileStream
from definitions.mapping.ids import ids_in
from definitions.mapping.source_mapping import SourceMapping
from definitions.schema.records import ASSOCIATION
from transforms.conform.conformed import Conformed
from transforms.conform.expressions import expression
from transforms.conform.files_columns import reference_to, resolved_text, with_fields
from transforms.conform.raw import STATE_COLUMNS, collected
from transforms.conform.typed import typed
from transforms.step import ALL, ROW, step

_LINKED = ("opportunity", "person_key")
_IDS = "ids in cell"


@step(partition_by=ROW)
def people_of_file(state: pl.LazyFrame, source_mapping: SourceMapping, *, stream: FileStream) -> Conformed:
    """Return an association for each person in cells of deals that refer to several people; none is primary."""
    kind, field = _LINKED
    object_name = f"{stream.name}_{field.removesuffix('_key')}"
    frame = with_fields(state, stream)
    if stream.kind == kind and field in stream.columns:
        column = stream.columns[field]
        ids = ids_in(resolved_text(column, stream, source_mapping))
        to_key = expression(reference_to(column, pl.col(_IDS)), source_mapping)
    else:
        # No row of a file that maps no people is read for them.
        frame, ids, to_key = frame.head(0), pl.lit(None, pl.List(pl.String)), pl.lit(None, pl.String)
    links = (
        frame.select(*STATE_COLUMNS, ids.alias(_IDS), is_primary=pl.lit(value=False))
        .filter(pl.col(_IDS).list.len() > 1)
        .with_columns(from_key=pl.concat_str(pl.lit(f"{source_mapping.source}:{stream.name}:"), "source_id"))
        .explode(_IDS)
        .with_columns(
            source_id=pl.concat_str("source_id", pl.lit("/"), _IDS),
            association_type=pl.lit("opportunity_person"),
            to_key=to_key,
        )
        .drop(_IDS)
    )
    return typed(links, ASSOCIATION, source_mapping, object_name=object_name, stream=stream.name)


@step(partition_by=ALL, delivers=("field_name", "records"))
def several_references(state: pl.LazyFrame, source_mapping: SourceMapping, *, stream: FileStream) -> pl.DataFrame:
    """Count live records whose cell refers to several records where one is taken: field_name, records; zeros left out.

    People of deals are not counted: `people_of_file` links them all.
    """
    columns = {
        name: column
        for name, column in stream.columns.items()
        if column.refers_to is not None and column.column is not None and (stream.kind, name) != _LINKED
    }
    counts = (
        with_fields(state, stream)
        .filter("is_latest", ~pl.col("is_deleted"))
        .select(
            (ids_in(resolved_text(column, stream, source_mapping)).list.len() > 1).sum().cast(pl.Int64).alias(name)
            for name, column in columns.items()
        )
        .unpivot(variable_name="field_name", value_name="records")
        .filter(pl.col("records") > 0)
        if columns
        else pl.LazyFrame(schema={"field_name": pl.String, "records": pl.Int64})
    )
    return collected(counts, f"{source_mapping.source}.{stream.name}").sort("field_name")
