"""Hash buckets: rows of several tables, partitioned on disk by the id of their entity and read one bucket at a time.

All rows of one entity are in the bucket of its id, whatever the table, so that a bucket is computed without the others.
Each row is written once and read once, however many entities there are.
"""

from dataclasses import dataclass
from typing import Protocol

import polars as pl
from polars_hash import NonCryptographicHashingNameSpace


class Store(Protocol):
    """Disk space of one run for rows that are not in memory; implemented by `flows.home.spill`."""

    def split(self, name: str, rows: pl.LazyFrame, bucket: pl.Expr) -> None:
        """Write each row to the bucket whose number is `bucket`; a name is split once."""

    def bucket(self, name: str, number: int) -> pl.LazyFrame:
        """Return the rows of one bucket, in no particular order; a bucket without rows is an empty frame."""


@dataclass(frozen=True, slots=True)
class Buckets:
    """Tables in a store, split into `count` buckets by the id of the entity of each row."""

    store: Store
    count: int

    def split(self, table: str, rows: pl.LazyFrame, by: pl.Expr) -> None:
        """Split a table by an id, which is never null; a table is split once."""
        self.store.split(table, rows, bucket_of(by, self.count))

    def read(self, table: str, number: int) -> pl.LazyFrame:
        """Return the rows of one bucket, in no particular order."""
        return self.store.bucket(table, number)


def buckets_for(entities: int, per_bucket: int) -> int:
    """Return the number of buckets of `per_bucket` entities each, on average; at least 1.

    >>> [buckets_for(entities, 60_000) for entities in (0, 60_000, 60_001)]
    [1, 1, 2]
    """
    return max(1, -(-entities // per_bucket))


def bucket_of(entity_id: pl.Expr, count: int) -> pl.Expr:
    """Compile the bucket number of an id, from 0: its XXH3 hash modulo `count`, the same in every process."""
    return (NonCryptographicHashingNameSpace(entity_id).xxh3_64() % count).cast(pl.UInt32)
