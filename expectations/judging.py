"""The only file that knows Great Expectations: it judges the counted numbers and renders its Data Docs.

It is imported within functions: that takes 3 seconds, 5 where Python keeps no bytecode, which every command that audits
nothing would pay.
"""

import html
import logging
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import psycopg
from sqlalchemy import select
from sqlalchemy.engine import URL
from sqlalchemy.exc import SQLAlchemyError

from definitions.errors import AuditRefusedError
from expectations.counts import Counted, Measured
from expectations.session import broken_off, connection_settings, limits
from expectations.suite import Check, Measure

# An address of the shape that Great Expectations accepts; nobody connects to it.
_STANDING_IN = "postgresql+psycopg://nobody@localhost/nowhere"
_LONGEST_SQL = 300  # a whole ladder of classes explains nothing on a page


@dataclass(frozen=True, slots=True)
class Judged:
    """By suite and check, whether it passed; by suite and table, what Great Expectations said of its checks."""

    passed: dict[tuple[str, str], bool] = field(default_factory=dict)
    results: dict[tuple[str, str], Any] = field(default_factory=dict)


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
def judging(url: str | URL, queries: Mapping[str, str], doing: str, *, seconds: float) -> Iterator[Any]:
    """Make a context that lives in memory, shows no progress bars, tells nobody, and closes what it opens.

    Its source gives the rows of the `queries`, by name. They come with it, since an asset added later has the whole
    context written as YAML again, for nobody: a fifth of the judging. The server ends a query of it after `seconds`.
    Errors of the context, and those of the library by which it asks, are raised as `AuditRefusedError`.
    """
    great_expectations = import_great_expectations()
    from great_expectations.data_context.types.base import ProgressBarsConfig  # noqa: PLC0415  # see the top
    from great_expectations.exceptions.exceptions import GreatExpectationsError  # noqa: PLC0415  # see the top

    context = great_expectations.get_context(mode="ephemeral")
    context.enable_analytics(enable=False)
    context.variables.progress_bars = ProgressBarsConfig(globally=False, metric_calculations=False)
    try:
        assets = [{"type": "query", "name": name, "query": query} for name, query in queries.items()]
        source = context.data_sources.add_postgres(
            "warehouse", connection_string=_STANDING_IN, kwargs={"creator": _connecting(url, seconds)}, assets=assets
        )
        try:
            yield context
        finally:
            # It keeps two engines, each with a pool, and closes neither.
            source.get_engine().dispose()
            source.get_execution_engine().close()
    except (GreatExpectationsError, SQLAlchemyError, ConnectionError) as error:
        raise broken_off(doing, error) from None


def judge(context: Any, counted: Mapping[str, Counted], run_id: str) -> Judged:
    """Let Great Expectations judge each number.

    A suite is judged where it stands: kept in its stores with a definition of the validation, as a checkpoint wants it,
    the same judgement takes twice as long. Raises `AuditRefusedError` where it could not read a number that was
    counted: it would call that a failed check.
    """
    from great_expectations import ExpectationSuite  # noqa: PLC0415  # see the top

    source, judged = context.data_sources.get("warehouse"), Judged()
    for table, numbers in counted.items():
        asset = source.get_asset(table)
        batch = asset.get_batch(asset.build_batch_request())
        for suite, measured in numbers.measured.items():
            if not measured:
                continue
            expected = ExpectationSuite(name=f"{suite}-{table}", expectations=[_expectation(one) for one in measured])
            validation = batch.validate(expected, result_format="BASIC")
            results = {result.expectation_config.meta["check"]: result for result in validation.results}
            read = {check: result.result.get("observed_value") is not None for check, result in results.items()}
            unread = [one.check.name for one in measured if one.number is not None and not read.get(one.check.name)]
            if unread:
                raise AuditRefusedError(
                    f"the audit of run {run_id} counted, but Great Expectations could not read {len(unread)} of "
                    f"{len(measured)} numbers of suite {suite} on {table}; the published tables stay as they were. "
                    "Check that the warehouse's server runs and takes our connections, and read its log; run again."
                )
            judged.passed.update({(suite, check): bool(result.success) for check, result in results.items()})
            judged.results[suite, table] = validation
    return judged


def rendered(judged: Judged) -> Iterator[tuple[str, str, str]]:
    """Render the Data Docs page of every suite and table that was judged: (suite, table, HTML)."""
    from great_expectations.render.renderer.page_renderer import (  # noqa: PLC0415  # see the top
        ValidationResultsPageRenderer,
    )

    page: Any = ValidationResultsPageRenderer()
    for (suite, table), validation in judged.results.items():
        yield suite, table, _view_of_pages().render(page.render(validation))


@cache
def _view_of_pages() -> Any:
    """Make what fills the templates; it reads each of them once."""
    from great_expectations.render.view.view import DefaultJinjaPageView  # noqa: PLC0415  # see the top

    view: Any = DefaultJinjaPageView()
    # Else it looks whether a template has changed whenever it is filled, thirty times a check.
    view.env.auto_reload = False
    return view


@cache
def _expectation_of_a_number() -> Any:
    """Make the expectation that every check is, once Great Expectations is imported.

    All checks of a batch share one metric, its only row. Asking for the highest value of a column, which is the same
    number, resolves twelve metrics a check: judging took 1.3 s instead of 0.7. What is expected does not change once it
    is made, but Great Expectations puts its configuration together anew each of the fifty times that it asks for it.
    """
    from great_expectations.compatibility.pydantic import PrivateAttr  # noqa: PLC0415  # see the top of the file
    from great_expectations.execution_engine.sqlalchemy_execution_engine import (  # noqa: PLC0415  # see the top
        SqlAlchemyExecutionEngine,
    )
    from great_expectations.expectations.core.expect_column_max_to_be_between import (  # noqa: PLC0415  # see the top
        ExpectColumnMaxToBeBetween,
    )
    from great_expectations.expectations.metrics.metric_provider import metric_value  # noqa: PLC0415  # see the top
    from great_expectations.expectations.metrics.table_metric_provider import (  # noqa: PLC0415  # see the top
        TableMetricProvider,
    )

    class CountedNumbers(TableMetricProvider):
        """The numbers of a batch, by column; those that could not be measured are null."""

        metric_name = "table.counted_numbers"

        @metric_value(engine=SqlAlchemyExecutionEngine)
        def _sqlalchemy(cls, execution_engine: Any, metric_domain_kwargs: Any, **_: Any) -> dict[str, Any]:  # noqa: N805
            rows = execution_engine.get_domain_records(domain_kwargs=metric_domain_kwargs)
            return dict(execution_engine.execute_query(select("*").select_from(rows)).mappings().one())

    class ExpectNumberToBeBetween(ExpectColumnMaxToBeBetween):
        """The number of one check lies between its bounds."""

        metric_dependencies = (CountedNumbers.metric_name,)
        _kept: Any = PrivateAttr(None)

        @property
        def configuration(self) -> Any:
            if self._kept is None:
                self._kept = super().configuration
            return self._kept

        def _validate(self, metrics: Any, *of_run: Any, **more: Any) -> Any:
            number = metrics[CountedNumbers.metric_name][self.column]
            return super()._validate({"column.max": number}, *of_run, **more)

    return ExpectNumberToBeBetween


def _expectation(measured: Measured) -> Any:
    from great_expectations.expectations.metadata_types import FailureSeverity  # noqa: PLC0415  # see the top

    check = measured.check
    low, high = (check.at_least, check.at_most) if check.measure is Measure.NUMBER else (0, measured.limit or 0)
    return _expectation_of_a_number()(
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


def _connecting(url: str | URL, seconds: float) -> Callable[[], psycopg.Connection]:
    """What connects to the warehouse in the place of Great Expectations' address, with the limits of such a session.

    That would be refused where a password holds a blank or a `$`, or where a socket needs no user.
    """
    settings = connection_settings(url)
    given = [settings.pop("options")] if "options" in settings else []
    options = " ".join((*given, *(f"-c {name}={value}" for name, value in limits(seconds).items())))
    return lambda: psycopg.connect(**settings, options=options)
