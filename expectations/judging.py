"""The only file that knows Great Expectations: it judges the counted numbers and writes its Data Docs.

It is imported within functions: that takes 3 seconds, 5 where Python keeps no bytecode, which every command that audits
nothing would pay.
"""

import html
import logging
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import SQLAlchemyError

from definitions.errors import AuditRefusedError
from expectations.counts import Counted, Measured, from_all
from expectations.pages import clear, make_self_contained
from expectations.session import broken_off
from expectations.suite import Check, Measure

_SITE = "audit"
_LONGEST_SQL = 300  # a whole ladder of classes explains nothing on a page


def import_great_expectations() -> Any:
    """Import it, quietly; what is imported already costs nothing."""
    with warnings.catch_warnings():
        # Its modules use parts of the standard library that are on their way out.
        warnings.simplefilter("ignore", DeprecationWarning)
        import great_expectations  # noqa: PLC0415  # see the top of the file
    # It tells of every temporary folder it makes, and prints the traceback of whatever it then gives us as a result.
    logging.getLogger("great_expectations").setLevel(logging.CRITICAL)
    return great_expectations


@contextmanager
def judging(url: str | URL, documents: Path | None, doing: str) -> Iterator[Any]:
    """Make a context that lives in memory, shows no progress bars, tells nobody, and closes what it opens.

    Its errors, and those of the library by which it asks, are raised as `AuditRefusedError`.
    """
    great_expectations = import_great_expectations()
    from great_expectations.data_context.types.base import ProgressBarsConfig  # noqa: PLC0415  # see the top
    from great_expectations.exceptions.exceptions import GreatExpectationsError  # noqa: PLC0415  # see the top

    context = great_expectations.get_context(mode="ephemeral")
    context.enable_analytics(enable=False)
    context.variables.progress_bars = ProgressBarsConfig(globally=False, metric_calculations=False)
    try:
        source = context.data_sources.add_postgres("warehouse", connection_string=address(url))
        try:
            if documents is not None:
                clear(documents)
                context.add_data_docs_site(_SITE, _site(documents))
            yield context
        finally:
            # It keeps two engines, each with a pool, and closes neither.
            source.get_engine().dispose()
            source.get_execution_engine().close()
    except (GreatExpectationsError, SQLAlchemyError, ConnectionError) as error:
        raise broken_off(doing, error) from None


def judge(
    context: Any, schema: str, counted: Mapping[str, Counted], *, run_id: str, now: datetime
) -> dict[tuple[str, str], bool]:
    """Let Great Expectations judge each number: by suite and check, whether it passed.

    Raises `AuditRefusedError` where it could not read a number that was counted: it would call that a failed check.
    """
    from great_expectations import ExpectationSuite, ValidationDefinition  # noqa: PLC0415  # see the top
    from great_expectations.core.run_identifier import RunIdentifier  # noqa: PLC0415  # see the top

    passed: dict[tuple[str, str], bool] = {}
    for table, numbers in counted.items():
        query = f"SELECT * {from_all(numbers, schema)}"
        asset = context.data_sources.get("warehouse").add_query_asset(table, query=query)
        batch = asset.add_batch_definition_whole_table("counts")
        for suite, measured in numbers.measured.items():
            if not measured:
                continue
            name = f"{suite}-{table}"
            expected = ExpectationSuite(name=name, expectations=[_expectation(one) for one in measured])
            definition = ValidationDefinition(name=name, data=batch, suite=context.suites.add(expected))
            validation = context.validation_definitions.add(definition).run(
                result_format="BASIC", run_id=RunIdentifier(run_name=run_id, run_time=now)
            )
            results = {result.expectation_config.meta["check"]: result for result in validation.results}
            read = {check: result.result.get("observed_value") is not None for check, result in results.items()}
            unread = [one.check.name for one in measured if one.number is not None and not read.get(one.check.name)]
            if unread:
                raise AuditRefusedError(
                    f"the audit of run {run_id} counted, but Great Expectations could not read {len(unread)} of "
                    f"{len(measured)} numbers of suite {suite} on {table}; the published tables stay as they were. "
                    "Check that the warehouse's server runs and takes our connections, and read its log; run again."
                )
            passed |= {(suite, check): bool(result.success) for check, result in results.items()}
    return passed


def write_pages(context: Any, documents: Path) -> None:
    """Write a page for every suite and table that was judged."""
    context.build_data_docs(site_names=[_SITE])
    make_self_contained(documents)


def _expectation(measured: Measured) -> Any:
    """The table of numbers has one row, so that the highest number of a column is the number."""
    from great_expectations.expectations.core.expect_column_max_to_be_between import (  # noqa: PLC0415  # see the top
        ExpectColumnMaxToBeBetween,
    )
    from great_expectations.expectations.metadata_types import FailureSeverity  # noqa: PLC0415

    check = measured.check
    low, high = (check.at_least, check.at_most) if check.measure is Measure.NUMBER else (0, measured.limit or 0)
    return ExpectColumnMaxToBeBetween(
        column=measured.column,
        min_value=low,
        max_value=high,
        description=_described(check),
        severity=FailureSeverity.CRITICAL if check.stops_publication else FailureSeverity.WARNING,
        meta={"check": check.name},
    )


def _described(check: Check) -> str:
    """The words of the check and, where it is short, its SQL, as they are put on a page: it is taken as it stands."""
    words = html.escape(check.name, quote=False)
    return f"{words}<br><code>{html.escape(check.sql, quote=False)}</code>" if len(check.sql) <= _LONGEST_SQL else words


def _site(documents: Path) -> dict[str, Any]:
    """Pages of results only: they repeat the checks with their SQL, so that pages of checks tell nothing more."""
    return {
        "class_name": "SiteBuilder",
        "store_backend": {"class_name": "TupleFilesystemStoreBackend", "base_directory": str(documents.resolve())},
        "site_index_builder": {"class_name": "DefaultSiteIndexBuilder"},
        "site_section_builders": {"expectations": "None", "profiling": "None"},
        "show_how_to_buttons": False,
    }


def address(url: str | URL) -> str:
    """Write the address as Great Expectations takes it: with the driver, and with a host even for a socket.

    >>> address("postgresql://ada:s3cret@/bantam?host=/run/pg")
    'postgresql+psycopg://ada:s3cret@localhost/bantam?host=%2Frun%2Fpg'
    """
    parsed = make_url(url).set(drivername="postgresql+psycopg")
    named = parsed if parsed.host else parsed.set(host="localhost")
    return named.render_as_string(hide_password=False)
