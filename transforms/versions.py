"""State from landing: the latest version of every record a stream has ever shown, and nothing older unless asked.

A fold: whatever the page size, the page order and the number of runs, the same landed records give the same state.
"""

from dataclasses import dataclass

import polars as pl

from transforms.frames import MOMENT
from transforms.values.dates import moment
from transforms.values.text import mend_json

STATE = pl.Schema(
    {
        "source_id": pl.String(),
        "version_at": MOMENT,
        "is_deleted": pl.Boolean(),
        "is_latest": pl.Boolean(),
        "raw": pl.String(),
        "location": pl.String(),
    }
)
"""Grain: one version of one record. `version_at` null: the source keeps no change time, the later run wins.
`location` is `run/file:line` of the landed record, so it sorts by run."""


RUN = pl.col("location").str.split("/").list.first()
"""The run that landed a version."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """Where a vendor's record keeps its id, its change time and its deletion mark; a dot goes one level down."""

    id: str
    version: str | None = None
    deleted: str | None = None

    def shape(self) -> pl.Struct:
        """The least of a record that has to be read to file it."""
        head, _, tail = self.id.partition(".")
        fields: dict[str, pl.DataType] = {head: pl.Struct({tail: pl.String}) if tail else pl.String()}
        for name in (self.version, self.deleted):
            if name is not None:
                fields[name] = pl.String()
        return pl.Struct(fields)

    def source_id(self) -> pl.Expr:
        """The record's id, as text."""
        head, _, tail = self.id.partition(".")
        found = pl.col("envelope").struct.field(head)
        return found.struct.field(tail) if tail else found


def opened(landed: pl.LazyFrame, envelope: Envelope) -> pl.LazyFrame:
    """Landed lines (raw, location) as versions.

    A lone surrogate or NUL in a string is replaced: JSON allows them, no warehouse does. Row by row.
    """
    mended = landed.with_columns(raw=mend_json(pl.col("raw")))
    read = mended.with_columns(envelope=pl.col("raw").str.json_decode(envelope.shape()))
    version = pl.lit(None, MOMENT)
    if envelope.version is not None:
        version = moment(pl.col("envelope").struct.field(envelope.version))
    deleted = pl.lit(value=False)
    if envelope.deleted is not None:
        mark = pl.col("envelope").struct.field(envelope.deleted).str.to_lowercase()
        deleted = (mark == "true").fill_null(value=False)
    return read.select(
        source_id=envelope.source_id(),
        version_at=version,
        is_deleted=deleted,
        is_latest=pl.lit(value=True),
        raw="raw",
        location="location",
    )


def folded(parts: list[pl.LazyFrame], *, keeps_versions: bool, revives: bool = False) -> pl.DataFrame:
    """The state after these parts, sorted by id and version. Needs all versions of one record together.

    The latest version wins; of one moment's versions, the later run's, then the deletion, then the greater text.
    `revives`: a deletion does not stand against a later run that found the record alive, for the source gives what it
    restores its old change time again (HubSpot does).
    """
    versions = _in_order(pl.concat(parts).collect(), pl.lit(value=True))
    if revives and versions["is_deleted"].any():
        winner_run, winner_is_gone = RUN.last().over("source_id"), pl.col("is_deleted").last().over("source_id")
        found_alive = RUN.filter(~pl.col("is_deleted")).max().over("source_id")
        is_restored = (winner_is_gone & (found_alive > winner_run)).fill_null(value=False)
        versions = _in_order(versions, ~is_restored | (winner_run < RUN))
    is_last = pl.col("source_id") != pl.col("source_id").shift(-1)
    versions = versions.with_columns(is_latest=is_last.fill_null(value=True))
    if not keeps_versions:
        return versions.filter("is_latest")
    same = (pl.col("source_id") == pl.col("source_id").shift(-1)) & (pl.col("raw") == pl.col("raw").shift(-1))
    return versions.filter(~same.fill_null(value=False))


def _in_order(versions: pl.DataFrame, stands: pl.Expr) -> pl.DataFrame:
    """Versions of each id, the one that wins last; one that does not stand comes before all that do."""
    # Sorting copies what it sorts by, so the whole text takes part only where an id comes more than once.
    text = pl.when(pl.col("source_id").is_duplicated()).then("raw")
    order = [pl.col("source_id"), stands, pl.col("version_at"), RUN, pl.col("is_deleted"), text]
    ranked = versions.select(place=pl.arg_sort_by(*order, nulls_last=False))["place"]
    return versions[ranked]
