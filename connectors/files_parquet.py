"""Rows of a Parquet file: typed values as the text that says them exactly."""

import io

import polars as pl

from connectors.files_rows import FileRows, framed, refuse_missing
from definitions.errors import FileUnreadableError
from definitions.file_stream import FileStream, header_name

_MOMENT = "%Y-%m-%dT%H:%M:%S%.f"


def read_parquet(content: bytes, stream: FileStream, where: str) -> FileRows:
    """Read every row; lines are row numbers from 1.

    Whole numbers and decimals keep every digit, moments are ISO 8601 (with their offset where the column has a zone),
    lists and structs are JSON. Raises `FileUnreadableError`: damaged, binary columns mapped, a mapped column missing,
    two columns whose names differ only in outer blanks.
    """
    try:
        frame = pl.read_parquet(io.BytesIO(content))
    except (pl.exceptions.PolarsError, OSError):
        raise FileUnreadableError(f"{where}: is no whole Parquet file. Copy or export it again.") from None
    names = [header_name(name) for name in frame.columns]
    doubled = sorted({name for name in names if names.count(name) > 1})
    if doubled:
        raise FileUnreadableError(f"{where}: column {', '.join(map(repr, doubled))} stands twice. Rename one of them.")
    refuse_missing(stream.needed_columns, names, where)
    frame.columns = names
    binary = [name for name, dtype in frame.schema.items() if dtype in {pl.Binary, pl.Object}]
    if mapped := sorted(set(binary) & set(stream.needed_columns)):
        raise FileUnreadableError(f"{where}: column {', '.join(map(repr, mapped))} holds bytes. Export it as text.")
    kept = frame.drop(binary)
    texts = kept.select(_as_text(name, dtype) for name, dtype in kept.schema.items())
    numbered = texts.with_columns(pl.int_range(1, pl.len() + 1, dtype=pl.Int64).alias(""))
    rows = framed(numbered, stream, kept.columns)
    notes = (f"{where}: column {', '.join(map(repr, binary))} holds bytes; passed over",) if binary else ()
    return FileRows(rows=rows, rejected=(), columns=tuple(names), notes=notes)


def _as_text(name: str, dtype: pl.DataType) -> pl.Expr:
    column = pl.col(name)
    if isinstance(dtype, pl.Datetime):
        return column.dt.strftime(_MOMENT if dtype.time_zone is None else f"{_MOMENT}%z")
    if isinstance(dtype, pl.List | pl.Array):
        return pl.struct(column).struct.json_encode()
    if isinstance(dtype, pl.Struct):
        return column.struct.json_encode()
    if isinstance(dtype, pl.Duration):
        return column.dt.to_string("iso")
    return column.cast(pl.String)
