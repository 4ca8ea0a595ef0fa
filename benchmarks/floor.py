"""The least that any program must do: parse the landed bytes once, copy the same rows to PostgreSQL; no logic at all.

Asked as `python -m benchmarks.floor HOME`, where HOME has just been refreshed.
"""

import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Lock

import polars as pl
import sqlalchemy as sa

from benchmarks.measured import Clocks, ServerClock, tell
from connectors.landing.reader import inflate
from connectors.landing.writer import Landing
from definitions.schema.tables import CURATED, Table
from warehouse.columns import staging_type
from warehouse.connect import bulk_connection, engine_for
from warehouse.embedded.server import EmbeddedServer
from warehouse.read.frames import column_of, read
from warehouse.tables import TABLES

BATCH_ROWS = 20_000
CONNECTIONS = 2


def main() -> None:
    """Parse and copy, and say what each took."""
    home = Path(sys.argv[1])
    landing = Landing(home / "landing")
    with EmbeddedServer(home) as server:
        engine = engine_for(server.url)
        clocks = Clocks(ServerClock(home))
        rows = 0
        for stream in sorted(landing.root.glob("*/*")):
            rows += _parsed(landing, stream, clocks)
        with engine.begin() as connection:
            connection.execute(sa.schema.CreateSchema("floor"))
        copied = sum(_copied(engine, table, clocks) for table in CURATED)
        with engine.begin() as connection:
            connection.execute(sa.schema.DropSchema("floor", cascade=True))
        tell({"steps": clocks.steps, **clocks.totals(), "records": rows, "rows": copied})


def _parsed(landing: Landing, stream: Path, clocks: Clocks) -> int:
    """Parse every record of a stream with all its fields. Its shape is found beforehand, off the clock."""
    pages = list(landing.pages_of(stream.parent.name, stream.name, landing.run_ids(stream.parent.name, stream.name)))
    paths = [page.path for page in pages if page.path is not None]
    shape = pl.read_ndjson(inflate(paths[0]), infer_schema_length=None).schema
    schema = {name: _known(dtype) for name, dtype in shape.items()}
    with clocks.step("parsing"):
        return pl.scan_ndjson(paths, schema=schema).collect().height


def _known(dtype: pl.DataType) -> pl.DataType:
    """Text where the first page held nulls only."""
    if isinstance(dtype, pl.Struct):
        return pl.Struct({field.name: _known(field.dtype) for field in dtype.fields})
    if isinstance(dtype, pl.List):
        return pl.List(_known(dtype.inner))
    return pl.String() if isinstance(dtype, pl.Null) else dtype


def _copied(engine: sa.Engine, table: Table, clocks: Clocks) -> int:
    """Copy the published rows of a table into a plain unlogged one."""
    published = TABLES[table.name]
    frame = read(engine, sa.select(*(column_of(published, field) for field in table.columns)), table.columns)
    bare = (sa.Column(field.name, staging_type(field)) for field in table.columns)
    with engine.begin() as connection:
        sa.Table(table.name, sa.MetaData(), *bare, schema="floor", prefixes=["UNLOGGED"]).create(connection)
    batches, lock = frame.iter_slices(BATCH_ROWS), Lock()
    with clocks.step("copying"), ThreadPoolExecutor(CONNECTIONS) as pool:
        for done in [pool.submit(_copy, engine, table.name, batches, lock) for _ in range(CONNECTIONS)]:
            done.result()
    return frame.height


def _copy(engine: sa.Engine, name: str, batches: Iterator[pl.DataFrame], lock: Lock) -> None:
    with bulk_connection(engine) as connection, connection.cursor() as cursor:
        while True:
            with lock:
                rows = next(batches, None)
            if rows is None:
                return
            if rows.height:
                cursor.adbc_ingest(name, rows, mode="append", db_schema_name="floor")


if __name__ == "__main__":
    main()
