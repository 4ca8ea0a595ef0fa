"""Timeliness: freshness of the sources, and order of dates.

Rules DQ-04 and DQ-10 of the hygiene catalogue. Stale data is reported, not hidden: only checks of dates that the
pipeline writes stop a publication.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from definitions.schema.tables import DIM_ACCOUNT, DIM_PERSON, FCT_ACTIVITY, FCT_OPPORTUNITY
from definitions.sql_text import identifier, literal
from expectations.check import Aggregate, Check, CrossTableMetric, Measure, Severity, Suite, failing_rows

WARN_HOURS, ERROR_HOURS = 26, 50
_DATED = (DIM_PERSON.name, DIM_ACCOUNT.name, FCT_OPPORTUNITY.name, FCT_ACTIVITY.name)
_ALL_TABLES = "all_records"


@dataclass(frozen=True, slots=True)
class _Order:
    """`earlier` is not after `later` by more than `tolerance`; rows with a null in either pass."""

    table: str
    earlier: str
    later: str
    tolerance: str = "0 days"
    severity: Severity = "warning"


# DQ-10 allows a day, because some sources store days and others moments. The pipeline itself dates issues.
_ORDERS = (
    _Order("fct_hygiene_issue", "opened_on", "last_seen_on", severity="critical"),
    _Order("fct_hygiene_issue", "opened_on", "resolved_on", severity="critical"),
    _Order("fct_hygiene_issue", "last_seen_on", "resolved_on", severity="critical"),
    _Order("dim_person", "lead_since_on", "mql_first_on", "1 day"),
    _Order("dim_person", "mql_first_on", "mql_latest_on", severity="critical"),
    _Order("dim_person", "mql_first_on", "sales_accepted_on", "1 day"),
    _Order("dim_person", "sales_accepted_on", "sales_qualified_on", "1 day"),
    _Order("dim_person", "sales_accepted_on", "converted_at", "1 day"),
    _Order("dim_person", "first_seen_at", "source_updated_at", "1 day"),
    _Order("fct_opportunity", "created_on", "closed_at", "1 day"),
    _Order("fct_opportunity", "created_on", "stage_entered_on", "1 day"),
    _Order("fct_opportunity", "created_on", "last_meaningful_change_on", severity="critical"),
)
# Days that the pipeline writes itself. `opened_on` comes before `last_seen_on`.
_PIPELINE_DATES = (
    ("fct_hygiene_issue", "last_seen_on"),
    ("fct_hygiene_issue", "resolved_on"),
    ("dim_person", "lifecycle_class_since"),
    ("fct_opportunity", "pipeline_class_since"),
    ("fct_classification_change", "changed_on"),
    ("fct_opportunity_daily_snapshot", "snapshot_date"),
)


def timeliness_suite(sources: Iterable[str], *, as_of: date, now: datetime) -> Suite:
    """Check freshness of the configured `sources` at the moment `now`, order of dates, and that no date is ahead.

    `now` is timezone-aware; `as_of` is the as-of date of the run.
    """
    checks = [check for source in sources for check in _fresh(source, now)]
    checks += [_in_order(order) for order in _ORDERS]
    checks += [_not_ahead(table, now) for table in _DATED]
    checks += [_not_after(table, column, as_of) for table, column in _PIPELINE_DATES]
    return Suite("timeliness", tuple(checks))


def _fresh(source: str, now: datetime) -> list[Check]:
    """Measure the hours since the last change in the source; null, and so a failure, if the source has no row.

    Changes after `now` are ignored.
    """
    of_source = f'"source_updated_at" <= {_moment(now)} AND "source_system" = {literal(source)}'
    latest = tuple(Aggregate(table, f'max("source_updated_at") FILTER (WHERE {of_source})') for table in _DATED)

    def hours(moments: Sequence[datetime | None]) -> float | None:
        changes = [moment for moment in moments if moment is not None]
        return (now - max(changes)) / timedelta(hours=1) if changes else None

    return [
        Check(
            name=f"{source}: something changed in the last {limit} hours",
            table=_ALL_TABLES,
            measure=Measure.NUMBER,
            across=CrossTableMetric(latest, hours),
            at_most=limit,
            unit="hours",
            severity="warning",
        )
        for limit in (WARN_HOURS, ERROR_HOURS)
    ]


def _in_order(order: _Order) -> Check:
    slack = f" (give or take {order.tolerance})" if order.tolerance != "0 days" else ""
    return failing_rows(
        order.table,
        f"{order.earlier} is not after {order.later}{slack}",
        # A day compares with a moment as its midnight in UTC, the time zone of the session that counts.
        f"{identifier(order.earlier)} > {identifier(order.later)} + interval '{order.tolerance}'",
        severity=order.severity,
    )


def _not_ahead(table: str, now: datetime) -> Check:
    ahead = f"\"source_updated_at\" > {_moment(now)} + interval '1 day'"
    return failing_rows(table, "no record was changed in the future", ahead, severity="warning")


def _not_after(table: str, column: str, as_of: date) -> Check:
    return failing_rows(table, f"{column} is not after the as-of date", f"{identifier(column)} > {literal(as_of)}")


def _moment(moment: datetime) -> str:
    return f"timestamptz '{moment.isoformat()}'"
