"""The run report: what one run did, as plain JSON; people read it as tables, machines as a file and a column."""

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl

from connectors.extract import Pulled
from definitions.agreement.model import Definitions
from definitions.runtime.disk_space import disk_error
from transforms.pipeline.assembly import Assembled
from transforms.pipeline.records import Records
from transforms.reconcile import metrics

Report = dict[str, Any]
# What tells faults of records apart in a report.
_FAULT = ["source_system", "stream", "reason_code", "field_name", "expected", "detail"]
_PLACES_SHOWN = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What only the flow knows of a run; `notes` say what a person should know of it beside its numbers."""

    run_id: str
    as_of: date
    started_at: datetime
    finished_at: datetime
    is_baseline: bool
    state_before: Mapping[str, str | None]
    state_after: Mapping[str, str | None]
    pulls: Sequence[tuple[str, Pulled]]
    written: Mapping[str, Mapping[str, int]]
    audit: Sequence[Mapping[str, Any]]
    warehouse: str
    notes: Sequence[str] = ()


def build_report(facts: Facts, definitions: Definitions, records: Records, assembled: Assembled) -> Report:
    """Put the run in numbers: counts per stage, balance, classes, what moved, what is wrong, what it is worth."""
    people, deals, changes = assembled.people.lazy(), assembled.deals.lazy(), assembled.changes.lazy()
    issues = assembled.issues.lazy().filter(pl.col("state") == "open")
    ladders = {kind: [rule.name for rule in rules] for kind, rules in definitions.ladders.items()}
    failed = [check for check in facts.audit if not check["is_success"]]
    return {
        "run_id": facts.run_id,
        "status": "published" if any(sum(counts.values()) for counts in facts.written.values()) else "unchanged",
        "as_of": facts.as_of.isoformat(),
        "started_at": facts.started_at.isoformat(),
        "finished_at": facts.finished_at.isoformat(),
        "is_baseline": facts.is_baseline,
        "definitions": {
            "profile": definitions.profile,
            "version": definitions.version,
            "is_draft": definitions.is_draft,
            "currency": definitions.reporting.currency,
        },
        "streams": [_pulled(source, pulled) for source, pulled in facts.pulls],
        "state": {"before": dict(facts.state_before), "after": dict(facts.state_after)},
        "balance": rows(assembled.balance.lazy().drop("run_id")),
        "people": _people(assembled),
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
        "quarantined": rows(_quarantined(records.quarantined).lazy()),
        "audit": {"checks": len(facts.audit), "failed": failed},
        "written": {table: dict(counts) for table, counts in facts.written.items()},
        "warehouse": facts.warehouse,
        "notes": list(facts.notes),
    }


def _quarantined(quarantined: pl.DataFrame) -> pl.DataFrame:
    """One row per stream and fault: how many `records`, and the first `places` (page, number) at which they stood."""
    number = pl.col("location").str.extract(r":([0-9]+)$").cast(pl.Int64)
    return (
        quarantined.select(*_FAULT, pl.struct("page", number=number).alias("place"))
        .group_by(_FAULT)
        .agg(records=pl.len(), places=pl.col("place").sort().head(_PLACES_SHOWN))
        .sort(_FAULT)
    )


def _pulled(source: str, pulled: Pulled) -> Report:
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


def _people(assembled: Assembled) -> Report:
    people = assembled.people
    return {
        "records": assembled.live_records,
        "persons": people.height,
        "in_several_systems": people.filter(pl.col("source_count") > 1).height,
        "largest": people["record_count"].max(),
        "untied": rows(assembled.untied.lazy()),
    }


def rows(frame: pl.LazyFrame) -> list[Report]:
    """Rows as JSON can hold them: amounts as text, so that no cent is lost."""
    return [{name: _plain(value) for name, value in row.items()} for row in frame.collect().to_dicts()]


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return str(value)
    return value.isoformat() if isinstance(value, date | datetime) else value


def ended_report(
    *,
    run_id: str,
    status: str,
    exit_code: int,
    error: str,
    as_of: date,
    started_at: datetime,
    finished_at: datetime,
) -> Report:
    """What there is to tell of a run that came to no report of its own: its status, its exit code and why.

    `status` is `failed`, `interrupted` (by a signal, nothing published), `published` (by a signal, after COMMIT) or
    `unknown` (the answer to COMMIT did not come; the next run corrects that). Where the run had no number yet, `run_id`
    ends in `-unnumbered`.
    """
    return {
        "run_id": run_id,
        "status": status,
        "as_of": as_of.isoformat(),
        "started_at": started_at.isoformat(),
        "finished_at": finished_at.isoformat(),
        "exit_code": exit_code,
        "error": error,
    }


def write_report(report: Report, folder: Path) -> Path:
    """Write the report beside its siblings, whole or not at all; give its path.

    Raises `LandingError` where there is no room for it: what was published stands, and `ops.run` has its report too.
    """
    path = folder / f"{report['run_id']}.json"
    temporary = path.with_suffix(".part")
    content = (json.dumps(report, indent=1, ensure_ascii=False) + "\n").encode()
    try:
        temporary.write_bytes(content)
        temporary.chmod(0o600)
        temporary.rename(path)
    except OSError as error:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
        action = f"write the report of a run that is {report['status']}"
        raise disk_error(action, path, error, len(content)) from error
    return path
