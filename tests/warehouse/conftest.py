"""A fresh database for each test, and frames that keep the contracts."""

import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import polars as pl
import pytest
import sqlalchemy as sa

from definitions.agreement.load import load_definitions
from definitions.polars_types import schema_of
from definitions.run_context import RunContext
from definitions.schema.column import Column, Kind
from definitions.schema.tables import CURATED, Table
from tests.databases import drop_database, new_database
from tests.warehouse.staged import stage
from warehouse.connect import engine_for
from warehouse.embedded.server import EmbeddedServer
from warehouse.publishing.publish import publish
from warehouse.publishing.transaction import Publication, Published
from warehouse.read.published import last_run
from warehouse.tables import STAMPED

Rows = Sequence[Mapping[str, Any]]
AS_OF = date(2026, 11, 22)
FINISHED_AT = datetime(2026, 11, 22, 9, tzinfo=UTC)

_DEFAULTS: dict[Kind, Any] = {
    Kind.INTEGER: 1,
    Kind.COUNT: 0,
    Kind.REAL: 0.5,
    Kind.MONEY: Decimal("1.00"),
    Kind.BOOLEAN: False,
    Kind.DAY: AS_OF,
    Kind.MOMENT: datetime(2026, 11, 22, 8, tzinfo=UTC),
    Kind.TEXTS: ["a"],
    Kind.JSON: "{}",
}


@pytest.fixture
def empty_database(server: EmbeddedServer) -> Iterator[sa.URL]:
    """A database without anything in it."""
    yield from _database(server, "template0")


@pytest.fixture
def engine(server: EmbeddedServer, migrated: str) -> Iterator[sa.Engine]:
    """A warehouse of the present schema with no rows."""
    for url in _database(server, migrated):
        yield engine_for(url)


def _database(server: EmbeddedServer, template: str) -> Iterator[sa.URL]:
    url = new_database(server, template)
    yield url
    drop_database(server, url)


@dataclass(frozen=True, slots=True)
class Warehouse:
    """A warehouse as a run sees it: rows are given as dictionaries, what they leave out is filled in."""

    engine: sa.Engine
    contracts: Sequence[Table] = CURATED

    def frames(self, **tables: Rows) -> dict[str, pl.DataFrame]:
        return {contract.name: frame_of(contract, tables.get(contract.name, ())) for contract in self.contracts}

    def stage(self, run_id: str, as_of: date = AS_OF, **tables: Rows) -> RunContext:
        run = run_of(run_id, as_of)
        stage(self.engine, run, self.frames(**tables), self.contracts)
        return run

    def publish(
        self,
        run: RunContext,
        ops_rows: Mapping[str, pl.DataFrame] | None = None,
        report: Callable[[Mapping[str, Any]], Mapping[str, object]] = lambda _tables: {},
        **publishing: Any,
    ) -> Published:
        """Publish after the newest run, unless `computed_from` says otherwise; `report` is called before the commit."""

        def work(publication: Publication) -> Published:
            publication.merge_tables()
            publication.merge_ops_tables(ops_rows or {})
            return publication.record(
                finished_at=FINISHED_AT,
                report=report(publication.written),
                streams=[("crm", "owners"), ("crm", "deals")],
            )

        last = last_run(self.engine) if "computed_from" not in publishing else None
        given = {
            "computed_from": None if last is None else last.run_id,
            "sleep": lambda _seconds: None,
            "contracts": self.contracts,
            **publishing,
        }
        return publish(self.engine, run, work, **given)

    def refresh(self, run_id: str, as_of: date = AS_OF, **tables: Rows) -> Published:
        return self.publish(self.stage(run_id, as_of, **tables))

    def all(self, statement: str, **values: Any) -> list[tuple[Any, ...]]:
        with self.engine.connect() as connection:
            return [tuple(row) for row in connection.execute(sa.text(statement), values)]


@pytest.fixture
def warehouse(engine: sa.Engine) -> Warehouse:
    return Warehouse(engine)


@pytest.fixture
def warehouse_of(engine: sa.Engine) -> Callable[..., Warehouse]:
    """A warehouse in which only some tables are published, which is quicker; of this test unless one is given."""
    return lambda *contracts, given=engine: Warehouse(given, contracts)


@pytest.fixture
def frame() -> Callable[[Table, Rows], pl.DataFrame]:
    return frame_of


@pytest.fixture
def run() -> Callable[..., RunContext]:
    return run_of


def run_of(run_id: str, as_of: date = AS_OF, definitions_version: str = "2026.1") -> RunContext:
    return RunContext(
        run_id=run_id,
        as_of=as_of,
        started_at=datetime(2026, 11, 22, 8, 30, tzinfo=UTC),
        definitions=load_definitions("handoff").model_copy(update={"version": definitions_version}),
    )


def frame_of(contract: Table, rows: Rows) -> pl.DataFrame:
    """Rows in the contract's types: required columns are filled in, the hash is one of what the row says."""
    fields = [field for field in contract.columns if field.name not in STAMPED]
    whole = []
    for row in rows:
        filled = {field.name: row.get(field.name, _default(field, contract)) for field in fields}
        if "record_hash" in contract.names and "record_hash" not in row:
            said = {name: value for name, value in filled.items() if name != "record_hash"}
            filled["record_hash"] = zlib.crc32(repr(sorted(said.items())).encode())
        whole.append(filled)
    return pl.DataFrame(whole, schema=schema_of(fields))


def _default(field: Column, contract: Table) -> Any:
    if field.name not in contract.required:
        return None
    if field.kind is Kind.TEXT:
        return field.values[0] if field.values else f"some {field.name}"
    return _DEFAULTS[field.kind]
