"""State of a file stream: the records of its landed files, one file after the other."""

from collections.abc import Iterable
from dataclasses import dataclass

import polars as pl

from definitions.mapping.entries import source_field
from definitions.mapping.file_stream import FileStream
from definitions.mapping.source_mapping import SourceMapping
from definitions.polars_types import MOMENT
from transforms.conform.files_columns import with_fields, word
from transforms.state.delete_detection import no_longer_alive, with_tombstones
from transforms.state.flags import NO_FLAG
from transforms.state.versions import STATE, folded
from transforms.step import ALL, ROW, step
from transforms.values.dates import moment
from transforms.values.numbers import boolean
from transforms.values.text import clean


@dataclass(frozen=True, slots=True, kw_only=True)
class LandedFile:
    """One landed file: its rows (raw, location) and the run that landed it.

    `is_whole`: every record there is stands in it, so that one that does not is gone. Never true of a file without
    rows, nor of one with rows set aside, whose ids nobody knows.
    """

    rows: pl.LazyFrame
    run_id: str
    is_whole: bool


@step(partition_by=ALL)
def folded_files(
    last: pl.LazyFrame | None,
    files: Iterable[LandedFile],
    meaning: SourceMapping,
    *,
    stream: FileStream,
    keeps_versions: bool,
) -> pl.DataFrame:
    """State (`transforms.state.versions.STATE`) after these files, the earliest first.

    What the last file of a complete stream tells of a record holds, even where an earlier file told a later change.
    Among increments the later change holds, deletions too: they may be delivered in any order. A row whose change time
    is blank or cannot be read tells of its record after all that earlier files told.
    """
    state = pl.DataFrame(schema=STATE) if last is None else last.collect()
    for file in files:
        read = _timed(file_versions(file.rows, meaning, stream=stream).collect(), state)
        if stream.complete:
            state = _not_taken_back(state, read)
        state = folded([state.lazy(), read.lazy()], keeps_versions=keeps_versions, revives=False)
        if file.is_whole:
            alive = read.filter(~pl.col("is_deleted"))["source_id"]
            state = with_tombstones(state, no_longer_alive(state, alive), file.run_id)
    return state


@step(partition_by=ROW)
def file_versions(rows: pl.LazyFrame, meaning: SourceMapping, *, stream: FileStream) -> pl.LazyFrame:
    """Landed rows (raw, location) as versions of records, in the columns of the state.

    The version is the mapped `source_updated_at`; null without one, and where it cannot be read.
    """
    version, deleted = pl.lit(None, MOMENT), pl.lit(value=False)
    if column := stream.columns.get("source_updated_at"):
        version = moment(word(column, stream, meaning), meaning.time_zone, order=column.dates or stream.dates)
    if column := stream.columns.get("is_deleted"):
        deleted = boolean(word(column, stream, meaning)).fill_null(value=False)
    return with_fields(rows, stream).select(
        source_id=clean(source_field(stream.id)),
        version_at=version,
        is_deleted=deleted,
        is_latest=pl.lit(value=True),
        raw="raw",
        location="location",
        unlisted_by=pl.lit(None, pl.String),
        **NO_FLAG,
    )


def _timed(read: pl.DataFrame, state: pl.DataFrame) -> pl.DataFrame:
    """Versions of a file, those without a change time at that of their record: of one time's versions the later wins.

    Unread it would lose to any time an earlier file told, before anybody could see what is wrong with it.
    """
    known = state.filter("is_latest").select("source_id", known="version_at")
    return (
        read.join(known, on="source_id", how="left", maintain_order="left")
        .with_columns(version_at=pl.coalesce("version_at", "known"))
        .drop("known")
    )


def _not_taken_back(state: pl.DataFrame, read: pl.DataFrame) -> pl.DataFrame:
    """`state` without changes later than all that a complete file tells of their record: they are not so.

    They were a mistake, or those of a file that was refused and corrected; nothing else would ever take them back.
    """
    told = read.group_by("source_id").agg(told=pl.col("version_at").max())
    is_later = (pl.col("version_at") > pl.col("told")).fill_null(value=False)
    return state.join(told, on="source_id", how="left", maintain_order="left").filter(~is_later).drop("told")
