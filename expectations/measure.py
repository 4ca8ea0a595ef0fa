"""Measure checks: all aggregates of one table in one scan, unpivoted to one row for each check.

A staged table is read once, whatever the number of suites. Great Expectations alone would run several queries for each
expectation, with a scan for each query.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import inf
from typing import Any

import polars as pl
import psycopg

from definitions.sql_text import identifier
from expectations.check import Aggregate, Check, CrossTableMetric, Measure, Suite
from expectations.session import row_of, run

_MOST_COLUMNS = 1600  # PostgreSQL takes 1664 in one SELECT


@dataclass(frozen=True, slots=True)
class TableMetrics:
    """Aggregates of one table, by SQL: their values, and the error type of those that failed."""

    values: Mapping[str, Any]
    broken: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckMetric:
    """Measured number of one check of one suite, and the number of rows it refers to.

    `number` is null if it could not be measured; `why_not` then has the error type, if there was an error. `rows` is
    null for a number from several tables. `explanation` adds detail to a failure.
    """

    suite: str
    check: Check
    number: float | None
    rows: int | None = None
    why_not: str | None = None
    explanation: str | None = None

    @property
    def allowed_rows(self) -> int:
        """Number of rows that may fail."""
        return int(self.check.tolerance * (self.rows or 0))

    @property
    def bounds(self) -> tuple[float, float]:
        """The lowest and the highest number with which the check passes."""
        check = self.check
        if check.measure is not Measure.NUMBER:
            return 0, self.allowed_rows
        return -inf if check.at_least is None else check.at_least, inf if check.at_most is None else check.at_most


def measure(connection: psycopg.Connection, suites: Sequence[Suite]) -> list[CheckMetric]:
    """Measure the checks of all suites, one metric for each, in the order of the suites.

    A check whose SQL fails gets null, and so fails; the others are measured anyway. A suite without checks gets one
    that fails: Great Expectations would report success.
    """
    suites = [suite if suite.checks else _empty_suite_check(suite) for suite in suites]
    wanted: dict[str, dict[str, None]] = {}
    for suite in suites:
        for check in suite.checks:
            for aggregate in _aggregates(check):
                wanted.setdefault(aggregate.table, {})[aggregate.sql] = None
    scanned = {table: _scan(connection, table, list(aggregates)) for table, aggregates in wanted.items()}
    return [_metric(suite.name, check, scanned) for suite in suites for check in suite.checks]


def long_table(metrics: Sequence[CheckMetric]) -> pl.DataFrame:
    """Build a frame with one row for each check: suite, table, name, number (null if not measured) and bounds."""
    rows = [
        (metric.suite, metric.check.table, metric.check.name, metric.check.severity, metric.number, *metric.bounds)
        for metric in metrics
    ]
    words = dict.fromkeys(("suite", "table", "check", "severity"), pl.String())
    numbers = dict.fromkeys(("number", "at_least", "at_most"), pl.Float64())
    return pl.DataFrame(rows, schema={**words, **numbers}, orient="row", strict=False)


def _empty_suite_check(suite: Suite) -> Suite:
    no_metric = CrossTableMetric((), lambda _: 0)
    name = f"{suite.name}: the suite has checks"
    check = Check(name=name, table="none", measure=Measure.NUMBER, across=no_metric, at_least=1, unit="checks")
    return Suite(suite.name, (check,))


def _aggregates(check: Check) -> Iterator[Aggregate]:
    if check.across is not None:
        yield from check.across.aggregates
        return
    yield Aggregate(check.table, _number_of(check))
    yield Aggregate(check.table, _rows_of(check))
    if check.explain is not None:
        yield Aggregate(check.table, check.explain)


def _number_of(check: Check) -> str:
    if check.measure is Measure.FAILING_ROWS:
        return f"count(*) FILTER (WHERE {check.sql})"
    return f"({check.sql})::{'bigint' if check.measure is Measure.FAILING_COUNT else 'double precision'}"


def _rows_of(check: Check) -> str:
    return f"count(*) FILTER (WHERE {check.among})" if check.among else "count(*)"


def _metric(suite: str, check: Check, scanned: Mapping[str, TableMetrics]) -> CheckMetric:
    if check.across is not None:
        why_not = _why_not(check.across.aggregates, scanned)
        parts = [scanned[table].values[sql] for table, sql in check.across.aggregates]
        number = None if why_not else check.across.combine(parts)
        return CheckMetric(suite=suite, check=check, number=number, why_not=why_not)
    aggregates = list(_aggregates(check))
    number, rows, *explained = (scanned[table].values[sql] for table, sql in aggregates)
    return CheckMetric(
        suite=suite,
        check=check,
        number=number if rows is not None else None,
        rows=rows,
        why_not=_why_not(aggregates[:2], scanned),
        explanation=explained[0] if explained else None,
    )


def _why_not(aggregates: Iterable[Aggregate], scanned: Mapping[str, TableMetrics]) -> str | None:
    reasons = (scanned[table].broken.get(sql) for table, sql in aggregates)
    return next((reason for reason in reasons if reason), None)


def _scan(connection: psycopg.Connection, table: str, aggregates: Sequence[str]) -> TableMetrics:
    """Compute the aggregates over the table in one scan; those that fail are null and listed in `broken`."""
    values: dict[str, Any] = dict.fromkeys(aggregates)
    broken: dict[str, str] = {}
    for start in range(0, len(aggregates), _MOST_COLUMNS):
        batch = aggregates[start : start + _MOST_COLUMNS]
        # EXPLAIN finds a missing column at once; only errors on values need a scan for each aggregate.
        for attempt in ("EXPLAIN SELECT", "SELECT", None):
            computable = [sql for sql in batch if sql not in broken]
            if not computable:
                break
            try:
                row = row_of(connection, f"SELECT {', '.join(computable)} FROM {identifier(table)}")
            except psycopg.OperationalError:
                raise  # caused by the server, its disk or its locks, not by a check
            except psycopg.Error:
                if attempt is None:
                    raise
                reasons = {
                    sql: _error_of(connection, f"{attempt} {sql} FROM {identifier(table)}") for sql in computable
                }
                broken |= {sql: reason for sql, reason in reasons.items() if reason}
            else:
                values |= dict(zip(computable, row, strict=True))
                break
    return TableMetrics(values, broken)


def _error_of(connection: psycopg.Connection, query: str) -> str | None:
    """Return the error type of a query, null if it succeeds; the error text may quote a value."""
    try:
        run(connection, query)
    except psycopg.OperationalError:
        raise
    except psycopg.Error as error:
        return type(error).__name__
    return None
