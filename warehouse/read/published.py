"""What the next run reads back from the warehouse: classes, issues, snapshots, cursors, the last run."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import polars as pl
import sqlalchemy as sa

from definitions.schema.classified import CLASS_COLUMN, CLASS_TABLE, GONE, Classified
from definitions.schema.column import Column
from definitions.schema.tables import (
    CURATED,
    FCT_CLASSIFICATION_CHANGE,
    FCT_HYGIENE_ISSUE,
    FCT_OPPORTUNITY_DAILY_SNAPSHOT,
    OPS_AUDIT_RESULT,
    OPS_CURSOR,
    OPS_RUN,
    OPS_WAREHOUSE,
    Table,
)
from warehouse.database_errors import without_values
from warehouse.read.frames import Readable, column_of, read, read_parts
from warehouse.tables import TABLES


@dataclass(frozen=True, slots=True, kw_only=True)
class LastRun:
    """The run published last."""

    run_id: str
    as_of: date
    started_at: datetime
    finished_at: datetime
    run_status: str
    is_draft: bool
    definitions_version: str
    rows_written: int
    report: dict[str, Any]


def published(
    warehouse: Readable,
    contract: Table,
    names: Sequence[str] | None = None,
    *,
    where: sa.ColumnElement[bool] | None = None,
) -> pl.DataFrame:
    """Columns of a published table (all unless named), in the contract's types, sorted by key.

    `where` names columns of `warehouse.tables.TABLES`.
    """
    asked = _fields(contract, contract.names if names is None else names)
    # The key is read along to sort by: here, by bytes, not by the collation of somebody's server.
    beside = [field for field in contract.columns if field.name in contract.key and field not in asked]
    table = TABLES[contract.name]
    statement = sa.select(*(column_of(table, field) for field in (*asked, *beside)))
    if where is not None:
        statement = statement.where(where)
    rows = read(warehouse, statement, [*asked, *beside])
    return rows.sort(contract.key).select(field.name for field in asked)


def published_classes(warehouse: Readable, kind: Classified) -> pl.DataFrame:
    """Class of every person or opportunity ever published: (record_id, class, class_since), sorted by record_id.

    Those that left the tables are `merged_or_deleted`, as the ledger says, since a day that is not told (null).
    """
    column = CLASS_COLUMN[kind]
    names = f"{kind}_id", column, f"{column}_since"
    held = published(warehouse, CLASS_TABLE[kind], names).rename(
        dict(zip(names, ("record_id", "class", "class_since"), strict=True))
    )
    ledger = TABLES[FCT_CLASSIFICATION_CHANGE.name]
    left = (ledger.c.record_kind == kind) & (ledger.c.to_class == GONE)
    gone = published(warehouse, FCT_CLASSIFICATION_CHANGE, ["record_id", "to_class"], where=left).unique("record_id")
    gone = gone.join(held, on="record_id", how="anti").rename({"to_class": "class"})
    return pl.concat([held, gone], how="diagonal").sort("record_id")


def live_issues(warehouse: Readable, as_of: date, take: Callable[[pl.DataFrame], None]) -> None:
    """Give the issues a run must know of to `take`, part by part: the open ones, and those resolved on `as_of` itself.

    All columns of the contract, in no particular order; at least one part, which may be empty.
    """
    table = TABLES[FCT_HYGIENE_ISSUE.name]
    alive = (table.c.state == "open") | (table.c.resolved_on == as_of)
    columns = (column_of(table, field) for field in FCT_HYGIENE_ISSUE.columns)
    read_parts(warehouse, table, sa.select(*columns).where(alive), FCT_HYGIENE_ISSUE.columns, take)


def latest_snapshots(warehouse: Readable, as_of: date) -> pl.DataFrame:
    """Daily snapshot of `as_of`, if there is one, and of the last day before it; all columns of the contract."""
    day = TABLES[FCT_OPPORTUNITY_DAILY_SNAPSHOT.name].c.snapshot_date
    before = sa.select(sa.func.max(day)).where(day < as_of).scalar_subquery()
    return published(warehouse, FCT_OPPORTUNITY_DAILY_SNAPSHOT, where=(day == as_of) | (day == before))


def cursors(warehouse: Readable) -> pl.DataFrame:
    """Where the next pull of every stream starts; `cursor` is JSON as text."""
    return published(warehouse, OPS_CURSOR)


@without_values("Reading the last run")
def last_run(engine: sa.Engine) -> LastRun | None:
    """Give the run published last; None where there was none.

    That is the one with the highest id, which begins with its number: a clock that was set back changes nothing.
    """
    runs = TABLES[OPS_RUN.name]
    columns = (runs.c[name] for name in OPS_RUN.names)
    with engine.connect() as connection:
        row = connection.execute(sa.select(*columns).where(runs.c.run_id == _newest_run_id())).mappings().first()
    return None if row is None else LastRun(**row)


@without_values("Reading the id of the warehouse")
def warehouse_id(engine: sa.Engine) -> str:
    """The id that the warehouse was given when it was made."""
    with engine.connect() as connection:
        return str(connection.execute(sa.select(TABLES[OPS_WAREHOUSE.name].c.warehouse_id)).scalar_one())


@without_values("Reading the runs")
def published_run_ids(engine: sa.Engine) -> frozenset[str]:
    """Ids of every run that was ever published."""
    with engine.connect() as connection:
        return frozenset(connection.execute(sa.select(TABLES[OPS_RUN.name].c.run_id)).scalars())


def newest_run_id(connection: sa.Connection) -> str | None:
    """Give the id of the run published last; None where there was none."""
    newest: str | None = connection.execute(sa.select(_newest_run_id())).scalar_one()
    return newest


@without_values("Reading the number of the last run")
def newest_audited_run_id(engine: sa.Engine) -> str | None:
    """Give the id of the last run that was audited, published or refused; None where there was none."""
    checks = TABLES[OPS_AUDIT_RESULT.name].c
    with engine.connect() as connection:
        newest: str | None = connection.execute(sa.select(sa.func.max(checks.run_id))).scalar_one()
    return newest


def _newest_run_id() -> sa.ScalarSelect[str]:
    return sa.select(sa.func.max(sa.collate(TABLES[OPS_RUN.name].c.run_id, "C"))).scalar_subquery()


@without_values("Counting the published rows")
def row_counts(engine: sa.Engine) -> dict[str, int]:
    """Rows of every curated table as published now, which is as the last run left them."""
    counts = [
        sa.select(sa.func.count()).select_from(TABLES[contract.name]).scalar_subquery().label(contract.name)
        for contract in CURATED
    ]
    with engine.connect() as connection:
        return dict(connection.execute(sa.select(*counts)).mappings().one())


def _fields(contract: Table, names: Sequence[str]) -> list[Column]:
    known = {field.name: field for field in contract.columns}
    return [known[name] for name in names]
