"""Rows on their way into `staging`: a short queue of batches, copied over a few connections while more are made."""

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
# Waiting beside those being copied: enough that no connection waits for the next, few enough to bound the memory.
_WAITING = 2


class Loader:
    """Copies what it is given; one thread gives, one for each connection copies. Use it by `loading`."""

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
        """Hand the rows over, as fast as they are copied, and give their number; lazy frames are collected meanwhile.

        Raises what stopped a connection, whatever it was copying.
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
        """Wait until all is copied; raise what stopped a connection. Safe to repeat."""
        self._close()
        self._pool.shutdown()
        if self._failure is not None:
            raise self._failure

    def abandon(self) -> None:
        """Drop what waits, and return when no connection copies any more."""
        self._close(drop=True)
        self._pool.shutdown()

    def _copy(self, connection: dbapi.Connection) -> None:
        try:
            with connection.cursor() as cursor:
                cursor.execute(f"SET lock_timeout TO '{LOCK_SECONDS:g}s'")
                for table, rows in iter(self._take, None):
                    cursor.adbc_ingest(table, rows, mode="append", db_schema_name="staging")
                    connection.commit()
                    # While it waits for more, a connection must not keep the part that these are a slice of.
                    del rows
        except BaseException as error:  # raised again where rows are given or the end is waited for
            self._close(drop=True, failure=error)

    def _take(self) -> tuple[str, pl.DataFrame] | None:
        """Wait for the next batch; None when there will be none."""
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
    """Give a loader whose rows are all copied when the block ends; an error in the block stops it."""
    with bulk_connections(engine, connections) as opened:
        loader = Loader(opened)
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
