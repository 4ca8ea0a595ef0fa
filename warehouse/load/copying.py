"""Copying of rows into `staging`: a short queue of batches, copied over a few connections while more are computed."""

import threading
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import polars as pl
import sqlalchemy as sa
from adbc_driver_postgresql import dbapi

from warehouse.connect import bulk_connections
from warehouse.limits import LOCK_SECONDS

Frame = pl.DataFrame | pl.LazyFrame

# 200,000 rows of 79 columns took 1.4 s with two connections and 20,000 rows a batch, 3.3 s with one; client and server
# each keep a core busy. Larger batches cost memory, smaller ones time.
_CONNECTIONS = 2
_BATCH_ROWS = 20_000
# Queued batches besides those being copied: enough that no connection idles, few enough to bound the memory.
_WAITING = 2


class Loader:
    """Copies batches of rows; one thread calls `put`, one per connection copies. Use it by `loading`."""

    __slots__ = ("_batches", "_changed", "_failure", "_is_closed", "_pool")

    def __init__(self, connections: Sequence[dbapi.Connection]) -> None:
        self._batches: deque[tuple[str, pl.DataFrame]] = deque()
        self._changed = threading.Condition()
        self._is_closed = False
        self._failure: BaseException | None = None
        self._pool = ThreadPoolExecutor(len(connections), thread_name_prefix="staging")
        for connection in connections:
            self._pool.submit(self._copy, connection)

    def put(self, table: str, frame: Frame) -> int:
        """Queue the rows as fast as they are copied, and return their number; lazy frames are collected meanwhile.

        Raises the error that stopped a connection, for any earlier rows.
        """
        rows = 0
        for batch in _batches(frame):
            rows += batch.height
            with self._changed:
                self._changed.wait_for(lambda: self._is_closed or len(self._batches) < _WAITING)
                if self._failure is not None:
                    raise self._failure
                if self._is_closed:
                    raise RuntimeError("rows were given to a loader that is closed")
                self._batches.append((table, batch))
                self._changed.notify_all()
        return rows

    def finish(self) -> None:
        """Wait until all rows are copied; raises the error that stopped a connection. Safe to repeat."""
        self._close()
        self._pool.shutdown()
        if self._failure is not None:
            raise self._failure

    def abandon(self) -> None:
        """Drop queued batches, and wait until no connection copies."""
        self._close(drop=True)
        self._pool.shutdown()

    def _copy(self, connection: dbapi.Connection) -> None:
        try:
            with connection.cursor() as cursor:
                cursor.execute(f"SET lock_timeout TO '{LOCK_SECONDS:g}s'")
                for table, rows in iter(self._take, None):
                    cursor.adbc_ingest(table, rows, mode="append", db_schema_name="staging")
                    connection.commit()
                    # While a connection waits, it must not keep the frame that these rows are a slice of.
                    del rows
        except BaseException as error:  # raised again by `put` or `finish`
            self._close(drop=True, failure=error)

    def _take(self) -> tuple[str, pl.DataFrame] | None:
        """Wait for the next batch; return None at the end."""
        with self._changed:
            self._changed.wait_for(lambda: self._is_closed or len(self._batches) > 0)
            batch = self._batches.popleft() if self._batches else None
            self._changed.notify_all()
            return batch

    def _close(self, *, drop: bool = False, failure: BaseException | None = None) -> None:
        with self._changed:
            self._is_closed = True
            self._failure = self._failure or failure
            if drop:
                self._batches.clear()
            self._changed.notify_all()


@contextmanager
def loading(engine: sa.Engine, *, connections: int = _CONNECTIONS) -> Iterator[Loader]:
    """Yield a loader whose rows are all copied when the block ends; an error in the block stops it."""
    with bulk_connections(engine, connections) as open_connections:
        loader = Loader(open_connections)
        try:
            yield loader
            loader.finish()
        except BaseException:
            loader.abandon()
            raise


def _batches(frame: Frame) -> Iterator[pl.DataFrame]:
    slices: Iterable[pl.DataFrame]
    if isinstance(frame, pl.DataFrame):
        slices = frame.iter_slices(_BATCH_ROWS)
    else:
        slices = frame.collect_batches(chunk_size=_BATCH_ROWS, maintain_order=False)
    return (rows for rows in slices if rows.height)
