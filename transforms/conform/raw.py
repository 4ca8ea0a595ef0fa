"""Decoding of stored raw records to columns of text; types are applied later and never inferred."""

import polars as pl
from polars.exceptions import ComputeError

from definitions.errors import TransformError
from transforms.step import ROW, step

STATE_COLUMNS = ("source_id", "version_at", "is_deleted", "is_latest", "location", "unlisted_by")


@step(partition_by=ROW)
def decoded(state: pl.LazyFrame, shape: pl.Struct, *, extra: tuple[str, ...] = ()) -> pl.LazyFrame:
    """Return one row per record version: its state columns, and the fields of `shape`, each as text.

    `extra` names further columns of the state to keep. A field the record lacks, and a JSON null, is null.
    """
    record = pl.col("raw").str.json_decode(shape)
    return state.select(*STATE_COLUMNS, *extra, record.alias("record")).unnest("record")


def collected(frame: pl.LazyFrame, where: str) -> pl.DataFrame:
    """Collect a frame.

    Raises `TransformError` naming source and stream where a stored record is not of the declared shape.
    """
    try:
        return frame.collect(engine="streaming")
    except ComputeError:
        message = (
            f"{where}: a kept record holds an object or a list where text, a number or a flag is expected. "
            "Compare the landed page with the vendor's documentation, then declare another field in its place."
        )
        raise TransformError(message) from None
