"""Audit suites: all checks on the staged tables of a run."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from datetime import time as clock_time
from decimal import Decimal
from zoneinfo import ZoneInfo

from definitions.run_context import RunContext
from definitions.schema.tables import CURATED
from expectations.check import Suite
from expectations.suites.agreement import agreement_suite
from expectations.suites.consistency import consistency_suite
from expectations.suites.reconciliation import SourceTotal, reconciliation_suite, tallies_of
from expectations.suites.structure import TableFill, structure_suite
from expectations.suites.timeliness import timeliness_suite
from flows.run.open_run import OpenRun
from flows.run.staged_run import StagedRun
from transforms.pipeline.records import streams_by_table


def audit_suites(run: OpenRun, before: Mapping[str, TableFill], staged: StagedRun) -> list[Suite]:
    """Return every suite; `before` has the fill of the published tables, by name."""
    sources = [source.name for source in run.request.settings.sources]
    totals = [SourceTotal(**{**row, "amount": Decimal(row["amount"])}) for row in staged.totals.to_dicts()]
    streams = [(one.source, one.stream) for one in staged.records.streams]
    return [
        structure_suite(CURATED, before, volume_accepted_because=run.request.volume_accepted_because),
        timeliness_suite(sources, as_of=run.context.as_of, now=_judged_at(run.context)),
        reconciliation_suite(tallies_of(streams_by_table(staged.records)), totals, streams=streams),
        consistency_suite(),
        agreement_suite(run.context.definitions, as_of=run.context.as_of),
    ]


def _judged_at(run: RunContext) -> datetime:
    """Return when freshness is judged: at the start of the run, or at the end of the day `as_of` if that is earlier."""
    zone = ZoneInfo(run.definitions.reporting.time_zone)
    end = datetime.combine(run.as_of + timedelta(days=1), clock_time.min, tzinfo=zone)
    return min(run.started_at, end.astimezone(UTC))
