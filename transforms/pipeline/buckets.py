"""Buckets: rows of several tables, split once by a hash of the entity they are about, and read one bucket at a time.

All rows about one entity are in the bucket of its id, whatever the table, so a bucket is computed without the others:
each row is written once and read once, however many entities there are.
"""

from dataclasses import dataclass
from typing import Protocol

import polars as pl
from polars_hash import NonCryptographicHashingNameSpace


class Store(Protocol):
    """Disk space of one run for rows that it does not need in memory at once; `flows.home.spill` is one."""

    def split(self, name: str, rows: pl.LazyFrame, bucket: pl.Expr) -> None:
        """Write rows, each to the bucket whose number `bucket` gives; a name is split once."""

    def bucket(self, name: str, number: int) -> pl.LazyFrame:
        """Give the rows of one bucket, in no particular order; a bucket that got no row is empty."""


@dataclass(frozen=True, slots=True)
class Buckets:
    """Tables in a store, split into `count` buckets by the id of the entity that a row is about."""

    store: Store
    count: int

    def split(self, table: str, rows: pl.LazyFrame, by: pl.Expr) -> None:
        """Split a table by an id, which is never null; a table is split once."""
        self.store.split(table, rows, bucket_of(by, self.count))

    def read(self, table: str, number: int) -> pl.LazyFrame:
        """Give the rows of one bucket, in no particular order."""
        return self.store.bucket(table, number)


def buckets_for(entities: int, per_bucket: int) -> int:
    """Give how many buckets hold so many entities each, on average; at least one.

    >>> [buckets_for(entities, 60_000) for entities in (0, 60_000, 60_001)]
    [1, 1, 2]
    """
    return max(1, -(-entities // per_bucket))


def bucket_of(entity_id: pl.Expr, count: int) -> pl.Expr:
    """Number of an id's bucket, from 0 on: its XXH3 hash modulo `count`, the same in every process."""
    return (NonCryptographicHashingNameSpace(entity_id).xxh3_64() % count).cast(pl.UInt32)
