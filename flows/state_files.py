"""State on disk: an immutable Parquet file per stream and run, folded from the pages landed since the last one."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from connectors.durable import make_folder
from connectors.files import is_whole, landed_rows
from connectors.landed import LandedPage, Rejected
from connectors.landing import Landing
from definitions.crash_points import crash_point
from definitions.errors import LandingError
from definitions.file_stream import FileStream
from transforms.conform.files_versions import LandedFile, folded_files
from transforms.conform.meaning import Meaning
from transforms.sweep import no_longer_listed
from transforms.versions import STATE, Envelope, folded, opened

# A reader that streams holds a few groups at a time: 30 MB each, of wide records.
_GROUP_ROWS = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamState:
    """The records of one stream as a run sees them; `version` is what the publish transaction points to."""

    source: str
    stream: str
    version: str | None
    path: Path | None

    def frame(self) -> pl.LazyFrame:
        """Versions of records, in the columns of `transforms.versions.STATE`."""
        return pl.LazyFrame(schema=STATE) if self.path is None else pl.scan_parquet(self.path)


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
        after = self.last_version or ""
        runs = [run for run in self.landing.run_ids(self.source, self.stream) if run > after]
        return list(self.landing.pages_of(self.source, self.stream, runs))

    def unread_rejected(self) -> list[tuple[str, Rejected]]:
        """Records set aside before landing since the last version, each with the run and file it lies in."""
        after = self.last_version or ""
        runs = [run for run in self.landing.run_ids(self.source, self.stream) if run > after]
        pages = [page for run in runs for page in self.landing.read_manifest(self.source, self.stream, run)]
        return [
            (f"{page.run_id}/{page.rejected_path.name}", record)
            for page in pages
            if page.rejected_path is not None
            for record in self.landing.rejected(page)
        ]

    def unchanged(self) -> StreamState:
        """The state as it was."""
        return StreamState(source=self.source, stream=self.stream, version=self.last_version, path=self.last())

    def keep(self, state: pl.DataFrame) -> StreamState:
        """Write a new version, durably."""
        path = self._path(self.run_id)
        if path is None:
            raise LandingError("a state needs a run to be named after")
        _save(state, path)
        return StreamState(source=self.source, stream=self.stream, version=self.run_id, path=path)

    def _path(self, version: str | None) -> Path | None:
        return None if version is None else self.folder / self.source / self.stream / f"{version}.parquet"


def fold_pages(
    shelf: Shelf, envelope: Envelope, *, keeps_versions: bool, revives: bool, is_whole: bool = False
) -> StreamState:
    """Fold what a vendor's stream landed since the last version; without anything new the last one stands.

    `is_whole`: this run listed every record the source has, so that one it did not list is gone.
    Raises `LandingError` when the last version is gone or a page no longer matches its checksum.
    """
    pages = shelf.unread()
    if not pages:
        return shelf.unchanged()
    parts = [opened(_lines(shelf.landing.verified(page), _place(page)), envelope) for page in pages]
    listed = [part.select("source_id") for page, part in zip(pages, parts, strict=True) if page.run_id == shelf.run_id]
    if (last := shelf.last()) is not None:
        parts.insert(0, pl.scan_parquet(last))
    state = folded(parts, keeps_versions=keeps_versions, revives=revives)
    # A full listing of nothing is more likely a failed one than a source without records.
    if is_whole and listed and len(listed) < len(parts):
        gone = no_longer_listed(state, pl.concat(listed).collect(), f"{_place(pages[-1])}:0")
        state = folded([state.lazy(), gone.lazy()], keeps_versions=keeps_versions, revives=revives)
    return shelf.keep(state)


def fold_files(shelf: Shelf, stream: FileStream, meaning: Meaning) -> StreamState:
    """Fold the files landed since the last version; a complete file takes away what it no longer holds.

    Raises `LandingError` as `fold_pages`, `FileUnreadableError` where a landed file cannot be read as declared now.
    """
    pages = shelf.unread()
    if not pages:
        return shelf.unchanged()
    # What a later whole file says, an earlier one need not; it may even be unreadable as declared now.
    whole = [
        place for place, page in enumerate(pages) if is_whole(stream, records=page.records, rejected=page.rejected)
    ]
    files = [
        LandedFile(
            rows=landed_rows(shelf.landing, page, stream).lazy(),
            location=_place(page),
            is_whole=is_whole(stream, records=page.records, rejected=page.rejected),
        )
        for page in pages[max(whole, default=0) :]
    ]
    last = shelf.last()
    state = folded_files(
        None if last is None else pl.scan_parquet(last),
        files,
        meaning,
        stream=stream,
        keeps_versions=stream.kind == "opportunity",
    )
    return shelf.keep(state)


def _place(page: LandedPage) -> str:
    return f"{page.run_id}/{'' if page.path is None else page.path.name}"


def _lines(path: Path, location: str) -> pl.LazyFrame:
    """The records of a landed page, one text each, with where they stand."""
    lines = pl.scan_lines(path, name="raw", row_index_name="line", row_index_offset=1)
    return lines.select("raw", location=pl.concat_str(pl.lit(f"{location}:"), pl.col("line").cast(pl.String)))


def _save(state: pl.DataFrame, path: Path) -> None:
    """Write durably: temporary name, fsync, rename, fsync of the folder."""
    make_folder(path.parent)
    temporary = path.with_suffix(".part")
    crash_point("state.before_save")
    try:
        state.write_parquet(
            temporary, compression="zstd", compression_level=3, statistics=False, row_group_size=_GROUP_ROWS
        )
        temporary.chmod(0o600)
        with temporary.open("rb") as handle:
            os.fsync(handle.fileno())
        temporary.rename(path)
    except OSError as error:
        raise LandingError(
            f"{path}: the state could not be written ({error.strerror}). Free some room, run again."
        ) from error
    crash_point("state.after_save")


def forget_old_states(folder: Path, keep: Sequence[StreamState]) -> int:
    """Remove state files that no published version points to, after a publication; give how many. Landing stays."""
    wanted = {state.path for state in keep}
    streams = {(state.source, state.stream) for state in keep}
    stale = [
        path
        for source, stream in streams
        for path in (folder / source / stream).glob("*.parquet")
        if path not in wanted
    ]
    for path in stale:
        path.unlink(missing_ok=True)
    return len(stale)
