"""Checks of dates and moments: how fresh the sources are, and whether what comes first came first.

Rules DQ-04 and DQ-10 of the hygiene catalogue. Stale data is told, not hidden: these checks never stop a publication,
except where our own book-keeping contradicts itself.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from definitions.schema.tables import DIM_ACCOUNT, DIM_PERSON, FCT_ACTIVITY, FCT_OPPORTUNITY
from expectations.suite import Check, Gathered, Measure, Suite, identifier, literal

WARN_HOURS, ERROR_HOURS = 26, 50
_DATED = (DIM_PERSON.name, DIM_ACCOUNT.name, FCT_OPPORTUNITY.name, FCT_ACTIVITY.name)
_EVERYWHERE = "all_records"


@dataclass(frozen=True, slots=True)
class _Order:
    """`earlier` does not come after `later`, give or take `tolerance`; a null in either says nothing."""

    table: str
    earlier: str
    later: str
    tolerance: str = "0 days"
    is_blocking: bool = False


# DQ-10 allows a day, because some sources keep days and others moments. Issues are dated by ourselves.
_ORDERS = (
    _Order("fct_hygiene_issue", "opened_on", "last_seen_on", is_blocking=True),
    _Order("fct_hygiene_issue", "opened_on", "resolved_on", is_blocking=True),
    _Order("fct_hygiene_issue", "last_seen_on", "resolved_on", is_blocking=True),
    _Order("dim_person", "lead_since_on", "mql_first_on", "1 day"),
    _Order("dim_person", "mql_first_on", "mql_latest_on", is_blocking=True),
    _Order("dim_person", "mql_first_on", "sales_accepted_on", "1 day"),
    _Order("dim_person", "sales_accepted_on", "sales_qualified_on", "1 day"),
    _Order("dim_person", "sales_accepted_on", "converted_at", "1 day"),
    _Order("dim_person", "first_seen_at", "source_updated_at", "1 day"),
    _Order("fct_opportunity", "created_on", "closed_at", "1 day"),
    _Order("fct_opportunity", "created_on", "stage_entered_on", "1 day"),
    _Order("fct_opportunity", "created_on", "last_meaningful_change_on", is_blocking=True),
)
# Days that the pipeline writes itself. `opened_on` comes before `last_seen_on`.
_OURS = (
    ("fct_hygiene_issue", "last_seen_on"),
    ("fct_hygiene_issue", "resolved_on"),
    ("dim_person", "lifecycle_class_since"),
    ("fct_opportunity", "pipeline_class_since"),
    ("fct_classification_change", "changed_on"),
    ("fct_opportunity_daily_snapshot", "snapshot_date"),
)


def times_suite(sources: Iterable[str], *, as_of: date, now: datetime) -> Suite:
    """Freshness of each of the configured `sources` against the moment `now`; order of dates; nothing from tomorrow.

    `now` is aware; `as_of` is the date the run is true for.
    """
    sources = tuple(sources)
    checks = [check for number, source in enumerate(sources) for check in _fresh(number, source, now)]
    checks += [_in_order(order) for order in _ORDERS]
    checks += [_not_ahead(table, now) for table in _DATED]
    checks += [_not_after(table, column, as_of) for table, column in _OURS]
    return Suite("times", tuple(checks), {_EVERYWHERE: _latest(sources, now)})


def _latest(sources: Sequence[str], now: datetime) -> Gathered:
    """The last change in each source, for each table that has dated records; what lies ahead of `now` says nothing."""
    told = f'"source_updated_at" <= {_moment(now)} AND "source_system" ='
    return Gathered(
        {
            _column(number, table): (table, f'max("source_updated_at") FILTER (WHERE {told} {literal(source)})')
            for number, source in enumerate(sources)
            for table in _DATED
        }
    )


def _column(number: int, table: str) -> str:
    """Name for the last change of a source in a table; numbered, because PostgreSQL cuts names off."""
    return f"latest_{number}_{table}"


def _fresh(number: int, source: str, now: datetime) -> list[Check]:
    """Hours since anything changed in the source; null, and so a failure, where the source has no row at all."""
    latest = ", ".join(identifier(_column(number, table)) for table in _DATED)
    return [
        Check(
            name=f"{source}: something changed in the last {limit} hours",
            table=_EVERYWHERE,
            measure=Measure.NUMBER,
            sql=f"extract(epoch FROM {_moment(now)} - max(greatest({latest}))) / 3600",
            at_most=limit,
            unit="hours",
            is_blocking=False,
        )
        for limit in (WARN_HOURS, ERROR_HOURS)
    ]


def _in_order(order: _Order) -> Check:
    slack = f" (give or take {order.tolerance})" if order.tolerance != "0 days" else ""
    return Check(
        name=f"{order.table}: {order.earlier} is not after {order.later}{slack}",
        table=order.table,
        measure=Measure.FAILING_ROWS,
        # A day compares with a moment as its midnight in UTC, the time zone of the session that counts.
        sql=f"{identifier(order.earlier)} > {identifier(order.later)} + interval '{order.tolerance}'",
        is_blocking=order.is_blocking,
    )


def _not_ahead(table: str, now: datetime) -> Check:
    return Check(
        name=f"{table}: no record was changed in the future",
        table=table,
        measure=Measure.FAILING_ROWS,
        sql=f"\"source_updated_at\" > {_moment(now)} + interval '1 day'",
        is_blocking=False,
    )


def _not_after(table: str, column: str, as_of: date) -> Check:
    return Check(
        name=f"{table}: {column} is not after the as-of date",
        table=table,
        measure=Measure.FAILING_ROWS,
        sql=f"{identifier(column)} > {literal(as_of)}",
    )


def _moment(moment: datetime) -> str:
    return f"timestamptz '{moment.isoformat()}'"
