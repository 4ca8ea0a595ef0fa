"""State on disk: one immutable Parquet file per stream and version, named by its checksum and verified before use."""

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

# A reader that streams holds a few groups at a time: 30 MB each, of wide records.
GROUP_ROWS = 20_000
KEPT_STATES = 3
_UNFINISHED = ".part"
_DIGITS = 16
_VERSION = re.compile(rf"(?P<run>.+?)(?:-(?P<digest>[0-9a-f]{{{_DIGITS}}}))?")


def run_of(version: str | None) -> str | None:
    """The run up to which a version holds what was landed; null for no version.

    >>> run_of("000042-20261122T031500Z-0123456789abcdef")
    '000042-20261122T031500Z'
    >>> run_of("000042-20261122T031500Z")
    '000042-20261122T031500Z'
    """
    found = None if version is None else _VERSION.fullmatch(version)
    return None if found is None else found["run"]


def _digest_of(version: str) -> str | None:
    """First digits of the SHA-256 of the file; null in versions that an older Bantam wrote."""
    found = _VERSION.fullmatch(version)
    return None if found is None else found["digest"]


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamState:
    """The records of one stream as a run sees them; `version` is what the publish transaction points to."""

    source: str
    stream: str
    version: str | None
    path: Path | None

    def frame(self) -> pl.LazyFrame:
        """Versions of records, as `transforms.state.versions.STATE`; a column an older release did not keep is null."""
        return pl.LazyFrame(schema=STATE) if self.path is None else _upgraded(self.path)

    def batches(self, rows: int = 100_000) -> Iterator[pl.LazyFrame]:
        """Read the same in contiguous slices of so many rows, each by itself; one, without a row, of an empty state."""
        return in_slices(self.frame(), rows)


def _upgraded(path: Path) -> pl.LazyFrame:
    """Read a state; an older Bantam told of a tombstone of a listing by a location that ends in `:0`."""
    state = pl.scan_parquet(path, glob=False, schema=STATE, missing_columns="insert")
    if "unlisted_by" in pq.read_schema(path).names:
        return state
    place = pl.col("location").str.strip_suffix(":0")
    is_unlisted = pl.col("location").str.ends_with(":0")
    return state.with_columns(location=place, unlisted_by=pl.when(is_unlisted).then(place.str.split("/").list.first()))


def state_path(folder: Path, source: str, stream: str, version: str) -> Path:
    """Where a version of a stream's state lies."""
    return folder / source / stream / f"{version}.parquet"


def damage_of_state(path: Path) -> str | None:
    """Say what is wrong with a state file; None where its bytes are those that its name tells of.

    A file that an older Bantam wrote has no checksum: it is read once, whole, and may hold a change that shows nowhere.
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
    """Whether an older Bantam wrote the file, before states kept since when a flag is set."""
    return not {*FLAG_HISTORY} <= {*pq.read_schema(path).names}


def intact_version(folder: Path, source: str, stream: str, version: str) -> str | None:
    """The version, or another file of the same run, whose bytes are right; None where there is none.

    Another file of the same run holds the same rows: it was made again, by a library that writes other bytes.
    """
    path = state_path(folder, source, stream, version)
    others = sorted(path.parent.glob(f"{run_of(version)}-*.parquet"))
    candidates = [path, *(other for other in others if other != path and _digest_of(other.stem) is not None)]
    return next((found.stem for found in candidates if damage_of_state(found) is None), None)


def save_state(state: Iterable[pl.DataFrame], folder: Path, run_id: str, *, needed_bytes: int) -> Path:
    """Write rows, which come part by part, durably: temporary name, fsync, rename, fsync of the folder; give the path.

    The name is run and checksum. `needed_bytes` is about what the file takes, for the message. Raises `LandingError`.
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
            while waiting.height >= GROUP_ROWS:
                writer.write_table(_arrow(waiting.head(GROUP_ROWS)))
                waiting = waiting.slice(GROUP_ROWS)
        writer.write_table(_arrow(waiting))


def _arrow(rows: pl.DataFrame) -> pa.Table:
    # In one piece: the parts that rows came in would show in the bytes of the file.
    return rows.rechunk().to_arrow(compat_level=pl.CompatLevel.oldest())


def versions_in_use(
    before: Mapping[tuple[str, str], str | None],
    states: Iterable[StreamState],
    pulled: Collection[tuple[str, str]],
) -> dict[tuple[str, str], str | None]:
    """The state of each stream that the warehouse names after a run: a cursor that did not move names the one `before`.

    What a failed run landed of such a stream is then folded again, until a pull takes the cursor past it.
    """
    versions = {(state.source, state.stream): state.version for state in states}
    return {place: version if place in pulled else before.get(place) for place, version in versions.items()}


def forget_old_states(folder: Path, named: Mapping[tuple[str, str], str | None]) -> int:
    """Remove, after a publication, the state files of these streams but the last three; give how many. Landing stays.

    `named` has the version that the warehouse points to by source and stream; null where it points to none. It and the
    two before it stay: a warehouse that is restored from a backup of yesterday finds its states. What a run that was
    killed had half written goes too.
    """
    stale = [path for place, version in named.items() for path in _stale(folder.joinpath(*place), version)]
    for path in stale:
        path.unlink(missing_ok=True)
    return len(stale)


def _stale(folder: Path, version: str | None) -> Iterator[Path]:
    yield from folder.glob(f"*{_UNFINISHED}")
    last = run_of(version) or ""
    older = sorted((path for path in folder.glob("*.parquet") if (run_of(path.stem) or "") < last), reverse=True)
    kept = {f"{version}.parquet", *(path.name for path in older[: KEPT_STATES - 1])}
    yield from (path for path in folder.glob("*.parquet") if path.name not in kept)
