"""Compaction of landed files to the state of a file stream, one file after the other."""

from collections.abc import Iterable
from dataclasses import dataclass

import polars as pl

from definitions.mapping.entries import source_field
from definitions.mapping.file_stream import FileStream
from definitions.mapping.ids import canonical_id
from definitions.mapping.source_mapping import SourceMapping
from definitions.polars_types import MOMENT
from transforms.conform.files_columns import resolved_text, with_fields
from transforms.state.delete_detection import missing_from_listing, with_tombstones
from transforms.state.flags import NO_FLAG
from transforms.state.versions import STATE, compact
from transforms.step import ALL, ROW, step
from transforms.values.dates import moment
from transforms.values.numbers import boolean
from transforms.values.text import clean


@dataclass(frozen=True, slots=True, kw_only=True)
class LandedFile:
    """One landed file: its rows (raw, location) and the run that landed it.

    `is_whole`: it contains every record, so that a missing one is deleted. Never true of a file without rows, nor of
    one with quarantined rows, whose ids are unknown.
    """

    rows: pl.LazyFrame
    run_id: str
    is_whole: bool


@step(partition_by=ALL)
def compact_files(
    last: pl.LazyFrame | None,
    files: Iterable[LandedFile],
    source: SourceMapping,
    *,
    stream: FileStream,
    keeps_versions: bool,
) -> pl.DataFrame:
    """Compact the files, the earliest first, to a state (`transforms.state.versions.STATE`).

    The last file of a complete stream overrules earlier files, even those with a later change time. Among increments
    the later change time wins, for deletions too: they may be delivered in any order. A row whose change time is blank
    or unreadable is newer than all rows of earlier files.
    """
    state = pl.DataFrame(schema=STATE) if last is None else last.collect()
    for file in files:
        versions = _with_change_time(file_versions(file.rows, source, stream=stream).collect(), state)
        if stream.complete:
            state = _without_withdrawn_changes(state, versions)
        state = compact([state.lazy(), versions.lazy()], keeps_versions=keeps_versions, revives=False)
        if file.is_whole:
            live_ids = versions.filter(~pl.col("is_deleted"))["source_id"]
            state = with_tombstones(state, missing_from_listing(state, live_ids), file.run_id)
    return state


@step(partition_by=ROW)
def file_versions(rows: pl.LazyFrame, source: SourceMapping, *, stream: FileStream) -> pl.LazyFrame:
    """Convert landed rows (raw, location) to versions of records, in the columns of the state.

    The version is the mapped `source_updated_at`; null without one, and where it cannot be read.
    """
    version, deleted = pl.lit(None, MOMENT), pl.lit(value=False)
    if column := stream.columns.get("source_updated_at"):
        version = moment(resolved_text(column, stream, source), source.time_zone, order=column.dates or stream.dates)
    if column := stream.columns.get("is_deleted"):
        deleted = boolean(resolved_text(column, stream, source)).fill_null(value=False)
    return with_fields(rows, stream).select(
        source_id=canonical_id(clean(source_field(stream.id))),
        version_at=version,
        is_deleted=deleted,
        is_latest=pl.lit(value=True),
        raw="raw",
        location="location",
        unlisted_by=pl.lit(None, pl.String),
        **NO_FLAG,
    )


def _with_change_time(versions: pl.DataFrame, state: pl.DataFrame) -> pl.DataFrame:
    """Set a missing change time of a file's version to that of its record: of equal times the later version wins.

    With null it would lose to any time of an earlier file, and its fault would not be reported.
    """
    latest = state.filter("is_latest").select("source_id", latest_at="version_at")
    return (
        versions.join(latest, on="source_id", how="left", maintain_order="left")
        .with_columns(version_at=pl.coalesce("version_at", "latest_at"))
        .drop("latest_at")
    )


def _without_withdrawn_changes(state: pl.DataFrame, versions: pl.DataFrame) -> pl.DataFrame:
    """Drop versions of the state that are later than every version of the record in a complete file.

    They were a mistake, or from a file that was refused and corrected; nothing else would ever remove them.
    """
    newest = versions.group_by("source_id").agg(newest_at=pl.col("version_at").max())
    is_later = (pl.col("version_at") > pl.col("newest_at")).fill_null(value=False)
    return state.join(newest, on="source_id", how="left", maintain_order="left").filter(~is_later).drop("newest_at")
