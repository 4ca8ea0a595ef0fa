"""State on disk: one immutable Parquet file per stream and run, folded from the landed pages not yet in the last one."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from connectors.landing import Landing
from definitions.crash_points import crash_point
from definitions.errors import LandingError
from transforms.versions import STATE, Envelope, folded, opened


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


def fold_state(
    folder: Path,
    landing: Landing,
    *,
    source: str,
    stream: str,
    envelope: Envelope,
    keeps_versions: bool,
    run_id: str,
    last_version: str | None,
) -> StreamState:
    """Fold what landed since `last_version` into it; without anything new the last one stands.

    Pages of a run that died before it published are folded too: they are landed, so they are true.
    Raises `LandingError` when the last version's file is gone or a page no longer matches its checksum.
    """
    last = _path(folder, source, stream, last_version)
    if last is not None and not last.exists():
        message = f"{last}: the state that the warehouse points to is gone. Restore it, or pull the source with --full."
        raise LandingError(message)
    after = last_version or ""
    runs = [run for run in landing.run_ids(source, stream) if run > after]
    pages = list(landing.pages_of(source, stream, runs))
    if not pages:
        return StreamState(source=source, stream=stream, version=last_version, path=last)
    parts = [opened(_lines(landing.verified(page), f"{page.run_id}/{_name(page.path)}"), envelope) for page in pages]
    if last is not None:
        parts.insert(0, pl.scan_parquet(last))
    path = folder / source / stream / f"{run_id}.parquet"
    _save(folded(parts, keeps_versions=keeps_versions), path)
    return StreamState(source=source, stream=stream, version=run_id, path=path)


def _lines(path: Path, location: str) -> pl.LazyFrame:
    """The records of a landed page, one text each, with where they stand."""
    lines = pl.scan_lines(path, name="raw", row_index_name="line", row_index_offset=1)
    return lines.select("raw", location=pl.concat_str(pl.lit(f"{location}:"), pl.col("line").cast(pl.String)))


def _name(path: Path | None) -> str:
    return "" if path is None else path.name


def _path(folder: Path, source: str, stream: str, version: str | None) -> Path | None:
    return None if version is None else folder / source / stream / f"{version}.parquet"


def _save(state: pl.DataFrame, path: Path) -> None:
    """Write durably: temporary name, fsync, rename, fsync of the folder."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    temporary = path.with_suffix(".part")
    crash_point("state.before_save")
    try:
        state.write_parquet(temporary, compression="zstd", compression_level=3, statistics=False)
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
