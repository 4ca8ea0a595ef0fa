"""Validate with Great Expectations; the only file that knows it.

It is imported within functions: that takes 3 seconds, 5 where Python keeps no bytecode, which every command that audits
nothing would pay.
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
from expectations.session import broken_off
from expectations.suites.structure import HISTORY

DECLARED = "declared"  # name of the suite of declared expectations

# An address of the shape that Great Expectations accepts; nobody connects to it: a function of ours does. Its own check
# refuses a password with a blank or a `$`, and a socket without a host.
_STANDING_IN = "postgresql+psycopg://nobody@localhost/nowhere"
# Counts only: rows and their values stay in the database.
_COUNTS = {"result_format": "BASIC", "partial_unexpected_count": 0}
# Arguments that are not a customer's: they name results, stores and runs, or stand beside the arguments.
_OURS = {
    "batch_id", "catch_exceptions", "condition_parser", "id", "meta", "notes", "rendered_content", "result_format",
    "severity", "windows",
}  # fmt: skip
_CONDITION = '{type: comparison, column: {name: amount}, operator: ">", parameter: 1000}'
# Compares with another data source, of which there is none.
_UNUSABLE = {"ExpectQueryResultsToMatchComparison"}
_DATABASE_ERROR = re.compile(r"\(psycopg\.(?:errors\.)?(\w+)\)")


def import_great_expectations() -> Any:
    """Import it, quietly; what is imported already costs nothing."""
    with warnings.catch_warnings():
        # Its modules use parts of the standard library that are on their way out.
        warnings.simplefilter("ignore", DeprecationWarning)
        import great_expectations  # noqa: PLC0415  # see the top of the file
    # It tells of every temporary folder it makes, and prints the traceback of whatever it then gives us as a result.
    logging.getLogger("great_expectations").setLevel(logging.CRITICAL)
    return great_expectations


def judge(metrics: Sequence[CheckMetric], doing: str) -> list[bool]:
    """Say of each metric whether it is known and lies within its bounds.

    Raises `AuditRefusedError` where Great Expectations could not judge.
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
                f"{doing} measured, but Great Expectations could not judge the numbers; the published tables stay as "
                "they were. Check that what requirements.lock names is installed; run again."
            )
        failed.update((row["suite"], row["check"]) for row in unexpected)
    return [(one.suite, one.check.name) not in failed for one in metrics]


def evaluate(
    declared: Sequence[DeclaredExpectation], connect: Callable[[], psycopg.Connection], doing: str
) -> list[CheckResult]:
    """Let Great Expectations evaluate each declared expectation on its table, in the order declared.

    `connect` gives sessions that find the tables by their bare names. An expectation that cannot be evaluated has
    failed, and so has one that had nothing to judge. Raises `AuditRefusedError` where the warehouse is lost.
    """
    if not declared:
        return []
    expected = import_great_expectations().expectations
    names = names_of(declared)
    results: dict[int, CheckResult] = {}
    with _source(connect, doing) as source:
        for table in dict.fromkeys(one.table for one in declared):
            members = {number: one for number, one in enumerate(declared) if one.table == table}
            asset = source.add_table_asset(table, table_name=table)
            batch = asset.add_batch_definition_whole_table("staged").get_batch()
            has_rows = expected.ExpectTableRowCountToBeBetween(min_value=1, meta={"number": None})
            asked = [_made(expected, one, number) for number, one in members.items()]
            given = _validated(batch, [has_rows, *asked], _COUNTS)
            found = {one.expectation_config.meta["number"]: one for one in given}
            is_empty = not found.pop(None).success
            for number, result in found.items():
                results[number] = _result(members[number], names[number], result, doing, is_empty=is_empty)
    return [results[number] for number in range(len(declared))]


def mistakes_in(declared: Sequence[DeclaredExpectation]) -> dict[FieldPath, str]:
    """Find classes and arguments that Great Expectations does not have, by their place in the list."""
    expected = import_great_expectations().expectations
    classes = _classes(expected)
    mistakes: dict[FieldPath, str] = {}
    for number, one in enumerate(declared):
        made = classes.get(one.expectation)
        if made is not None:
            mistakes |= {(number, *place): said for place, said in _wrong_arguments(made, one).items()}
        elif hasattr(expected, one.expectation):
            mistakes[number, "expectation"] = f"{one.expectation} cannot be evaluated in PostgreSQL"
        else:
            guess = suggestion(one.expectation, classes, most=0)
            mistakes[number, "expectation"] = f"Great Expectations has no expectation {one.expectation!r}{guess}"
    return mistakes


def _context() -> Any:
    """Make a context that lives in memory, shows no progress bars and tells nobody."""
    great_expectations = import_great_expectations()
    from great_expectations.data_context.types.base import ProgressBarsConfig  # noqa: PLC0415  # see the top

    context = great_expectations.get_context(mode="ephemeral")
    context.enable_analytics(enable=False)
    context.variables.progress_bars = ProgressBarsConfig(globally=False, metric_calculations=False)
    return context


@contextmanager
def _source(connect: Callable[[], psycopg.Connection], doing: str) -> Iterator[Any]:
    """Give a source of staged tables and close what it opens; its errors are raised as `AuditRefusedError`."""
    from great_expectations.exceptions.exceptions import GreatExpectationsError  # noqa: PLC0415  # see the top

    try:
        source = _context().data_sources.add_postgres(
            "warehouse", connection_string=_STANDING_IN, kwargs={"creator": connect}
        )
        try:
            yield source
        finally:
            # It keeps two engines, each with a pool, and closes neither.
            source.get_engine().dispose()
            source.get_execution_engine().close()
    except (GreatExpectationsError, SQLAlchemyError, ConnectionError) as error:
        kind = type(error).__name__
    else:
        return
    raise broken_off(doing, kind)


def _validated(batch: Any, expectations: list[Any], result_format: Mapping[str, Any]) -> list[Any]:
    suite = import_great_expectations().ExpectationSuite(name="audit", expectations=expectations)
    return list(batch.validate(suite, result_format=result_format).results)


def _made(expected: Any, one: DeclaredExpectation, number: int) -> Any:
    return getattr(expected, one.expectation)(**one.arguments, severity=one.severity, meta={"number": number})


def _result(one: DeclaredExpectation, name: str, result: Any, doing: str, *, is_empty: bool) -> CheckResult:
    """Put a result into words; only counts are read from it, since other parts hold values of rows."""
    counts = result.result
    unexpected, rows = counts.get("unexpected_count"), counts.get("element_count")
    is_success, observed = bool(result.success), "met" if result.success else "not met"
    if kind := _error_of(result):
        if issubclass(getattr(psycopg.errors, kind, Exception), psycopg.OperationalError) or kind == "OperationalError":
            raise broken_off(doing, kind)
        is_success, observed = False, f"not evaluated ({kind})"
    elif why := _nothing_judged(one, rows, counts.get("missing_count"), is_empty=is_empty):
        # Great Expectations lets these pass.
        is_success = one.table in HISTORY or (not is_empty and "row_condition" in one.arguments)
        observed = f"nothing to judge: {why}"
    elif rows is not None:
        nulls = f", {counts['missing_count']} null" if counts.get("missing_count") else ""
        observed = f"{unexpected} of {rows} rows unexpected{nulls}"
    elif isinstance(seen := counts.get("observed_value"), int):
        # A number of rows or of distinct values; what other aggregates observe is somebody's value.
        if one.expectation == "UnexpectedRowsExpectation":
            unexpected, observed = seen, f"{seen} rows unexpected"
        elif "Count" in one.expectation:
            observed = f"{observed}: {seen}"
    return CheckResult(
        suite=DECLARED,
        expectation=name,
        table=one.table,
        severity=one.severity,
        is_success=is_success,
        unexpected_count=unexpected,
        observed=observed,
    )


def _nothing_judged(one: DeclaredExpectation, rows: int | None, nulls: int | None, *, is_empty: bool) -> str | None:
    """Why an expectation about values had none to judge; null where it had, or is about the table as a whole."""
    if one.expectation.startswith("ExpectTable"):
        return None
    if is_empty:
        return "the table is empty"
    if rows == 0:
        return "no row meets row_condition"
    return "every value is null" if rows is not None and rows == nulls else None


def _error_of(result: Any) -> str | None:
    """Name the kind of error that kept an expectation from being evaluated; its text may quote a value."""
    info = result.exception_info or {}
    for one in [info] if "raised_exception" in info else info.values():
        if one["raised_exception"]:
            found = _DATABASE_ERROR.search(one["exception_message"] or "")
            return found.group(1) if found else "Great Expectations raised an error"
    return None


def _classes(expected: Any) -> dict[str, Any]:
    """Expectations that work on PostgreSQL, by name; each module says for which databases its own is made."""
    named = {name: one for name, one in vars(expected).items() if isinstance(one, type) and name not in _UNUSABLE}
    databases = {
        name: getattr(sys.modules[one.__module__], "SUPPORTED_DATA_SOURCES", ()) for name, one in named.items()
    }
    return {name: one for name, one in named.items() if "PostgreSQL" in databases[name]}


def _wrong_arguments(made: Any, one: DeclaredExpectation) -> dict[FieldPath, str]:
    from great_expectations.compatibility.pydantic import ValidationError  # noqa: PLC0415  # see the top of the file

    known = [name for name in made.__fields__ if name not in _OURS]
    if unknown := [name for name in one.arguments if name not in known]:
        return {("arguments", name): _unknown(one, name, known) for name in unknown}
    if isinstance(one.arguments.get("row_condition"), str):
        return {("arguments", "row_condition"): f"a condition is not text; write it as {_CONDITION}"}
    query = one.arguments.get("unexpected_rows_query", "{batch}")
    if isinstance(query, str) and "{batch}" not in query:
        return {("arguments", "unexpected_rows_query"): "write {batch} where the table stands in the query"}
    mistakes: dict[FieldPath, str] = {}
    try:
        made(**one.arguments)
    except ValidationError as error:
        for problem in error.errors():
            argument = str(problem["loc"][0])
            if problem["type"] == "value_error.missing" and argument not in one.arguments:
                mistakes["arguments",] = f"{one.expectation} needs the argument {argument!r}"
            else:
                # Its own words may repeat the value.
                said = "" if problem["type"] == "value_error" else f": {problem['msg']}"
                mistakes.setdefault(("arguments", argument), f"{one.expectation} does not take this {argument!r}{said}")
    return mistakes


def _unknown(one: DeclaredExpectation, name: str, known: Sequence[str]) -> str:
    if name == "severity":
        return "severity stands beside the arguments, not among them"
    return f"{one.expectation} has no argument {name!r}{suggestion(name, known, most=len(known))}"
