"""The only file that knows Great Expectations: it judges the counted numbers and writes its Data Docs."""

import logging
import warnings
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy.engine import URL, make_url

from expectations.counts import Counted, Measured, count, counting, drop, explained
from expectations.pages import clear, make_self_contained, write_index
from expectations.report import AuditReport, CheckResult
from expectations.suite import Check, Measure, Suite, identifier

_SITE = "audit"
_LONGEST_NOTE = 300  # a whole ladder of classes explains nothing on a page


def audit(
    url: str | URL,
    suites: Iterable[Suite],
    *,
    run_id: str,
    now: datetime,
    schema: str = "staging",
    documents: Path | None = None,
) -> AuditReport:
    """Check the tables of `schema` against the suites; replace the Data Docs in the folder `documents` if one is given.

    Nothing is raised for a failed check, an unknown table or column, or an empty suite: each is a failed result.
    `now` and `run_id` name the run in the Data Docs. Raises `AuditRefusedError` when the warehouse cannot be reached.
    """
    results: list[CheckResult] = []
    with counting(url, schema) as connection, _context(url, documents) as context:
        for suite in suites:
            if not suite.checks:
                results.append(_nothing_in(suite))
            for table in dict.fromkeys(check.table for check in suite.checks):
                counted = count(connection, suite, table)
                try:
                    judged = _judge(context, schema, counted, run_id=run_id, now=now)
                finally:
                    drop(connection, counted)
                results += [_result(connection, suite.name, one, judged) for one in counted.measured]
        if documents is not None:
            context.build_data_docs(site_names=[_SITE])
            make_self_contained(documents)
    report = AuditReport(tuple(results))
    if documents is not None:
        write_index(documents, report, run_id)
    return report


@contextmanager
def _context(url: str | URL, documents: Path | None) -> Iterator[Any]:
    """Make a context that lives in memory, shows no progress bars, tells nobody, and closes what it opens."""
    with warnings.catch_warnings():
        # Its modules use parts of the standard library that are on their way out.
        warnings.simplefilter("ignore", DeprecationWarning)
        # Imported late: it takes 6 to 11 seconds, which `bantam --help` and every other command would pay.
        import great_expectations  # noqa: PLC0415
        from great_expectations.data_context.types.base import ProgressBarsConfig  # noqa: PLC0415
    # It tells of every temporary folder it makes.
    logging.getLogger("great_expectations").setLevel(logging.WARNING)
    context = great_expectations.get_context(mode="ephemeral")
    context.enable_analytics(enable=False)
    context.variables.progress_bars = ProgressBarsConfig(globally=False, metric_calculations=False)
    source = context.data_sources.add_postgres("warehouse", connection_string=address(url))
    if documents is not None:
        clear(documents)
        store = {"class_name": "TupleFilesystemStoreBackend", "base_directory": str(documents.resolve())}
        index = {"class_name": "DefaultSiteIndexBuilder"}
        site: Any = {"class_name": "SiteBuilder", "store_backend": store, "site_index_builder": index}
        context.add_data_docs_site(_SITE, site)
    try:
        yield context
    finally:
        # It keeps two engines, each with a pool, and closes neither.
        source.get_engine().dispose()
        source.get_execution_engine().close()


def address(url: str | URL) -> str:
    """Write the address as Great Expectations takes it: with the driver, and with a host even for a socket.

    >>> address("postgresql://ada:s3cret@/bantam?host=/run/pg")
    'postgresql+psycopg://ada:s3cret@localhost/bantam?host=%2Frun%2Fpg'
    """
    parsed = make_url(url).set(drivername="postgresql+psycopg")
    named = parsed if parsed.host else parsed.set(host="localhost")
    return named.render_as_string(hide_password=False)


def _judge(
    context: Any,
    schema: str,
    counted: Counted,
    *,
    run_id: str,
    now: datetime,
) -> Mapping[str, tuple[bool, float | None]]:
    """Let Great Expectations judge each number: by check, whether it passed and the number it saw."""
    from great_expectations import ExpectationSuite, ValidationDefinition  # noqa: PLC0415  # see `_context`
    from great_expectations.core.run_identifier import RunIdentifier  # noqa: PLC0415

    name = f"{counted.suite}-{counted.table}"
    query = f"SELECT * FROM {identifier(schema)}.{identifier(counted.counts_table)}"
    asset = context.data_sources.get("warehouse").add_query_asset(name, query=query)
    expected = ExpectationSuite(name=name, expectations=[_expectation(one) for one in counted.measured])
    definition = ValidationDefinition(
        name=name,
        data=asset.add_batch_definition_whole_table("counts"),
        suite=context.suites.add(expected),
    )
    validation = context.validation_definitions.add(definition).run(
        result_format="BASIC", run_id=RunIdentifier(run_name=run_id, run_time=now)
    )
    return {
        result.expectation_config.meta["check"]: (bool(result.success), result.result.get("observed_value"))
        for result in validation.results
    }


def _expectation(measured: Measured) -> Any:
    """The table of numbers has one row, so that the highest number of a column is the number."""
    from great_expectations.expectations.core.expect_column_max_to_be_between import (  # noqa: PLC0415  # see `_context`
        ExpectColumnMaxToBeBetween,
    )
    from great_expectations.expectations.metadata_types import FailureSeverity  # noqa: PLC0415

    check = measured.check
    low, high = (check.at_least, check.at_most) if check.measure is Measure.NUMBER else (0, measured.limit or 0)
    return ExpectColumnMaxToBeBetween(
        column=measured.column,
        min_value=low,
        max_value=high,
        description=check.name,
        notes=f"`{check.sql}`" if len(check.sql) <= _LONGEST_NOTE else None,
        severity=FailureSeverity.CRITICAL if check.stops_publication else FailureSeverity.WARNING,
        meta={"check": check.name},
    )


def _result(
    connection: psycopg.Connection,
    suite: str,
    measured: Measured,
    judged: Mapping[str, tuple[bool, float | None]],
) -> CheckResult:
    check = measured.check
    # A check that was not judged has failed; so has one whose number is missing.
    is_success, number = judged.get(check.name, (False, None))
    told = [_in_words(measured, number)]
    if not is_success and (why := explained(connection, check)):
        told.append(why)
    if check.accepted_because is not None and not is_success:
        told.append(f"let through: {check.accepted_because}")
    counts_failures = check.measure is not Measure.NUMBER and number is not None
    return CheckResult(
        suite=suite,
        expectation=check.name,
        table=check.table,
        is_blocking=check.stops_publication,
        is_success=is_success,
        unexpected_count=int(number) if counts_failures and number is not None else None,
        observed="; ".join(told),
    )


def _in_words(measured: Measured, number: float | None) -> str:
    check = measured.check
    if number is None:
        return f"not measured ({measured.why_not or 'there is nothing to measure'})"
    if check.measure is Measure.NUMBER:
        return f"{number:.10g} {check.unit}, expected {_bounds(check)}"
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
