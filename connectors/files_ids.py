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
    rows = found.rows.with_columns(_visible(pl.col("id")), _visible(pl.col("version")))
    has_id = (pl.col("id") != "").fill_null(value=False)
    anonymous, named = rows.filter(~has_id), rows.filter(has_id)
    is_shared = pl.struct("id", "version").is_duplicated()
    own, shared = named.filter(~is_shared), named.filter(is_shared)
    distinct = shared.unique(["id", "version", "raw"], keep="first")
    is_disputed = pl.struct("id", "version").is_duplicated()
    rejected = sorted(
        [
            *found.rejected,
            *_all_aside("missing_id", anonymous, stream.id),
            *_all_aside("id_repeated", distinct.filter(is_disputed), stream.id),
        ],
        key=lambda row: row.offset,
    )
    kept = pl.concat([own, distinct.filter(~is_disputed)]).sort("line")
    whole = FileRows(rows=kept, rejected=tuple(rejected), columns=found.columns, notes=found.notes)
    return whole, shared.height - distinct.height


def _visible(text: pl.Expr) -> pl.Expr:
    """Text without anything that reading may later drop: ids that differ only in that are one id."""
    return text.str.replace_all(r"[\p{Cc}\p{Cf}]", "").str.normalize("NFC").str.strip_chars()


def _all_aside(reason: str, rows: pl.DataFrame, field: str) -> list[Rejected]:
    return [set_aside(reason, line, raw, field) for line, raw in rows.select("line", "raw").rows()]
