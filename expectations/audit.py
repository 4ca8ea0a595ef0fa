"""Audit: measure the staged tables, judge the metrics, evaluate declared expectations, and describe the results."""

from collections.abc import Callable, Iterable, Sequence
from time import monotonic

import psycopg
from sqlalchemy.engine import URL

from definitions.errors import AuditRefusedError, PipelineError
from definitions.foreign_errors import kind_and_location
from expectations.check import Suite
from expectations.declared import DeclaredExpectation
from expectations.measure import measure
from expectations.report import ValidationResults, result_of
from expectations.session import connected, read_only_connections
from expectations.validate import evaluate, judge

# Default time limit. A count of the largest table takes seconds.
LONGEST_SECONDS = 1800.0


def audit(
    url: str | URL,
    suites: Iterable[Suite],
    declared: Sequence[DeclaredExpectation] = (),
    *,
    run_id: str,
    schema: str = "staging",
    seconds: float = LONGEST_SECONDS,
    watch: Callable[[psycopg.Connection], object] = lambda _: None,
    imported: Callable[[], object] = lambda: None,
) -> ValidationResults:
    """Check the tables of `schema` against the suites and the declared expectations, which come first in the results.

    Nothing is raised for a failed check, an unknown table or column, or an empty suite: each is a failed result.
    The server ends a statement after `seconds`. `watch` is called with each connection; `imported` returns when
    Great Expectations may be used. Raises `AuditRefusedError` when the warehouse cannot be reached or is lost, or a
    library fails: the message has only the type and location of the error.
    """
    operation = f"the audit of run {run_id}"
    end = monotonic() + seconds
    try:
        with connected(url, schema, operation, seconds=seconds, watch=watch) as connection:
            metrics = measure(connection, tuple(suites))
        imported()
        passed = judge(metrics, operation)
        measured = [result_of(metric, is_success=ok) for metric, ok in zip(metrics, passed, strict=True)]
        with read_only_connections(url, schema, seconds=max(0.0, end - monotonic()), watch=watch) as connect:
            return ValidationResults((*evaluate(declared, connect, operation), *measured))
    except PipelineError:
        raise
    except Exception as error:
        error_kind = kind_and_location(error)
    raise AuditRefusedError(
        f"{operation} met an error that nobody expected ({error_kind}); the published tables stay as they were. Check "
        "that what requirements.lock names is installed, and that there is room on the disk and in memory; run again."
    )
