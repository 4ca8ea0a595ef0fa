"""Published state that the next run reads: classes, issues, snapshots, cursors, the last run."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import polars as pl
import sqlalchemy as sa

from definitions.schema.classified import CLASS_COLUMN, CLASS_TABLE, GONE, Classified
from definitions.schema.column import Column
from definitions.schema.tables import (
    BRIDGE_OPPORTUNITY_SOURCE,
    CURATED,
    FCT_CLASSIFICATION_CHANGE,
    FCT_HYGIENE_ISSUE,
    FCT_OPPORTUNITY,
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
    """Read columns of a published table (all unless named), in the contract's types, sorted by key.

    `where` names columns of `warehouse.tables.TABLES`.
    """
    selected = _fields(contract, contract.names if names is None else names)
    # Key columns are read too, to sort here, by bytes and not by the server's collation.
    key_only = [field for field in contract.columns if field.name in contract.key and field not in selected]
    table = TABLES[contract.name]
    statement = sa.select(*(column_of(table, field) for field in (*selected, *key_only)))
    if where is not None:
        statement = statement.where(where)
    rows = read(warehouse, statement, [*selected, *key_only])
    return rows.sort(contract.key).select(field.name for field in selected)


def published_classes(warehouse: Readable, kind: Classified) -> pl.DataFrame:
    """Read the class of every person or opportunity ever published: record_id, class, class_since; sorted by record_id.

    Those no longer in the tables are `merged_or_deleted`, as in the ledger; their class_since is null.
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
    """Call `take` with the issues that a run needs, part by part: open ones, and those resolved on `as_of`.

    All columns of the contract, unordered; at least one part, perhaps empty.
    """
    table = TABLES[FCT_HYGIENE_ISSUE.name]
    is_live = (table.c.state == "open") | (table.c.resolved_on == as_of)
    columns = (column_of(table, field) for field in FCT_HYGIENE_ISSUE.columns)
    read_parts(warehouse, table, sa.select(*columns).where(is_live), FCT_HYGIENE_ISSUE.columns, take)


def latest_snapshots(warehouse: Readable, as_of: date) -> pl.DataFrame:
    """Read the daily snapshots of `as_of`, if any, and of the last day before it; all columns of the contract."""
    day = TABLES[FCT_OPPORTUNITY_DAILY_SNAPSHOT.name].c.snapshot_date
    before = sa.select(sa.func.max(day)).where(day < as_of).scalar_subquery()
    return published(warehouse, FCT_OPPORTUNITY_DAILY_SNAPSHOT, where=(day == as_of) | (day == before))


def open_deals(warehouse: Readable, closed_since: date) -> tuple[str, ...]:
    """Read the keys of the live records of opportunities that are open, or were closed on or after a day; sorted."""
    table = TABLES[FCT_OPPORTUNITY.name]
    deals = published(
        warehouse,
        FCT_OPPORTUNITY,
        ["opportunity_id"],
        where=table.c.is_open | (table.c.closed_at >= closed_since),
    )
    records = published(warehouse, BRIDGE_OPPORTUNITY_SOURCE, ["opportunity_id", "record_key", "is_deleted"])
    live = records.filter(~pl.col("is_deleted")).join(deals, on="opportunity_id", how="semi")
    return tuple(live["record_key"].sort())


def cursors(warehouse: Readable) -> pl.DataFrame:
    """Read the cursor of every stream; `cursor` is JSON as text."""
    return published(warehouse, OPS_CURSOR)


@without_values("Reading the last run")
def last_run(engine: sa.Engine) -> LastRun | None:
    """Return the run published last; None where there was none.

    It has the highest id, which begins with its number and so does not depend on the clock.
    """
    runs = TABLES[OPS_RUN.name]
    columns = (runs.c[name] for name in OPS_RUN.names)
    with engine.connect() as connection:
        row = connection.execute(sa.select(*columns).where(runs.c.run_id == _newest_run_id())).mappings().first()
    return None if row is None else LastRun(**row)


@without_values("Reading the id of the warehouse")
def warehouse_id(engine: sa.Engine) -> str:
    """Return the id that the warehouse got at its creation."""
    with engine.connect() as connection:
        return str(connection.execute(sa.select(TABLES[OPS_WAREHOUSE.name].c.warehouse_id)).scalar_one())


@without_values("Reading the runs")
def published_run_ids(engine: sa.Engine) -> frozenset[str]:
    """Return the ids of all published runs."""
    with engine.connect() as connection:
        return frozenset(connection.execute(sa.select(TABLES[OPS_RUN.name].c.run_id)).scalars())


def newest_run_id(connection: sa.Connection) -> str | None:
    """Return the id of the run published last; None where there was none."""
    newest: str | None = connection.execute(sa.select(_newest_run_id())).scalar_one()
    return newest


@without_values("Reading the number of the last run")
def newest_audited_run_id(engine: sa.Engine) -> str | None:
    """Return the id of the last audited run, published or refused; None where there was none."""
    checks = TABLES[OPS_AUDIT_RESULT.name].c
    with engine.connect() as connection:
        newest: str | None = connection.execute(sa.select(sa.func.max(checks.run_id))).scalar_one()
    return newest


def _newest_run_id() -> sa.ScalarSelect[str]:
    return sa.select(sa.func.max(sa.collate(TABLES[OPS_RUN.name].c.run_id, "C"))).scalar_subquery()


@without_values("Counting the published rows")
def row_counts(engine: sa.Engine) -> dict[str, int]:
    """Count the rows of every curated table."""
    counts = [
        sa.select(sa.func.count()).select_from(TABLES[contract.name]).scalar_subquery().label(contract.name)
        for contract in CURATED
    ]
    with engine.connect() as connection:
        return dict(connection.execute(sa.select(*counts)).mappings().one())


def _fields(contract: Table, names: Sequence[str]) -> list[Column]:
    by_name = {field.name: field for field in contract.columns}
    return [by_name[name] for name in names]
