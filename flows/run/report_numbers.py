"""Run report of a publishing run: numbers of what it staged, wrote and audited."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import polars as pl

from connectors.extract import PullResult
from definitions.counting import counted
from definitions.schema.tables import (
    BRIDGE_PERSON_SOURCE,
    CURATED,
    DIM_PERSON,
    FCT_CLASSIFICATION_CHANGE,
    FCT_HYGIENE_ISSUE,
    FCT_OPPORTUNITY,
    OPS_CONSERVATION,
)
from flows.run.open_run import OpenRun
from flows.run.run_report import Report
from flows.run.staged_run import StagedRun
from transforms.reconcile import metrics
from transforms.reconcile.references import SEVERAL
from warehouse.connect import safe_url
from warehouse.publishing.written import TableChange

# Columns that distinguish faults in a report.
_FAULT = ["source_system", "stream", "reason_code", "field_name", "expected", "detail"]
_VALUE_FAULT = ["source_system", "stream", "field_name", "reason_code", "expected"]
_PLACES_SHOWN = 3


def build_report(
    run: OpenRun,
    staged: StagedRun,
    written: Mapping[str, TableChange],
    checks: pl.DataFrame,
    finished_at: datetime,
) -> Report:
    """Build the report: counts per stage, balance, classes, changes of class, findings and their value.

    `written` counts the rows that the publication changed, by table; `checks` are the results of the audit.
    """
    context, definitions = run.context, run.context.definitions
    people, deals = staged.rows(DIM_PERSON), staged.rows(FCT_OPPORTUNITY)
    changes = staged.rows(FCT_CLASSIFICATION_CHANGE)
    issues = staged.rows(FCT_HYGIENE_ISSUE).filter(pl.col("state") == "open")
    ladders = {kind: [rule.name for rule in rules] for kind, rules in definitions.ladders.items()}
    curated = {table.name: asdict(written[table.name]) for table in CURATED if table.name in written}
    audit = checks.drop("run_id").to_dicts()
    return {
        "run_id": context.run_id,
        "status": "published" if any(sum(counts.values()) for counts in curated.values()) else "unchanged",
        "as_of": context.as_of.isoformat(),
        "started_at": context.started_at.isoformat(),
        "finished_at": finished_at.isoformat(),
        "is_baseline": context.is_baseline,
        "definitions": {
            "profile": definitions.profile,
            "version": definitions.version,
            "is_draft": definitions.is_draft,
            "currency": definitions.reporting.currency,
        },
        "streams": [_pulled(source, pulled) for source, pulled in staged.pulls],
        "state": {
            "before": {"/".join(key): version for key, version in run.start.versions.items()},
            "after": {f"{state.source}/{state.stream}": state.version for state in staged.states},
        },
        "balance": rows(staged.rows(OPS_CONSERVATION).drop("run_id")),
        "people": _people(staged),
        "references": [{**row, "note": _reference_note(row)} for row in rows(staged.references.lazy())],
        "classes": {
            "person": rows(metrics.class_counts(people, "person", ladders["person"])),
            "opportunity": rows(metrics.class_counts(deals, "opportunity", ladders["opportunity"])),
        },
        "moved": {
            "person": rows(metrics.moved(changes, "person", ladders["person"])),
            "opportunity": rows(metrics.moved(changes, "opportunity", ladders["opportunity"])),
        },
        "meanings": {kind: {rule.name: rule.means for rule in rules} for kind, rules in definitions.ladders.items()},
        "actions": {f"{rule.rule} {rule.on}": rule.action for rule in definitions.hygiene},
        "findings": rows(metrics.top_findings(issues)),
        "at_risk": rows(metrics.at_risk(issues)),
        "pipeline": rows(metrics.pipeline(deals)),
        "quarantined": rows(_quarantined(staged.records.quarantined).lazy()),
        "values_set_to_null": rows(_values_set_to_null(staged.records.value_faults).lazy()),
        "audit": {"checks": len(audit), "failed": [check for check in audit if not check["is_success"]]},
        "written": curated,
        "warehouse": safe_url(run.engine.url),
        "notes": list(run.notes),
    }


def _reference_note(row: Report) -> str:
    """Describe the references of one column that lead to no record, or of which only the first is taken."""
    stream = f"{row['source_system']}.{row['stream']}"
    count = counted(row["records"], "record")
    if row["reason"] == SEVERAL:
        return f"{stream}: {count} with several ids in {row['field_name']}; only the first is taken"
    return f"{stream}: {count} with {row['field_name']} that leads to no record; there is no link"


def _quarantined(quarantined: pl.DataFrame) -> pl.DataFrame:
    """Return one row per stream and fault: count of `records`, and their first `places` (page, number on it)."""
    number = pl.col("location").str.extract(r":([0-9]+)$").cast(pl.Int64)
    return (
        quarantined.select(*_FAULT, pl.struct("page", number=number).alias("place"))
        .group_by(_FAULT)
        .agg(records=pl.len(), places=pl.col("place").sort().head(_PLACES_SHOWN))
        .sort(_FAULT)
    )


def _values_set_to_null(faults: pl.DataFrame) -> pl.DataFrame:
    """One row per stream, field and reason: how many `values` were set to null, and the most frequent `details`."""
    counted = faults.group_by(*_VALUE_FAULT, "detail").agg(values=pl.len())
    frequent_first = counted.sort("values", "detail", descending=[True, False], nulls_last=True)
    return (
        frequent_first.group_by(_VALUE_FAULT, maintain_order=True)
        .agg(values=pl.col("values").sum(), details=pl.col("detail").drop_nulls().head(_PLACES_SHOWN))
        .sort(_VALUE_FAULT)
    )


def _pulled(source: str, pulled: PullResult) -> Report:
    return {
        "source": source,
        "stream": pulled.stream,
        "records": pulled.records,
        "repeated": pulled.repeated,
        "rejected": pulled.rejected,
        "pages": pulled.pages,
        "is_full": pulled.is_full,
        "is_unchanged": pulled.is_unchanged,
        "notes": list(pulled.notes),
    }


def _people(staged: StagedRun) -> Report:
    counts = staged.rows(DIM_PERSON).select(
        persons=pl.len(),
        in_several_systems=(pl.col("source_count") > 1).sum(),
        largest=pl.col("record_count").max(),
    )
    live = staged.rows(BRIDGE_PERSON_SOURCE).select((~pl.col("is_deleted")).sum())
    return {
        "records": live.collect().item(),
        **counts.collect().row(0, named=True),
        "untied": rows(staged.untied.lazy()),
    }


def rows(frame: pl.LazyFrame) -> list[Report]:
    """Convert rows to JSON values; amounts become text, so that no cent is lost."""
    return [{name: _plain(value) for name, value in row.items()} for row in frame.collect().to_dicts()]


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return str(value)
    return value.isoformat() if isinstance(value, date | datetime) else value
