"""Room on disk for what a run computes and does not need in memory at once: a folder of its own, gone with the run."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import polars as pl

from definitions.runtime.disk_space import disk_error, no_room
from flows.orchestration.interruption import at_interruption


@dataclass(slots=True)
class Spill:
    """Parts of frames under a name, each a file; nothing in it outlives the run, so nothing is made durable."""

    folder: Path
    _parts: dict[str, list[Path]] = field(default_factory=dict)

    def add(self, name: str, part: pl.DataFrame) -> None:
        """Put rows beside those the name has."""
        files = self._parts.setdefault(name, [])
        path = self.folder / f"{name}.{len(files):06d}.parquet"
        try:
            part.write_parquet(path, compression="lz4", statistics=False)
        except (OSError, pl.exceptions.ComputeError) as error:
            if (full := no_room(error)) is None:
                raise
            # What it takes in memory is more than enough.
            needed = int(part.estimated_size())
            raise disk_error("write rows that the computation needs later", path, full, needed) from None
        files.append(path)

    def scan(self, name: str) -> pl.LazyFrame:
        """All rows of a name, in the order they came; a name that nothing was added to is a mistake of the caller."""
        return pl.scan_parquet(self._parts[name], glob=False)


@contextmanager
def spilling(folder: Path) -> Iterator[Spill]:
    """Make room in `folder`, readable by its owner alone, and give it back at the end. What a dead run left goes too.

    One run at a time may use the folder: the caller holds the run lock.
    """
    for left in folder.iterdir():
        shutil.rmtree(left)
    try:
        own = tempfile.mkdtemp(dir=folder, prefix="run-")
    except OSError as error:
        raise disk_error("make a folder", folder, error, None) from None
    remove = partial(shutil.rmtree, own, ignore_errors=True)
    try:
        with at_interruption(remove):
            yield Spill(Path(own))
    finally:
        # What cannot be removed goes with the next run.
        remove()
