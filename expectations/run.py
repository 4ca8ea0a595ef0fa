"""One audit: the numbers are counted, judged, and put into words."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from time import monotonic

import psycopg
from sqlalchemy.engine import URL

from definitions.errors import AuditRefusedError, PipelineError
from definitions.foreign_errors import kind_and_place
from expectations.counts import Counted, Measured, count, drop, explained, from_all
from expectations.judging import Judged, judge, judging
from expectations.report import AuditReport, CheckResult
from expectations.session import counting
from expectations.suite import Check, Measure, Suite

# A count of the largest table takes seconds; who asks for no other limit waits no longer than half an hour.
LONGEST_SECONDS = 1800.0


@dataclass(frozen=True, slots=True)
class Audit:
    """What an audit came to: its `report`, and what its pages are rendered from."""

    report: AuditReport
    judged: Judged


def audit(
    url: str | URL,
    suites: Iterable[Suite],
    *,
    run_id: str,
    schema: str = "staging",
    seconds: float = LONGEST_SECONDS,
    connected: Callable[[psycopg.Connection], None] = lambda _connection: None,
    imported: Callable[[], object] = lambda: None,
) -> Audit:
    """Check the tables of `schema` against the suites.

    Nothing is raised for a failed check, an unknown table or column, or an empty suite: each is a failed result.
    The server ends a statement when `seconds` are over. `connected` is given the session that counts, and `imported`
    returns when Great Expectations may be used. Raises `AuditRefusedError` when the warehouse cannot be reached, or is
    lost before the last number is judged, or a library fails: that is told by kind and place alone.
    """
    doing = f"the audit of run {run_id}"
    try:
        return _audit(url, tuple(suites), doing, run_id, schema, seconds, connected, imported)
    except PipelineError:
        raise
    except Exception as error:
        place = kind_and_place(error)
    raise AuditRefusedError(
        f"{doing} met an error that nobody expected ({place}); the published tables stay as they were. Check that what "
        "requirements.lock names is installed, and that there is room on the disk and in memory; run again."
    )


def _audit(
    url: str | URL,
    suites: tuple[Suite, ...],
    doing: str,
    run_id: str,
    schema: str,
    seconds: float,
    connected: Callable[[psycopg.Connection], None],
    imported: Callable[[], object],
) -> Audit:
    end = monotonic() + seconds
    with counting(url, schema, doing, seconds=seconds) as connection:
        connected(connection)
        counted = count(connection, suites)
        imported()
        queries = {table: f"SELECT * {from_all(numbers, schema)}" for table, numbers in counted.items()}
        with judging(url, queries, doing, seconds=max(0.0, end - monotonic())) as context:
            judged = judge(context, counted, run_id)
        for one in counted.values():
            drop(connection, one)
        results = [result for suite in suites for result in _results(connection, suite, counted, judged.passed)]
    return Audit(AuditReport(tuple(results)), judged)


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
