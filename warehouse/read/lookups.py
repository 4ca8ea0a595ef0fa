"""Queries of the command line: status, findings, explanation of a record."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl
import sqlalchemy as sa

from definitions.schema.tables import (
    BRIDGE_OPPORTUNITY_PERSON,
    BRIDGE_OPPORTUNITY_SOURCE,
    BRIDGE_PERSON_SOURCE,
    CURATED,
    DIM_PERSON,
    FCT_ACTIVITY,
    FCT_CLASSIFICATION_CHANGE,
    FCT_HYGIENE_ISSUE,
    FCT_OPPORTUNITY,
    OPS_AUDIT_RESULT,
    OPS_CONSERVATION,
    OPS_QUARANTINE,
    OPS_RUN,
    OPS_VALUE_FAULT,
    Table,
)
from warehouse.database_errors import without_values
from warehouse.read.frames import Readable, column_of, read, reading
from warehouse.read.published import cursors, last_run, published, row_counts
from warehouse.tables import TABLES

_RUNS_SHOWN = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """Status of the warehouse. Frames have the columns of their contracts; `quarantined` counts records by reason.

    `value_faults` counts the values set to null by source, stream, field and reason.
    `refused` holds the failed checks of the newest run, if it was refused: such a run has no other row.
    """

    cursors: pl.DataFrame
    runs: pl.DataFrame
    conservation: pl.DataFrame
    failed_checks: pl.DataFrame
    refused: pl.DataFrame
    quarantined: pl.DataFrame
    value_faults: pl.DataFrame
    rows: dict[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """Everything published about the records that a search found; frames have the columns of their contracts.

    `sources` has the source records of people, `opportunity_sources` those of opportunities. `meanings` has the meaning
    of each class in the definitions of the newest run, by kind of record. Without a match, frames are empty.
    """

    people: pl.DataFrame
    sources: pl.DataFrame
    opportunities: pl.DataFrame
    opportunity_sources: pl.DataFrame
    roles: pl.DataFrame
    changes: pl.DataFrame
    issues: pl.DataFrame
    activities: pl.DataFrame
    meanings: Mapping[str, Mapping[str, str]]


def status(engine: sa.Engine) -> Status:
    """Read cursors, the last runs, conservation and failed checks of the newest, quarantine and row counts."""
    checks, conservation = TABLES[OPS_AUDIT_RESULT.name], TABLES[OPS_CONSERVATION.name]
    with reading(engine) as warehouse:
        runs = _latest_runs(warehouse)
        newest = runs["run_id"][0] if runs.height else None
        return Status(
            cursors=cursors(warehouse),
            runs=runs,
            conservation=published(warehouse, OPS_CONSERVATION, where=conservation.c.run_id == newest),
            failed_checks=published(
                warehouse, OPS_AUDIT_RESULT, where=(checks.c.run_id == newest) & checks.c.is_success.is_(False)
            ),
            refused=_refused(warehouse, newest),
            quarantined=quarantine_counts(warehouse),
            value_faults=_value_fault_counts(warehouse),
            rows=row_counts(engine),
        )


def _refused(warehouse: Readable, newest: str | None) -> pl.DataFrame:
    """Read the failed blocking checks of the last run after the newest published one."""
    checks = TABLES[OPS_AUDIT_RESULT.name]
    stopped = checks.c.is_success.is_(False) & checks.c.is_blocking
    if newest is not None:
        stopped &= sa.collate(checks.c.run_id, "C") > newest
    failed = published(warehouse, OPS_AUDIT_RESULT, where=stopped)
    return failed.filter(pl.col("run_id") == pl.col("run_id").max())


def quarantine(warehouse: Readable) -> pl.DataFrame:
    """Read the quarantined records that have not been released."""
    return published(warehouse, OPS_QUARANTINE, where=TABLES[OPS_QUARANTINE.name].c.released_at.is_(None))


def quarantine_counts(warehouse: Readable) -> pl.DataFrame:
    """Count the quarantined records by source, stream and reason, sorted by them."""
    reason = ["source_system", "stream", "reason_code"]
    return quarantine(warehouse).group_by(reason).len("records").sort(reason)


def _value_fault_counts(warehouse: Readable) -> pl.DataFrame:
    reason = ["source_system", "stream", "field_name", "reason_code"]
    return published(warehouse, OPS_VALUE_FAULT).group_by(reason).len("values").sort(reason)


def findings(
    engine: sa.Engine,
    *,
    limit: int,
    severity: str | None = None,
    rule_id: str | None = None,
    owner_ids: Sequence[str] | None = None,
) -> tuple[pl.DataFrame, int]:
    """Read open issues by severity and value at risk, at most `limit`; and their total number."""
    table = TABLES[FCT_HYGIENE_ISSUE.name]
    filters = {"severity": severity, "rule_id": rule_id}
    wanted = sa.and_(
        table.c.state == "open", *(table.c[name] == value for name, value in filters.items() if value is not None)
    )
    if owner_ids is not None:
        wanted &= table.c.owner_id.in_(owner_ids)
    rank = sa.case({"critical": 1, "warning": 2, "info": 3}, value=table.c.severity, else_=4)
    columns = (column_of(table, field) for field in FCT_HYGIENE_ISSUE.columns)
    worst_first = (rank, table.c.value_at_risk.desc().nulls_last(), sa.collate(table.c.issue_id, "C"))
    rows = read(
        engine, sa.select(*columns).where(wanted).order_by(*worst_first).limit(limit), FCT_HYGIENE_ISSUE.columns
    )
    return rows, _count(engine, sa.select(sa.func.count()).select_from(table).where(wanted))


def explain(engine: sa.Engine, search_term: str) -> Explanation:
    """Find persons and opportunities by e-mail address, golden id, record key, link or the source's own id.

    The opportunities of a person are included. Without a match all frames are empty.
    """
    people, deals = _ids(engine, _people(search_term)), _ids(engine, _deals(search_term))
    roles, opportunities = TABLES[BRIDGE_OPPORTUNITY_PERSON.name], TABLES[FCT_OPPORTUNITY.name]
    activities = TABLES[FCT_ACTIVITY.name]
    on_deal = sa.select(roles.c.opportunity_id).where(roles.c.person_id.in_(people))
    held_with = sa.select(opportunities.c.opportunity_id).where(opportunities.c.primary_person_id.in_(people))
    deals = sorted({*deals, *_ids(engine, sa.union(on_deal, held_with))})
    both = [*people, *deals]
    last = last_run(engine)
    acts = activities.c.person_id.in_(people) | activities.c.opportunity_id.in_(deals)
    with reading(engine) as warehouse:
        return Explanation(
            people=_where(warehouse, DIM_PERSON, "person_id", people),
            sources=_where(warehouse, BRIDGE_PERSON_SOURCE, "person_id", people),
            opportunities=_where(warehouse, FCT_OPPORTUNITY, "opportunity_id", deals),
            opportunity_sources=_where(warehouse, BRIDGE_OPPORTUNITY_SOURCE, "opportunity_id", deals),
            roles=_where(warehouse, BRIDGE_OPPORTUNITY_PERSON, "opportunity_id", deals),
            changes=_where(warehouse, FCT_CLASSIFICATION_CHANGE, "record_id", both),
            issues=_where(warehouse, FCT_HYGIENE_ISSUE, "record_id", both),
            activities=published(warehouse, FCT_ACTIVITY, where=acts),
            meanings={} if last is None else last.report.get("meanings", {}),
        )


def _people(search_term: str) -> sa.CompoundSelect[str]:
    person, sources = TABLES[DIM_PERSON.name], TABLES[BRIDGE_PERSON_SOURCE.name]
    named = (person.c.person_id == search_term) | (person.c.email_normalised == search_term.strip().lower())
    named |= person.c.source_url == search_term
    recorded = (sources.c.record_key == search_term) | (sources.c.source_id == search_term)
    return sa.union(sa.select(person.c.person_id).where(named), sa.select(sources.c.person_id).where(recorded))


def _deals(search_term: str) -> sa.CompoundSelect[str]:
    deal, sources = TABLES[FCT_OPPORTUNITY.name], TABLES[BRIDGE_OPPORTUNITY_SOURCE.name]
    recorded = (sources.c.record_key == search_term) | (sources.c.source_id == search_term)
    return sa.union(
        sa.select(deal.c.opportunity_id).where(
            (deal.c.opportunity_id == search_term) | (deal.c.source_url == search_term)
        ),
        sa.select(sources.c.opportunity_id).where(recorded),
    )


@without_values("Looking up a record")
def _ids(engine: sa.Engine, statement: sa.CompoundSelect[str]) -> list[str]:
    with engine.connect() as connection:
        return sorted(connection.execute(statement).scalars())


def _where(warehouse: Readable, contract: Table, column: str, ids: Sequence[str]) -> pl.DataFrame:
    return published(warehouse, contract, where=TABLES[contract.name].c[column].in_(ids))


@without_values("Counting the published rows")
def rows_of_unpublished_runs(engine: sa.Engine) -> dict[str, tuple[int, int]]:
    """Count by curated table: all rows, and the rows of runs that were never published."""
    runs, found = TABLES[OPS_RUN.name], {}
    with engine.connect() as connection:
        for contract in CURATED:
            table = TABLES[contract.name]
            strange = sa.func.count().filter(table.c.run_id.not_in(sa.select(runs.c.run_id)))
            rows, unpublished = connection.execute(sa.select(sa.func.count(), strange).select_from(table)).one()
            found[contract.name] = (int(rows), int(unpublished))
    return found


def _latest_runs(warehouse: Readable) -> pl.DataFrame:
    runs = TABLES[OPS_RUN.name]
    columns = (column_of(runs, field) for field in OPS_RUN.columns)
    newest_first = (runs.c.finished_at.desc(), sa.collate(runs.c.run_id, "C").desc())
    return read(warehouse, sa.select(*columns).order_by(*newest_first).limit(_RUNS_SHOWN), OPS_RUN.columns)


@without_values("Counting issues")
def _count(engine: sa.Engine, statement: sa.Select[int]) -> int:
    with engine.connect() as connection:
        return int(connection.execute(statement).scalar_one())
