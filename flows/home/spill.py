"""Spill: intermediate rows of a run on disk, in a folder that is removed with the run."""

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
# Rows of a bucket that are buffered before they are written: with hundreds of buckets this bounds the memory.
_BUFFERED_ROWS = 8_192
_ACTION = "write rows that the computation needs later"


@dataclass(slots=True)
class Spill:
    """Rows on disk by name: in parts as they were added, or split into buckets; removed at the end of the run."""

    folder: Path
    _parts: dict[str, list[Path]] = field(default_factory=dict)
    _split: dict[str, pl.Schema] = field(default_factory=dict)

    def add(self, name: str, part: pl.DataFrame) -> None:
        """Append rows to a name."""
        files = self._parts.setdefault(name, [])
        path = self.folder / f"{name}.{len(files):06d}.parquet"
        # The size in memory is an upper bound.
        with _typed_disk_errors(path, int(part.estimated_size())):
            part.write_parquet(path, **_FORMAT)
        files.append(path)

    def scan(self, name: str) -> pl.LazyFrame:
        """Scan all rows of a name, in the order they were added. Raises `KeyError` if nothing was added."""
        return pl.scan_parquet(self._parts[name], glob=False)

    def split(self, name: str, rows: pl.LazyFrame, bucket: pl.Expr) -> None:
        """Stream rows to buckets, each to the one whose number `bucket` computes, in one pass.

        Raises `ValueError` if the bucket of a row is null: the row would never be read.
        """
        by_bucket = pl.PartitionBy(self._buckets(name), key={"bucket": bucket}, include_key=False)
        with _typed_disk_errors(self._buckets(name), None):
            rows.sink_parquet(by_bucket, **_FORMAT, row_group_size=_BUFFERED_ROWS, maintain_order=False, mkdir=True)
        if self._bucket(name, None).exists():
            raise ValueError(f"{name}: a row has no bucket")
        self._split[name] = rows.collect_schema()

    def bucket(self, name: str, number: int) -> pl.LazyFrame:
        """Scan the rows of one bucket, in no particular order; a bucket without rows is empty."""
        files = sorted(self._bucket(name, number).glob("*.parquet"))
        return pl.scan_parquet(files, glob=False) if files else pl.LazyFrame(schema=self._split[name])

    def _buckets(self, name: str) -> Path:
        return self.folder / f"{name}.buckets"

    def _bucket(self, name: str, number: int | None) -> Path:
        """Return the folder of a bucket, as Polars names it."""
        return self._buckets(name) / f"bucket={'__HIVE_DEFAULT_PARTITION__' if number is None else number}"


@contextmanager
def _typed_disk_errors(path: Path, needed: int | None) -> Iterator[None]:
    try:
        yield
    except (OSError, pl.exceptions.ComputeError) as error:
        if (full := no_room(error)) is None:
            raise
        raise disk_error(_ACTION, path, full, needed) from None


@contextmanager
def spilling(folder: Path) -> Iterator[Spill]:
    """Yield a spill in `folder`, readable by its owner alone, and remove it at the end; first remove older ones.

    One run at a time may use the folder: the caller holds the run lock.
    """
    for leftover in folder.iterdir():
        shutil.rmtree(leftover)
    try:
        own = tempfile.mkdtemp(dir=folder, prefix="run-")
    except OSError as error:
        raise disk_error("make a folder", folder, error, None) from None
    remove = partial(shutil.rmtree, own, ignore_errors=True)
    try:
        with at_interruption(remove):
            yield Spill(Path(own))
    finally:
        # Files that cannot be removed are removed by the next run.
        remove()
