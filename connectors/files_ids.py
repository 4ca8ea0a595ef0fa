"""Each row has an id, and each id one row: what does not keep to that is set aside, for no rule could choose."""

import polars as pl

from connectors.files_rows import FileRows, set_aside
from connectors.landed import Rejected
from definitions.file_stream import FileStream


def identified(found: FileRows, stream: FileStream) -> tuple[FileRows, int]:
    """Rows with one id each, in the order of the file, and how many repeated another one entirely.

    A row without an id is set aside, and so is every row of an id that several rows claim with different content;
    rows that a mapped `source_updated_at` tells apart are versions of one record.
    """
    version = stream.columns.get("source_updated_at")
    names = [stream.id, *([version.column] if version is not None and version.column is not None else [])]
    shape = pl.Struct(dict.fromkeys(names, pl.String))
    read = pl.col("raw").str.json_decode(shape).struct
    identity = {f"part_{place}": read.field(name).str.strip_chars() for place, name in enumerate(names)}
    rows = found.rows.with_columns(**identity)
    has_id = (pl.col("part_0") != "").fill_null(value=False)
    anonymous, named = rows.filter(~has_id), rows.filter(has_id).unique([*identity, "raw"], keep="first")
    repeated = rows.height - anonymous.height - named.height
    claims = pl.len().over(list(identity))
    rejected = sorted(
        [
            *found.rejected,
            *_all_aside("missing_id", anonymous, stream.id),
            *_all_aside("id_repeated", named.filter(claims > 1), stream.id),
        ],
        key=lambda row: row.offset,
    )
    kept = named.filter(claims == 1).sort("line").select("line", "raw")
    return FileRows(rows=kept, rejected=tuple(rejected), columns=found.columns, notes=found.notes), repeated


def _all_aside(reason: str, rows: pl.DataFrame, field: str) -> list[Rejected]:
    return [set_aside(reason, line, raw, field) for line, raw in rows.select("line", "raw").rows()]
