"""Erasure from landing: every page of every stream, those of streams that the settings no longer name too."""

import io
from collections.abc import Mapping
from functools import partial
from pathlib import Path

import polars as pl
import zstandard

from connectors.files.remaining import REMAINING_SUFFIX, erased_rows, remaining_lines
from connectors.files.streams import landed_rows
from connectors.landing.erased import StreamEraser
from connectors.landing.history import DamagedFile, LandedRun, quarantine_damaged
from connectors.landing.reader import LandedPage
from connectors.landing.rewriting import NewContent, erased_lines, rewrite_run
from connectors.landing.writer import Landing
from definitions.errors import FileUnreadableError
from definitions.mapping.file_stream import FileStream
from flows.streams.configured_streams import ConfiguredStream, StreamKey


def erase_from_landing(
    root: Path, streams: Mapping[StreamKey, ConfiguredStream], erasers: Mapping[StreamKey, StreamEraser]
) -> int:
    """Rewrite all pages without the erased; return how many records changed.

    `erasers` has every stream that landed anything. The caller holds the run lock. Safe to repeat, and to be killed.
    Raises `LandingError` naming what is damaged.
    """
    landing, changed = Landing(root), 0
    for stream_key, eraser in erasers.items():
        landing.recover(*stream_key)
        stream = streams.get(stream_key)
        declared = None if stream is None else stream.stream
        for folder in sorted(path for path in root.joinpath(*stream_key).glob("*") if path.is_dir()):
            if isinstance(declared, FileStream):
                _drop_unreadable(landing, stream_key, folder.name, declared, eraser)
                rewrite = partial(_new_rows, landing, declared, eraser)
            else:
                rewrite = partial(_new_lines, landing, eraser)
            changed += rewrite_run(landing, *stream_key, folder.name, rewrite, eraser)
    return changed


def landed_streams(root: Path) -> list[StreamKey]:
    """Return source and stream of every folder of landing or of the states."""
    return sorted((path.parent.name, path.name) for path in root.glob("*/*") if path.is_dir())


def _new_lines(landing: Landing, eraser: StreamEraser, page: LandedPage) -> NewContent | None:
    path = landing.verified(page)
    if path.name.endswith(".parquet"):
        # Of a file that is no longer declared nobody knows how it is read.
        return None
    return erased_lines(page, path, eraser)


def _new_rows(landing: Landing, stream: FileStream, eraser: StreamEraser, page: LandedPage) -> NewContent | None:
    try:
        rows = landed_rows(landing, page, stream)
    except FileUnreadableError:
        # It tells of nobody erased: such files were put aside before.
        return None
    line = pl.col("location").str.extract(r":(\d+)$", 1).cast(pl.Int64)
    found = rows.select("raw", line=line)
    kept = erased_rows(found, eraser)
    rejected = eraser.kept_rejected(landing.rejected(page))
    if kept.equals(found) and rejected == landing.rejected(page):
        return None
    return NewContent(
        lines=[*remaining_lines(kept)],
        suffix=REMAINING_SUFFIX,
        records=kept.height,
        erased=found.height - kept.height or 1,
    )


def _drop_unreadable(
    landing: Landing, stream_key: StreamKey, run_id: str, stream: FileStream, eraser: StreamEraser
) -> None:
    """Put aside a landed file that cannot be read as declared now, if it may tell of an erased person.

    Such a file belongs to a run that was refused, or to options of before; its rows cannot be taken apart.
    """
    for page in landing.pages_of(*stream_key, [run_id]):
        try:
            landed_rows(landing, page, stream)
        except FileUnreadableError:
            if eraser.tells_of_erased(_text_of(landing.verified(page))):
                run = LandedRun(run_id=run_id, folder=page.folder, pages=[page])
                path = page.folder / (page.file or "")
                quarantine_damaged(DamagedFile(run=run, path=path, reason="held an erased person", page=page))


def _text_of(path: Path) -> str:
    if path.suffix != ".zst":
        return path.read_bytes().decode("utf-8", "replace")
    with path.open("rb") as file, zstandard.ZstdDecompressor().stream_reader(file) as unpacked:
        return io.BufferedReader(unpacked).read().decode("utf-8", "replace")
