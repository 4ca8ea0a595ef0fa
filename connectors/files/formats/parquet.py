"""Reader of Parquet files: typed values as exact text."""

import io
from collections import Counter
from collections.abc import Iterator

import polars as pl
import pyarrow.parquet as pq
from polars._typing import PolarsDataType
from pyarrow import ArrowException

from connectors.files.formats.rows import ReadFindings, framed, refuse_missing, refuse_wide
from definitions.errors import FileUnreadableError
from definitions.mapping.file_columns import header_name
from definitions.mapping.file_stream import FileStream

_SLICE_ROWS = 50_000
_WORDS = {pl.String, pl.Boolean, pl.Categorical, pl.Enum, pl.Null}
_MOMENT = "%Y-%m-%dT%H:%M:%S%.f"


def read_parquet(content: bytes, stream: FileStream, findings: ReadFindings) -> Iterator[pl.DataFrame]:
    """Yield all rows, batch by batch; lines are row numbers from 1.

    Whole numbers and decimals keep every digit, moments are ISO 8601 (with their offset where the column has a zone),
    lists and structs are JSON. Columns of bytes and maps, and of lists and structs of them, have no exact text: they
    are skipped with a note. Raises `FileUnreadableError`: damaged, too many rows or bytes, such a column mapped, a
    mapped column missing, two columns whose names differ only in outer blanks.
    """
    where = findings.where
    try:
        metadata = pq.read_metadata(io.BytesIO(content))
        frame = pl.scan_parquet(io.BytesIO(content))
        schema = frame.collect_schema()
        # A constant column is a few bytes in the file: only the metadata has its size in memory.
        groups = (metadata.row_group(number) for number in range(metadata.num_row_groups))
        findings.refuse_large(metadata.num_rows, sum(group.total_byte_size for group in groups))
        names = _names(list(schema), stream, where)
        readable = [(column, name) for column, name in zip(schema, names, strict=True) if _has_text(schema[column])]
        textless = sorted(set(names) - {name for _, name in readable})
        _refuse_textless(textless, stream, where)
        texts = frame.select(_as_text(column, schema[column]).alias(name) for column, name in readable)
        for start in range(0, metadata.num_rows, _SLICE_ROWS):
            part = texts.slice(start, _SLICE_ROWS).collect()
            line = pl.int_range(start + 1, start + part.height + 1, dtype=pl.Int64, eager=True)
            yield framed(part.with_columns(line.alias("")), stream, part.columns)
    except (pl.exceptions.PolarsError, OSError, ArrowException):
        raise FileUnreadableError(f"{where}: is no whole Parquet file. Copy or export it again.") from None
    findings.columns = tuple(names)
    if textless:
        columns = ", ".join(map(repr, textless))
        findings.notes.append(f"{where}: column {columns} holds bytes or a map; passed over")


def _names(columns: list[str], stream: FileStream, where: str) -> list[str]:
    refuse_wide(len(columns), where)
    names = [header_name(column) for column in columns]
    if doubled := sorted(name for name, count in Counter(names).items() if count > 1):
        raise FileUnreadableError(f"{where}: column {', '.join(map(repr, doubled))} stands twice. Rename one of them.")
    refuse_missing(stream.needed_columns, names, where)
    return names


def _refuse_textless(names: list[str], stream: FileStream, where: str) -> None:
    if mapped := sorted(set(names) & set(stream.needed_columns)):
        columns = ", ".join(map(repr, mapped))
        raise FileUnreadableError(f"{where}: column {columns} holds bytes or a map. Export it as text.")


def _has_text(dtype: PolarsDataType) -> bool:
    """Whether every value of the type has one exact text; False for unknown types."""
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
