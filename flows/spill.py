"""Room on disk for what a run computes and does not need in memory at once: a folder of its own, gone with the run."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl


@dataclass(slots=True)
class Spill:
    """Parts of frames under a name, each a file; nothing in it outlives the run, so nothing is made durable."""

    folder: Path
    _parts: dict[str, list[Path]] = field(default_factory=dict)

    def add(self, name: str, part: pl.DataFrame) -> None:
        """Put rows beside those the name has."""
        files = self._parts.setdefault(name, [])
        path = self.folder / f"{name}.{len(files):06d}.parquet"
        part.write_parquet(path, compression="lz4", statistics=False)
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
    with tempfile.TemporaryDirectory(dir=folder, prefix="run-") as own:
        yield Spill(Path(own))
