"""One audit: the numbers are counted, judged, put into words, and shown."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from pathlib import Path

import psycopg
from sqlalchemy.engine import URL

from expectations.counts import Counted, Measured, count, drop, explained, from_all
from expectations.judging import judge, judging, rendered
from expectations.pages import write_pages
from expectations.report import AuditReport, CheckResult
from expectations.session import counting
from expectations.suite import Check, Measure, Suite


def audit(
    url: str | URL,
    suites: Iterable[Suite],
    *,
    run_id: str,
    now: datetime,
    schema: str = "staging",
    documents: Path | None = None,
    connected: Callable[[psycopg.Connection], None] = lambda _connection: None,
    imported: Callable[[], object] = lambda: None,
) -> AuditReport:
    """Check the tables of `schema` against the suites; replace the Data Docs in the folder `documents` if one is given.

    Nothing is raised for a failed check, an unknown table or column, or an empty suite: each is a failed result.
    `now` and `run_id` name the run in the Data Docs; `connected` is given the session that counts, and
    `imported` returns when Great Expectations may be used. Raises `AuditRefusedError` when the warehouse cannot be
    reached, or is lost before the last number is judged.
    """
    suites, doing = tuple(suites), f"the audit of run {run_id}"
    with counting(url, schema, doing) as connection:
        connected(connection)
        counted = count(connection, suites)
        imported()
        queries = {table: f"SELECT * {from_all(numbers, schema)}" for table, numbers in counted.items()}
        with judging(url, queries, doing) as context:
            judged = judge(context, counted, run_id)
        for one in counted.values():
            drop(connection, one)
        results = [result for suite in suites for result in _results(connection, suite, counted, judged.passed)]
    report = AuditReport(tuple(results))
    if documents is not None:
        write_pages(documents, rendered(judged), report, run_id=run_id, now=now)
    return report


def _results(
    connection: psycopg.Connection,
    suite: Suite,
    counted: Mapping[str, Counted],
    passed: Mapping[tuple[str, str], bool],
) -> list[CheckResult]:
    if not suite.checks:
        return [_nothing_in(suite)]
    tables = dict.fromkeys(check.table for check in suite.checks)
    return [
        # A check that was not judged has failed; so has one whose number is missing.
        _result(connection, suite.name, measured, is_success=passed.get((suite.name, measured.check.name), False))
        for table in tables
        for measured in counted[table].measured[suite.name]
    ]


def _result(connection: psycopg.Connection, suite: str, measured: Measured, *, is_success: bool) -> CheckResult:
    check = measured.check
    told = [_in_words(measured)]
    if not is_success and (why := explained(connection, check)):
        told.append(why)
    if check.accepted_because is not None and not is_success:
        told.append(f"let through: {check.accepted_because}")
    is_count = check.measure is not Measure.NUMBER
    return CheckResult(
        suite=suite,
        expectation=check.name,
        table=check.table,
        is_blocking=check.stops_publication,
        is_success=is_success,
        unexpected_count=int(measured.number) if is_count and measured.number is not None else None,
        observed="; ".join(told),
    )


def _in_words(measured: Measured) -> str:
    check, number = measured.check, measured.number
    if number is None:
        return f"not measured ({measured.why_not or 'there is nothing to measure'})"
    if check.measure is Measure.NUMBER:
        # Two decimals at most: hours and amounts need no more.
        return f"{round(number, 2):.15g} {check.unit}, expected {_bounds(check)}"
    allowed = f", at most {measured.limit} allowed" if measured.limit else ""
    of = f" of {measured.scope}" if check.unit == "rows" else ""
    return f"{int(number)}{of} {check.unit}{allowed}"


def _bounds(check: Check) -> str:
    if check.at_least is None:
        return f"at most {check.at_most:.10g}"
    if check.at_most is None:
        return f"at least {check.at_least:.10g}"
    return f"{check.at_least:.10g} to {check.at_most:.10g}"


def _nothing_in(suite: Suite) -> CheckResult:
    """A suite without checks finds nothing wrong, and Great Expectations calls that a success; it is none."""
    return CheckResult(
        suite=suite.name,
        expectation=f"{suite.name}: the suite has checks",
        table="none",
        is_blocking=True,
        is_success=False,
        unexpected_count=None,
        observed="no checks",
    )
