"""Rows of a run for the tables of `ops`: cursors, quarantine, definitions."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from connectors.extract import PullResult
from definitions.polars_types import schema_of
from definitions.run_context import RunContext
from definitions.schema.tables import OPS_CURSOR, OPS_DEFINITIONS_VERSION, OPS_QUARANTINE, OPS_VALUE_FAULT, Table
from flows.home.state_files import StreamState, SweepFindings
from transforms.frames import conformed


def cursor_rows(
    states: Sequence[StreamState], pulls: Mapping[tuple[str, str], PullResult], run: RunContext
) -> pl.DataFrame:
    """Return one row per stream pulled by this run: the cursor that covers exactly what its state holds."""
    rows = [
        {
            "source_system": state.source,
            "stream": state.stream,
            "cursor": json.dumps(_with_findings(pulled.cursor, state.swept)),
            "state_version": state.version,
            "high_water_at": pulled.high_water_at,
            "pulled_at": run.started_at,
            "run_id": run.run_id,
        }
        for state in states
        if (pulled := pulls.get((state.source, state.stream))) is not None
    ]
    return _frame(OPS_CURSOR, rows)


def _with_findings(cursor: Mapping[str, Any], found: SweepFindings | None) -> Mapping[str, Any]:
    """Add what a run's part of a sweep found to what earlier runs found in it."""
    if found is None:
        return cursor
    late, deleted = (int(cursor.get(name, 0)) for name in ("swept_late", "swept_deleted"))
    return {**cursor, "swept_late": late + found.late, "swept_deleted": deleted + found.deleted}


def quarantine_rows(quarantined: pl.DataFrame, run: RunContext) -> pl.DataFrame:
    """Return one row per quarantined record and reason, dated with this run."""
    rows = quarantined.unique(["record_key", "reason_code"], keep="first", maintain_order=True).with_columns(
        first_seen_on=pl.lit(run.as_of), last_seen_on=pl.lit(run.as_of), run_id=pl.lit(run.run_id)
    )
    return conformed(rows.lazy(), OPS_QUARANTINE).collect()


def value_fault_rows(faults: pl.DataFrame, run: RunContext) -> pl.DataFrame:
    """One row per record, field and reason whose value this run set to null; never the value."""
    key = list(OPS_VALUE_FAULT.key)
    rows = faults.unique(key, keep="first", maintain_order=True).with_columns(
        first_seen_on=pl.lit(run.as_of), last_seen_on=pl.lit(run.as_of), run_id=pl.lit(run.run_id)
    )
    return conformed(rows.lazy(), OPS_VALUE_FAULT).collect()


def definitions_rows(run: RunContext) -> pl.DataFrame:
    """Return one row: the definitions used, with their full text."""
    definitions = run.definitions
    row = {
        "profile": definitions.profile,
        "definitions_version": definitions.version,
        "status": "draft" if definitions.is_draft else "approved",
        "text_sha256": definitions.text_sha256,
        "definitions_text": definitions.text,
        "first_used_at": run.started_at,
        "run_id": run.run_id,
    }
    return _frame(OPS_DEFINITIONS_VERSION, [row])


def _frame(table: Table, rows: Sequence[Mapping[str, Any]]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=schema_of(table.columns)).select(table.names)
