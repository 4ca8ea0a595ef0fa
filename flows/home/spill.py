"""Room on disk for what a run computes and does not need in memory at once: a folder of its own, gone with the run."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Final

import polars as pl

from definitions.runtime.disk_space import disk_error, no_room
from flows.orchestration.interruption import at_interruption

_FORMAT: Final[dict[str, Any]] = {"compression": "lz4", "statistics": False}
# Rows of a bucket that are held before they are written: with hundreds of buckets this bounds the memory.
_HELD_ROWS = 8_192
_ACTION = "write rows that the computation needs later"


@dataclass(slots=True)
class Spill:
    """Rows on disk under a name: in parts as they were added, or split into buckets. Nothing in it outlives the run."""

    folder: Path
    _parts: dict[str, list[Path]] = field(default_factory=dict)
    _split: dict[str, pl.Schema] = field(default_factory=dict)

    def add(self, name: str, part: pl.DataFrame) -> None:
        """Put rows beside those the name has."""
        files = self._parts.setdefault(name, [])
        path = self.folder / f"{name}.{len(files):06d}.parquet"
        # What it takes in memory is more than enough.
        with _told_of_a_full_disk(path, int(part.estimated_size())):
            part.write_parquet(path, **_FORMAT)
        files.append(path)

    def scan(self, name: str) -> pl.LazyFrame:
        """All rows of a name, in the order they came; a name that nothing was added to is a mistake of the caller."""
        return pl.scan_parquet(self._parts[name], glob=False)

    def split(self, name: str, rows: pl.LazyFrame, bucket: pl.Expr) -> None:
        """Write rows, each to the bucket whose number `bucket` gives, in one pass and never held as a whole.

        Raises `ValueError` where a row has no bucket: nobody would read it.
        """
        by_bucket = pl.PartitionBy(self._buckets(name), key={"bucket": bucket}, include_key=False)
        with _told_of_a_full_disk(self._buckets(name), None):
            rows.sink_parquet(by_bucket, **_FORMAT, row_group_size=_HELD_ROWS, maintain_order=False, mkdir=True)
        if self._bucket(name, None).exists():
            raise ValueError(f"{name}: a row has no bucket")
        self._split[name] = rows.collect_schema()

    def bucket(self, name: str, number: int) -> pl.LazyFrame:
        """Rows of one bucket, in no particular order; a bucket that got no row is empty."""
        files = sorted(self._bucket(name, number).glob("*.parquet"))
        return pl.scan_parquet(files, glob=False) if files else pl.LazyFrame(schema=self._split[name])

    def _buckets(self, name: str) -> Path:
        return self.folder / f"{name}.buckets"

    def _bucket(self, name: str, number: int | None) -> Path:
        """Folder of a bucket as Polars names it."""
        return self._buckets(name) / f"bucket={'__HIVE_DEFAULT_PARTITION__' if number is None else number}"


@contextmanager
def _told_of_a_full_disk(path: Path, needed: int | None) -> Iterator[None]:
    try:
        yield
    except (OSError, pl.exceptions.ComputeError) as error:
        if (full := no_room(error)) is None:
            raise
        raise disk_error(_ACTION, path, full, needed) from None


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
