"""From kept raw records to columns of text: types come later, so nothing is lost to a guess."""

import polars as pl
from polars.exceptions import ComputeError

from definitions.errors import TransformError
from transforms.step import ROW, step

KEPT = ("source_id", "version_at", "is_deleted", "is_latest", "location", "unlisted_by")


@step(partition_by=ROW)
def decoded(state: pl.LazyFrame, shape: pl.Struct, *, beside: tuple[str, ...] = ()) -> pl.LazyFrame:
    """One row a record version: what the state knows of it, and the fields of `shape`, each as text.

    `beside` names further columns of the state to keep. A field the record lacks, and a JSON null, is null.
    """
    record = pl.col("raw").str.json_decode(shape)
    return state.select(*KEPT, *beside, record.alias("record")).unnest("record")


def gathered(frame: pl.LazyFrame, where: str) -> pl.DataFrame:
    """Collect; raise `TransformError` naming source and stream where a kept record is not of the declared shape."""
    try:
        return frame.collect(engine="streaming")
    except ComputeError:
        message = (
            f"{where}: a kept record holds an object or a list where text, a number or a flag is expected. "
            "Compare the landed page with the vendor's documentation, then declare another field in its place."
        )
        raise TransformError(message) from None
