"""Validation with Great Expectations; the only module that uses it.

It is imported within functions: the import takes 3 seconds, 5 without cached bytecode, which commands without an audit
should not pay.
"""

import logging
import re
import sys
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import psycopg
from sqlalchemy.exc import SQLAlchemyError

from definitions.config.suggestions import suggestion
from definitions.config.yaml_file import FieldPath
from definitions.errors import AuditRefusedError
from expectations.declared import DeclaredExpectation, names_of
from expectations.measure import CheckMetric, long_table
from expectations.report import CheckResult
from expectations.session import connection_lost
from expectations.suites.structure import HISTORY

DECLARED = "declared"  # name of the suite of declared expectations

# An address that Great Expectations accepts; it is never used, because connections come from our own function. The
# library refuses a password with a blank or a `$`, and a socket without a host.
_PLACEHOLDER_URL = "postgresql+psycopg://nobody@localhost/nowhere"
# Counts only: rows and their values stay in the database.
_COUNTS = {"result_format": "BASIC", "partial_unexpected_count": 0}
# Arguments that a customer may not set: they name results, stores and runs, or are declared beside the arguments.
_RESERVED_ARGUMENTS = {
    "batch_id", "catch_exceptions", "condition_parser", "id", "meta", "notes", "rendered_content", "result_format",
    "severity", "windows",
}  # fmt: skip
_CONDITION = '{type: comparison, column: {name: amount}, operator: ">", parameter: 1000}'
# Compares with another data source; an audit has only one.
_UNUSABLE = {"ExpectQueryResultsToMatchComparison"}
_DATABASE_ERROR = re.compile(r"\(psycopg\.(?:errors\.)?(\w+)\)")


def import_great_expectations() -> Any:
    """Import Great Expectations without its warnings and log messages; a repeated import costs nothing."""
    with warnings.catch_warnings():
        # Its modules use deprecated parts of the standard library.
        warnings.simplefilter("ignore", DeprecationWarning)
        import great_expectations  # noqa: PLC0415  # see the top of the file
    # It logs every temporary folder it makes, and the traceback of errors that it also returns as results.
    logging.getLogger("great_expectations").setLevel(logging.CRITICAL)
    return great_expectations


def judge(metrics: Sequence[CheckMetric], operation: str) -> list[bool]:
    """Return for each metric whether it is not null and within its bounds.

    Raises `AuditRefusedError` if Great Expectations could not judge.
    """
    if not metrics:
        return []
    expected = import_great_expectations().expectations
    ordered = expected.ExpectColumnPairValuesAToBeGreaterThanB
    batch = (
        _context()
        .data_sources.add_pandas("audit")
        .add_dataframe_asset("metrics")
        .add_batch_definition_whole_dataframe("all")
        .get_batch({"dataframe": long_table(metrics).to_pandas()})
    )
    results = _validated(
        batch,
        [
            expected.ExpectTableRowCountToEqual(value=len(metrics)),
            expected.ExpectColumnValuesToNotBeNull(column="number"),
            ordered(column_A="number", column_B="at_least", or_equal=True, ignore_row_if="neither"),
            ordered(column_A="at_most", column_B="number", or_equal=True, ignore_row_if="neither"),
        ],
        {"result_format": "COMPLETE", "unexpected_index_column_names": ["suite", "check"]},
    )
    failed: set[tuple[str, str]] = set()
    for result in results:
        unexpected = result.result.get("unexpected_index_list") or []
        if _error_of(result) or not (result.success or unexpected):
            raise AuditRefusedError(
                f"{operation} measured, but Great Expectations could not judge the numbers; the published tables stay "
                "as they were. Check that what requirements.lock names is installed; run again."
            )
        failed.update((row["suite"], row["check"]) for row in unexpected)
    return [(metric.suite, metric.check.name) not in failed for metric in metrics]


def evaluate(
    declared: Sequence[DeclaredExpectation], connect: Callable[[], psycopg.Connection], operation: str
) -> list[CheckResult]:
    """Let Great Expectations evaluate each declared expectation on its table, in the order declared.

    `connect` opens sessions that find the tables by their unqualified names. An expectation fails if it cannot be
    evaluated or had nothing to judge. Raises `AuditRefusedError` if the connection to the warehouse is lost.
    """
    if not declared:
        return []
    expected = import_great_expectations().expectations
    names = names_of(declared)
    results: dict[int, CheckResult] = {}
    with _source(connect, operation) as source:
        for table in dict.fromkeys(declaration.table for declaration in declared):
            members = {number: declaration for number, declaration in enumerate(declared) if declaration.table == table}
            asset = source.add_table_asset(table, table_name=table)
            batch = asset.add_batch_definition_whole_table("staged").get_batch()
            has_rows = expected.ExpectTableRowCountToBeBetween(min_value=1, meta={"number": None})
            instances = [_instance(expected, declaration, number) for number, declaration in members.items()]
            validated = _validated(batch, [has_rows, *instances], _COUNTS)
            found = {result.expectation_config.meta["number"]: result for result in validated}
            is_empty = not found.pop(None).success
            for number, result in found.items():
                results[number] = _result(members[number], names[number], result, operation, is_empty=is_empty)
    return [results[number] for number in range(len(declared))]


def mistakes_in(declared: Sequence[DeclaredExpectation]) -> dict[FieldPath, str]:
    """Find classes and arguments that Great Expectations does not have; return mistakes by path in the list."""
    expected = import_great_expectations().expectations
    classes = _classes(expected)
    mistakes: dict[FieldPath, str] = {}
    for number, declaration in enumerate(declared):
        expectation_class = classes.get(declaration.expectation)
        if expectation_class is not None:
            mistakes |= {
                (number, *field_path): reason
                for field_path, reason in _wrong_arguments(expectation_class, declaration).items()
            }
        elif hasattr(expected, declaration.expectation):
            mistakes[number, "expectation"] = f"{declaration.expectation} cannot be evaluated in PostgreSQL"
        else:
            guess = suggestion(declaration.expectation, classes, most=0)
            mistakes[number, "expectation"] = (
                f"Great Expectations has no expectation {declaration.expectation!r}{guess}"
            )
    return mistakes


def _context() -> Any:
    """Create an in-memory context without progress bars and analytics."""
    great_expectations = import_great_expectations()
    from great_expectations.data_context.types.base import ProgressBarsConfig  # noqa: PLC0415  # see the top

    context = great_expectations.get_context(mode="ephemeral")
    context.enable_analytics(enable=False)
    context.variables.progress_bars = ProgressBarsConfig(globally=False, metric_calculations=False)
    return context


@contextmanager
def _source(connect: Callable[[], psycopg.Connection], operation: str) -> Iterator[Any]:
    """Yield a data source for staged tables and close its engines; its errors are raised as `AuditRefusedError`."""
    from great_expectations.exceptions.exceptions import GreatExpectationsError  # noqa: PLC0415  # see the top

    try:
        source = _context().data_sources.add_postgres(
            "warehouse", connection_string=_PLACEHOLDER_URL, kwargs={"creator": connect}
        )
        try:
            yield source
        finally:
            # The data source has two engines, each with a pool, and closes neither.
            source.get_engine().dispose()
            source.get_execution_engine().close()
    except (GreatExpectationsError, SQLAlchemyError, ConnectionError) as error:
        kind = type(error).__name__
    else:
        return
    raise connection_lost(operation, kind)


def _validated(batch: Any, expectations: list[Any], result_format: Mapping[str, Any]) -> list[Any]:
    suite = import_great_expectations().ExpectationSuite(name="audit", expectations=expectations)
    return list(batch.validate(suite, result_format=result_format).results)


def _instance(expected: Any, declaration: DeclaredExpectation, number: int) -> Any:
    return getattr(expected, declaration.expectation)(
        **declaration.arguments, severity=declaration.severity, meta={"number": number}
    )


def _result(declaration: DeclaredExpectation, name: str, result: Any, operation: str, *, is_empty: bool) -> CheckResult:
    """Describe a result; only counts are read from it, since other parts hold values of rows."""
    counts = result.result
    unexpected, rows = counts.get("unexpected_count"), counts.get("element_count")
    is_success, observed = bool(result.success), "met" if result.success else "not met"
    if kind := _error_of(result):
        if issubclass(getattr(psycopg.errors, kind, Exception), psycopg.OperationalError) or kind == "OperationalError":
            raise connection_lost(operation, kind)
        is_success, observed = False, f"not evaluated ({kind})"
    elif why := _nothing_judged(declaration, rows, counts.get("missing_count"), is_empty=is_empty):
        # Great Expectations lets these pass.
        is_success = declaration.table in HISTORY or (not is_empty and "row_condition" in declaration.arguments)
        observed = f"nothing to judge: {why}"
    elif rows is not None:
        nulls = f", {counts['missing_count']} null" if counts.get("missing_count") else ""
        observed = f"{unexpected} of {rows} rows unexpected{nulls}"
    elif isinstance(observed_value := counts.get("observed_value"), int):
        # A number of rows or of distinct values; other aggregates observe a value of a row.
        if declaration.expectation == "UnexpectedRowsExpectation":
            unexpected, observed = observed_value, f"{observed_value} rows unexpected"
        elif "Count" in declaration.expectation:
            observed = f"{observed}: {observed_value}"
    return CheckResult(
        suite=DECLARED,
        expectation=name,
        table=declaration.table,
        severity=declaration.severity,
        is_success=is_success,
        unexpected_count=unexpected,
        observed=observed,
    )


def _nothing_judged(
    declaration: DeclaredExpectation, rows: int | None, nulls: int | None, *, is_empty: bool
) -> str | None:
    """Return why an expectation about values had none to judge; null if it had, or is about the whole table."""
    if declaration.expectation.startswith("ExpectTable"):
        return None
    if is_empty:
        return "the table is empty"
    if rows == 0:
        return "no row meets row_condition"
    return "every value is null" if rows is not None and rows == nulls else None


def _error_of(result: Any) -> str | None:
    """Return the type of the error that prevented the evaluation, null if none; its text may quote a value."""
    info = result.exception_info or {}
    for exception in [info] if "raised_exception" in info else info.values():
        if exception["raised_exception"]:
            found = _DATABASE_ERROR.search(exception["exception_message"] or "")
            return found.group(1) if found else "Great Expectations raised an error"
    return None


def _classes(expected: Any) -> dict[str, Any]:
    """Return the expectations that work on PostgreSQL, by name; each module lists its supported databases."""
    named = {
        name: expectation
        for name, expectation in vars(expected).items()
        if isinstance(expectation, type) and name not in _UNUSABLE
    }
    databases = {
        name: getattr(sys.modules[expectation.__module__], "SUPPORTED_DATA_SOURCES", ())
        for name, expectation in named.items()
    }
    return {name: expectation for name, expectation in named.items() if "PostgreSQL" in databases[name]}


def _wrong_arguments(expectation_class: Any, declaration: DeclaredExpectation) -> dict[FieldPath, str]:
    from great_expectations.compatibility.pydantic import ValidationError  # noqa: PLC0415  # see the top of the file

    allowed = [name for name in expectation_class.__fields__ if name not in _RESERVED_ARGUMENTS]
    if unknown := [name for name in declaration.arguments if name not in allowed]:
        return {("arguments", name): _unknown(declaration, name, allowed) for name in unknown}
    if isinstance(declaration.arguments.get("row_condition"), str):
        return {("arguments", "row_condition"): f"a condition is not text; write it as {_CONDITION}"}
    query = declaration.arguments.get("unexpected_rows_query", "{batch}")
    if isinstance(query, str) and "{batch}" not in query:
        return {("arguments", "unexpected_rows_query"): "write {batch} where the table stands in the query"}
    mistakes: dict[FieldPath, str] = {}
    try:
        expectation_class(**declaration.arguments)
    except ValidationError as error:
        for problem in error.errors():
            argument = str(problem["loc"][0])
            if problem["type"] == "value_error.missing" and argument not in declaration.arguments:
                mistakes["arguments",] = f"{declaration.expectation} needs the argument {argument!r}"
            else:
                # The message of a value error may repeat the value.
                reason = "" if problem["type"] == "value_error" else f": {problem['msg']}"
                mistakes.setdefault(
                    ("arguments", argument), f"{declaration.expectation} does not take this {argument!r}{reason}"
                )
    return mistakes


def _unknown(declaration: DeclaredExpectation, name: str, allowed: Sequence[str]) -> str:
    if name == "severity":
        return "severity stands beside the arguments, not among them"
    return f"{declaration.expectation} has no argument {name!r}{suggestion(name, allowed, most=len(allowed))}"
