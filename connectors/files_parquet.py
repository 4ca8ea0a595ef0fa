"""Rows of a Parquet file: typed values as the text that says them exactly."""

import io

import polars as pl
from polars._typing import PolarsDataType

from connectors.files_rows import FileRows, framed, refuse_missing
from definitions.errors import FileUnreadableError
from definitions.file_stream import FileStream, header_name

_WORDS = {pl.String, pl.Boolean, pl.Categorical, pl.Enum, pl.Null}
_MOMENT = "%Y-%m-%dT%H:%M:%S%.f"


def read_parquet(content: bytes, stream: FileStream, where: str) -> FileRows:
    """Read every row; lines are row numbers from 1.

    Whole numbers and decimals keep every digit, moments are ISO 8601 (with their offset where the column has a zone),
    lists and structs are JSON. Columns of bytes and maps, and of lists and structs of them, have no such text: they are
    passed over with a note. Raises `FileUnreadableError`: damaged, such a column mapped, a mapped column missing, two
    columns whose names differ only in outer blanks.
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
    textless = [name for name, dtype in frame.schema.items() if not _has_text(dtype)]
    if mapped := sorted(set(textless) & set(stream.needed_columns)):
        told = ", ".join(map(repr, mapped))
        raise FileUnreadableError(f"{where}: column {told} holds bytes or a map. Export it as text.")
    kept = frame.drop(textless)
    texts = kept.select(_as_text(name, dtype) for name, dtype in kept.schema.items())
    numbered = texts.with_columns(pl.int_range(1, pl.len() + 1, dtype=pl.Int64).alias(""))
    rows = framed(numbered, stream, kept.columns)
    told = ", ".join(map(repr, textless))
    notes = (f"{where}: column {told} holds bytes or a map; passed over",) if textless else ()
    return FileRows(rows=rows, rejected=(), columns=tuple(names), notes=notes)


def _has_text(dtype: PolarsDataType) -> bool:
    """Whether every value of the type has one text; what we do not know has none."""
    if isinstance(dtype, pl.List | pl.Array):
        return _has_text(dtype.inner)
    if isinstance(dtype, pl.Struct):
        return all(_has_text(field.dtype) for field in dtype.fields)
    return dtype.is_numeric() or dtype.is_temporal() or dtype in _WORDS


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
