"""State files: one immutable Parquet file per stream and version, named by its checksum and verified before use."""

import hashlib
import os
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from connectors.landing.durable import FILE_MODE, make_folder, sync_folder
from definitions.runtime.crash_points import crash_point
from definitions.runtime.disk_space import disk_error
from transforms.frames import in_slices
from transforms.state.flags import FLAG_HISTORY
from transforms.state.versions import STATE

# A streaming reader holds a few groups at a time: 30 MB each, of wide records.
GROUP_ROWS = 20_000
RETAINED_STATES = 3
_UNFINISHED = ".part"
_DIGITS = 16
_VERSION = re.compile(rf"(?P<run>.+?)(?:-(?P<digest>[0-9a-f]{{{_DIGITS}}}))?")


def run_of(version: str | None) -> str | None:
    """Return the run up to which a version includes landed records; null for no version.

    >>> run_of("000042-20261122T031500Z-0123456789abcdef")
    '000042-20261122T031500Z'
    >>> run_of("000042-20261122T031500Z")
    '000042-20261122T031500Z'
    """
    found = None if version is None else _VERSION.fullmatch(version)
    return None if found is None else found["run"]


def _digest_of(version: str) -> str | None:
    """Return the first digits of the SHA-256 of the file; null in versions of an older Bantam."""
    found = _VERSION.fullmatch(version)
    return None if found is None else found["digest"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepFindings:
    """What a run's part of a sweep found: records that no listing of changes had shown, and records that are gone."""

    late: int
    deleted: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamState:
    """State of one stream in a run; `version` is the one that the publish transaction records.

    `swept` is null where the run swept nothing of the stream.
    """

    source: str
    stream: str
    version: str | None
    path: Path | None
    swept: SweepFindings | None = None

    def frame(self) -> pl.LazyFrame:
        """Scan versions of records in columns of `STATE`; a column that an older release did not write is null."""
        return pl.LazyFrame(schema=STATE) if self.path is None else _upgraded(self.path)

    def batches(self, rows: int = 100_000) -> Iterator[pl.LazyFrame]:
        """Yield the same in contiguous slices of so many rows; an empty state yields one empty slice."""
        return in_slices(self.frame(), rows)


def _upgraded(path: Path) -> pl.LazyFrame:
    """Read a state; an older Bantam marked tombstones of a listing by a location that ends in `:0`."""
    state = pl.scan_parquet(path, glob=False, schema=STATE, missing_columns="insert")
    if "unlisted_by" in pq.read_schema(path).names:
        return state
    location = pl.col("location").str.strip_suffix(":0")
    is_unlisted = pl.col("location").str.ends_with(":0")
    run_id = location.str.split("/").list.first()
    return state.with_columns(location=location, unlisted_by=pl.when(is_unlisted).then(run_id))


def state_path(folder: Path, source: str, stream: str, version: str) -> Path:
    """Return the path of a version of a stream's state."""
    return folder / source / stream / f"{version}.parquet"


def damage_of_state(path: Path) -> str | None:
    """Return what is wrong with a state file; None if its bytes match the checksum in its name.

    A file that an older Bantam wrote has no checksum: it is only read completely, so that a changed value may pass.
    """
    digest = _digest_of(path.stem)
    try:
        if digest is not None:
            return None if _digits(path) == digest else "does not match its checksum"
        for _ in pq.ParquetFile(path).iter_batches(batch_size=GROUP_ROWS):
            pass
    except FileNotFoundError:
        return "is missing"
    except (OSError, pa.ArrowException) as error:
        return f"cannot be read ({getattr(error, 'strerror', None) or type(error).__name__})"
    return None


def lacks_flag_history(path: Path) -> bool:
    """Return whether an older Bantam wrote the file, without the time since when a flag is set."""
    return not {*FLAG_HISTORY} <= {*pq.read_schema(path).names}


def intact_version(folder: Path, source: str, stream: str, version: str) -> str | None:
    """Return the version, or another one of the same run, whose file is intact; None if there is none.

    Another file of the same run has the same rows: it was rebuilt with a library that writes other bytes.
    """
    path = state_path(folder, source, stream, version)
    others = sorted(path.parent.glob(f"{run_of(version)}-*.parquet"))
    candidates = [path, *(other for other in others if other != path and _digest_of(other.stem) is not None)]
    return next((found.stem for found in candidates if damage_of_state(found) is None), None)


def save_state(state: Iterable[pl.DataFrame], folder: Path, run_id: str, *, needed_bytes: int) -> Path:
    """Write batches of rows durably (temporary name, fsync, rename, fsync of the folder) and return the path.

    The name is run and checksum. `needed_bytes` estimates the size of the file, for the message. Raises `LandingError`.
    """
    make_folder(folder)
    temporary = folder / f"{run_id}{_UNFINISHED}"
    crash_point("state.before_save")
    try:
        with open(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, FILE_MODE), "wb") as file:  # noqa: PTH123 - opened by descriptor, for the mode
            _write(state, file)
            file.flush()
            os.fsync(file.fileno())
        path = folder / f"{run_id}-{_digits(temporary)}.parquet"
        temporary.rename(path)
        sync_folder(folder)
    except OSError as error:
        written = temporary.stat().st_size if temporary.exists() else 0
        temporary.unlink(missing_ok=True)
        raise disk_error("write the state", temporary, error, max(needed_bytes, written)) from error
    crash_point("state.after_save")
    return path


def _digits(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:_DIGITS]


def _write(state: Iterable[pl.DataFrame], file: BinaryIO) -> None:
    """Write the rows as Parquet; at most one row group and one batch are in memory."""
    with pq.ParquetWriter(
        file,
        _arrow(pl.DataFrame(schema=STATE)).schema,
        compression="zstd",
        compression_level=1,
        use_dictionary=False,
        write_statistics=False,
    ) as writer:
        buffered = pl.DataFrame(schema=STATE)
        for batch in state:
            buffered = pl.concat([buffered, batch])
            while buffered.height >= GROUP_ROWS:
                writer.write_table(_arrow(buffered.head(GROUP_ROWS)))
                buffered = buffered.slice(GROUP_ROWS)
        writer.write_table(_arrow(buffered))


def _arrow(rows: pl.DataFrame) -> pa.Table:
    # One chunk: otherwise the bytes of the file would depend on the batches.
    return rows.rechunk().to_arrow(compat_level=pl.CompatLevel.oldest())


def versions_in_use(
    before: Mapping[tuple[str, str], str | None],
    states: Iterable[StreamState],
    pulled: Collection[tuple[str, str]],
) -> dict[tuple[str, str], str | None]:
    """Return the state version of each stream to record in the warehouse; one that was not pulled keeps `before`.

    Pages that a failed run landed of such a stream are then compacted again, until a pull moves the cursor past them.
    """
    versions = {(state.source, state.stream): state.version for state in states}
    return {key: version if key in pulled else before.get(key) for key, version in versions.items()}


def forget_old_states(folder: Path, named: Mapping[tuple[str, str], str | None]) -> int:
    """Remove, after a publication, all but the last three state files of these streams; return how many.

    `named` has the version in the warehouse by source and stream; null if it has none. That one and the two before it
    remain, so that a warehouse restored from yesterday's backup finds its states. Unfinished files of killed runs are
    removed too.
    """
    stale = [path for key, version in named.items() for path in _stale(folder.joinpath(*key), version)]
    for path in stale:
        path.unlink(missing_ok=True)
    return len(stale)


def _stale(folder: Path, version: str | None) -> Iterator[Path]:
    yield from folder.glob(f"*{_UNFINISHED}")
    last = run_of(version) or ""
    older = sorted((path for path in folder.glob("*.parquet") if (run_of(path.stem) or "") < last), reverse=True)
    retained = {f"{version}.parquet", *(path.name for path in older[: RETAINED_STATES - 1])}
    yield from (path for path in folder.glob("*.parquet") if path.name not in retained)
