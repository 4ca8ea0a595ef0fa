"""Measure checks: all aggregates of one table in one scan, unpivoted to one row for each check.

A staged table is read once, whatever the number of suites. Left to count by itself, Great Expectations asks several
questions for each expectation and makes a scan for each query.
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
    """Aggregates of one table, by SQL: their values, and for those without one the kind of error."""

    values: Mapping[str, Any]
    broken: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckMetric:
    """The number of one check of one suite, and the rows it is about.

    `number` is null where there is none; `why_not` then has the kind of error, if it was one. `rows` is null for a
    number from several tables. `explanation` says more of a failure.
    """

    suite: str
    check: Check
    number: float | None
    rows: int | None = None
    why_not: str | None = None
    explanation: str | None = None

    @property
    def allowed_rows(self) -> int:
        """How many rows may fail."""
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

    A check whose SQL fails gets null, and so fails; the others are measured all the same. A suite without checks gets
    one that fails: Great Expectations would call it a success.
    """
    suites = [suite if suite.checks else _nothing_in(suite) for suite in suites]
    wanted: dict[str, dict[str, None]] = {}
    for suite in suites:
        for check in suite.checks:
            for aggregate in _aggregates(check):
                wanted.setdefault(aggregate.table, {})[aggregate.sql] = None
    scanned = {table: _scan(connection, table, list(aggregates)) for table, aggregates in wanted.items()}
    return [_metric(suite.name, check, scanned) for suite in suites for check in suite.checks]


def long_table(metrics: Sequence[CheckMetric]) -> pl.DataFrame:
    """One row a check: where it belongs, its number (null where there is none), and the bounds it must lie between."""
    rows = [
        (one.suite, one.check.table, one.check.name, one.check.severity, one.number, *one.bounds) for one in metrics
    ]
    words = dict.fromkeys(("suite", "table", "check", "severity"), pl.String())
    numbers = dict.fromkeys(("number", "at_least", "at_most"), pl.Float64())
    return pl.DataFrame(rows, schema={**words, **numbers}, orient="row", strict=False)


def _nothing_in(suite: Suite) -> Suite:
    hollow = CrossTableMetric((), lambda _: 0)
    name = f"{suite.name}: the suite has checks"
    one = Check(name=name, table="none", measure=Measure.NUMBER, across=hollow, at_least=1, unit="checks")
    return Suite(suite.name, (one,))


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
    """Compute the aggregates over the table in one scan; what cannot be computed is null and named in `broken`."""
    values: dict[str, Any] = dict.fromkeys(aggregates)
    broken: dict[str, str] = {}
    for start in range(0, len(aggregates), _MOST_COLUMNS):
        some = aggregates[start : start + _MOST_COLUMNS]
        # Planning finds a column that is not there at once; only what fails on a value has to be tried row by row.
        for trying in ("EXPLAIN SELECT", "SELECT", None):
            whole = [sql for sql in some if sql not in broken]
            if not whole:
                break
            try:
                row = row_of(connection, f"SELECT {', '.join(whole)} FROM {identifier(table)}")
            except psycopg.OperationalError:
                raise  # the server, its disk or its locks: no check is to blame
            except psycopg.Error:
                if trying is None:
                    raise
                reasons = {sql: _error_of(connection, f"{trying} {sql} FROM {identifier(table)}") for sql in whole}
                broken |= {sql: reason for sql, reason in reasons.items() if reason}
            else:
                values |= dict(zip(whole, row, strict=True))
                break
    return TableMetrics(values, broken)


def _error_of(connection: psycopg.Connection, query: str) -> str | None:
    """Tell the kind of error that a query ends with, if any: its text may quote a value."""
    try:
        run(connection, query)
    except psycopg.OperationalError:
        raise
    except psycopg.Error as error:
        return type(error).__name__
    return None
