"""State on disk: an immutable Parquet file per stream and run, folded from the pages landed since the last one."""

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import BinaryIO

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from connectors.durable import FILE_MODE, make_folder, sync_folder
from connectors.files import is_whole, landed_rows
from connectors.landed import LandedPage, Rejected
from connectors.landing import Landing
from definitions.crash_points import crash_point
from definitions.errors import FileUnreadableError, LandingError
from definitions.file_stream import FileStream
from transforms.conform.files_versions import LandedFile, folded_files
from transforms.conform.meaning import Meaning
from transforms.frames import in_slices
from transforms.sweep import no_longer_listed, swept
from transforms.values.text import mend_json
from transforms.versions import STATE, Envelope, filed, opened, standing

# A reader that streams holds a few groups at a time: 30 MB each, of wide records.
_GROUP_ROWS = 20_000
# Parsing a record takes many times its room, and less time while that is in the processor's cache.
_LINES_AT_ONCE = 4_000
_UNFINISHED = ".part"


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamState:
    """The records of one stream as a run sees them; `version` is what the publish transaction points to."""

    source: str
    stream: str
    version: str | None
    path: Path | None

    def frame(self) -> pl.LazyFrame:
        """Versions of records, in the columns of `transforms.versions.STATE`."""
        return pl.LazyFrame(schema=STATE) if self.path is None else pl.scan_parquet(self.path, glob=False)

    def batches(self, rows: int = 100_000) -> Iterator[pl.LazyFrame]:
        """Read the same in contiguous slices of so many rows, each by itself; one, without a row, of an empty state."""
        return in_slices(self.frame(), rows)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """Where one stream's state lies, and which version the warehouse points to."""

    folder: Path
    landing: Landing
    source: str
    stream: str
    run_id: str
    last_version: str | None

    def last(self) -> Path | None:
        """File of the last version; `LandingError` when it is gone."""
        path = self._path(self.last_version)
        if path is not None and not path.exists():
            raise LandingError(
                f"{path}: the state that the warehouse points to is gone. Restore it from a backup of BANTAM_HOME."
            )
        return path

    def unread(self) -> list[LandedPage]:
        """Pages landed since the last version, those of a run that died before it published too: they are true."""
        return list(self.landing.pages_of(self.source, self.stream, self._unread_runs()))

    def unread_rejected(self) -> list[tuple[str, Rejected]]:
        """Records set aside before landing since the last version, each with the run and file it lies in."""
        manifests = (self.landing.read_manifest(self.source, self.stream, run) for run in self._unread_runs())
        pages = chain.from_iterable(manifests)
        return [
            (f"{page.run_id}/{page.rejected_path.name}", record)
            for page in pages
            if page.rejected_path is not None
            for record in self.landing.rejected(page)
        ]

    def unchanged(self) -> StreamState:
        """The state as it was."""
        return StreamState(source=self.source, stream=self.stream, version=self.last_version, path=self.last())

    def keep(self, state: Iterable[pl.DataFrame]) -> StreamState:
        """Write a new version, durably; its rows come part by part."""
        path = self._path(self.run_id)
        if path is None:
            raise LandingError("a state needs a run to be named after")
        _save(state, path)
        return StreamState(source=self.source, stream=self.stream, version=self.run_id, path=path)

    def _unread_runs(self) -> list[str]:
        return self.landing.run_ids(self.source, self.stream, after=self.last_version)

    def _path(self, version: str | None) -> Path | None:
        return None if version is None else self.folder / self.source / self.stream / f"{version}.parquet"


def fold_pages(
    shelf: Shelf, envelope: Envelope, *, keeps_versions: bool, revives: bool, is_whole: bool = False
) -> StreamState:
    """Fold what a vendor's stream landed since the last version; without anything new the last one stands.

    All texts are read twice and never held together: first to file the versions, then to write those that stay.
    `is_whole`: this run listed every record the source has, so that one it did not list is gone.
    Raises `LandingError` when the last version is gone or a page no longer matches its checksum.
    """
    pages = shelf.unread()
    if not pages:
        return shelf.unchanged()
    for page in pages:
        shelf.landing.verified(page)
    last = shelf.unchanged()
    # Without versions the last state holds a record once, from an earlier run: no tie is left for its text to break.
    known = [filed(part, reads_text=keeps_versions).collect() for part in last.batches(_GROUP_ROWS)]
    landed = [filed(opened(lines.lazy(), envelope)).collect(engine="in-memory") for lines in _landed(pages)]
    heights = [part.height for part in (*known, *landed)]
    files = pl.concat([*known, *landed])
    del known, landed
    files = files.hstack(standing(files, keeps_versions=keeps_versions, revives=revives))
    listed = files.filter(pl.col("run") == shelf.run_id)["source_id"]
    # A full listing of nothing is more likely a failed one than a source without records.
    is_gone = no_longer_listed(files, listed) if is_whole and listed.len() else pl.lit(value=False)
    texts = chain(_texts(last), _texts_of(pages))
    return shelf.keep(_kept(texts, files.with_columns(is_gone=is_gone), heights, f"{_place(pages[-1])}:0"))


def fold_files(shelf: Shelf, stream: FileStream, meaning: Meaning) -> StreamState:
    """Fold the files landed since the last version; a complete file takes away what it no longer holds.

    Raises `LandingError` as `fold_pages`, `FileUnreadableError` where a landed file cannot be read as declared now.
    """
    pages = shelf.unread()
    if not pages:
        return shelf.unchanged()
    last = shelf.last()
    state = folded_files(
        None if last is None else pl.scan_parquet(last, glob=False),
        _landed_files(shelf.landing, pages, stream),
        meaning,
        stream=stream,
        keeps_versions=stream.kind == "opportunity",
    )
    return shelf.keep([state])


def _landed_files(landing: Landing, pages: Sequence[LandedPage], stream: FileStream) -> Iterator[LandedFile]:
    """Files in the order landed; of a complete stream, none that cannot be read as declared if a later one has rows.

    That is the file of a run that was refused for it: what is in the corrected one, it need not say.
    """
    last = max((place for place, page in enumerate(pages) if page.records), default=0) if stream.complete else 0
    for place, page in enumerate(pages):
        try:
            rows = landed_rows(landing, page, stream)
        except FileUnreadableError:
            if place < last:
                continue
            raise
        whole = is_whole(stream, records=page.records, rejected=page.rejected)
        yield LandedFile(rows=rows.lazy(), location=_place(page), is_whole=whole)


def _kept(
    texts: Iterable[pl.DataFrame], files: pl.DataFrame, heights: Sequence[int], swept_at: str
) -> Iterator[pl.DataFrame]:
    """Versions that stay, part by part: the next `heights` rows of `files` are about the rows of the next text."""
    start = 0
    for text, height in zip(texts, heights, strict=True):
        versions = pl.concat([text, files.slice(start, height)], how="horizontal").filter("stays")
        yield swept(versions, versions["is_gone"], swept_at).select(STATE.names())
        start += height


def _texts(state: StreamState) -> Iterator[pl.DataFrame]:
    """Kept texts (raw, location), in the parts in which they are filed."""
    return (part.select("raw", "location").collect() for part in state.batches(_GROUP_ROWS))


def _texts_of(pages: Iterable[LandedPage]) -> Iterator[pl.DataFrame]:
    """Landed texts as they are kept (raw, location), in the parts in which they are filed."""
    return (lines.with_columns(raw=mend_json(pl.col("raw"))) for lines in _landed(pages))


def _landed(pages: Iterable[LandedPage]) -> Iterator[pl.DataFrame]:
    """Landed lines (raw, location), in order, of some pages at a time."""
    waiting: list[LandedPage] = []
    for page in pages:
        if waiting and sum(one.records for one in waiting) + page.records > _LINES_AT_ONCE:
            yield _lines(waiting)
            waiting = []
        waiting.append(page)
    if waiting:
        yield _lines(waiting)


def _lines(pages: Sequence[LandedPage]) -> pl.DataFrame:
    """The records of landed pages, one text each, with where they stand."""
    places = {str(page.path): f"{_place(page)}:" for page in pages}
    lines = pl.scan_lines(list(places), name="raw", include_file_paths="path", glob=False).collect()
    number = pl.int_range(1, pl.len() + 1).over("path")
    return lines.select("raw", location=pl.concat_str(pl.col("path").replace_strict(places), number))


def _place(page: LandedPage) -> str:
    return f"{page.run_id}/{'' if page.path is None else page.path.name}"


def _save(state: Iterable[pl.DataFrame], path: Path) -> None:
    """Write durably: temporary name, fsync, rename, fsync of the folder."""
    make_folder(path.parent)
    temporary = path.with_suffix(_UNFINISHED)
    crash_point("state.before_save")
    try:
        with open(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, FILE_MODE), "wb") as file:  # noqa: PTH123 - opened by descriptor, for the mode
            _write(state, file)
            file.flush()
            os.fsync(file.fileno())
        temporary.rename(path)
        sync_folder(path.parent)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise LandingError(
            f"{path}: the state could not be written ({error.strerror or error}). Free some room, run again."
        ) from error
    crash_point("state.after_save")


def _write(state: Iterable[pl.DataFrame], file: BinaryIO) -> None:
    """Write the rows as Parquet; no more than a group of them is held."""
    with pq.ParquetWriter(
        file,
        _arrow(pl.DataFrame(schema=STATE)).schema,
        compression="zstd",
        compression_level=1,
        use_dictionary=False,
        write_statistics=False,
    ) as writer:
        waiting = pl.DataFrame(schema=STATE)
        for part in state:
            waiting = pl.concat([waiting, part])
            while waiting.height >= _GROUP_ROWS:
                writer.write_table(_arrow(waiting.head(_GROUP_ROWS)))
                waiting = waiting.slice(_GROUP_ROWS)
        writer.write_table(_arrow(waiting))


def _arrow(rows: pl.DataFrame) -> pa.Table:
    # In one piece: the parts that rows came in would show in the bytes of the file.
    return rows.rechunk().to_arrow(compat_level=pl.CompatLevel.oldest())


def forget_old_states(folder: Path, named: Mapping[tuple[str, str], str | None]) -> int:
    """Remove, after a publication, the state files of these streams but those it names; give how many. Landing stays.

    `named` has the version that the warehouse points to by source and stream; null where it points to none. What a run
    that was killed had half written goes too.
    """
    stale = [
        path
        for (source, stream), version in named.items()
        for pattern in ("*.parquet", f"*{_UNFINISHED}")
        for path in (folder / source / stream).glob(pattern)
        if path.name != f"{version}.parquet"
    ]
    for path in stale:
        path.unlink(missing_ok=True)
    return len(stale)
