"""Results of an audit, and the refusal of a publication. They hold numbers and names, never a value of a row."""

from dataclasses import dataclass

import polars as pl

from definitions.errors import AuditRefusedError
from definitions.schema.tables import OPS_AUDIT_RESULT
from expectations.check import Check, Measure, Severity
from expectations.measure import CheckMetric

_MOST_NAMED = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckResult:
    """Result of one check.

    `unexpected_count` is null unless failing rows were counted. `accepted_because` is a person's reason for accepting
    a critical failure; `sql` is the condition that failing rows meet, empty for other kinds of check.
    """

    suite: str
    expectation: str
    table: str
    severity: Severity
    is_success: bool
    unexpected_count: int | None
    observed: str
    accepted_because: str | None = None
    sql: str = ""

    @property
    def stops_publication(self) -> bool:
        """Whether a failure stops the publication."""
        return self.severity == "critical" and self.accepted_because is None


@dataclass(frozen=True, slots=True)
class ValidationResults:
    """Results of every check of every suite, in the order of the suites."""

    results: tuple[CheckResult, ...]

    @property
    def critical_failures(self) -> tuple[CheckResult, ...]:
        """Failed checks that stop the publication."""
        return tuple(result for result in self.results if result.stops_publication and not result.is_success)

    @property
    def warnings(self) -> tuple[CheckResult, ...]:
        """Failed checks that are reported and do not stop it."""
        return tuple(result for result in self.results if not result.stops_publication and not result.is_success)

    def frame(self, run_id: str) -> pl.DataFrame:
        """Build the rows of `ops.audit_result`, one for each check."""
        columns = {
            "run_id": [run_id] * len(self.results),
            "suite": [result.suite for result in self.results],
            "expectation": [result.expectation for result in self.results],
            "table_name": [result.table for result in self.results],
            "is_blocking": [result.stops_publication for result in self.results],
            "is_success": [result.is_success for result in self.results],
            "unexpected_count": [result.unexpected_count for result in self.results],
            "observed": [result.observed for result in self.results],
        }
        types = {"is_blocking": pl.Boolean, "is_success": pl.Boolean, "unexpected_count": pl.Int64}
        schema = {name: types.get(name, pl.String()) for name in OPS_AUDIT_RESULT.names}
        return pl.DataFrame({name: columns[name] for name in OPS_AUDIT_RESULT.names}, schema=schema)


def result_of(metric: CheckMetric, *, is_success: bool) -> CheckResult:
    """Describe a judged metric."""
    check = metric.check
    observed = [_observed(metric)]
    if not is_success and metric.explanation:
        observed.append(metric.explanation)
    if not is_success and check.accepted_because is not None:
        observed.append(f"let through: {check.accepted_because}")
    is_count = check.measure is not Measure.NUMBER and metric.number is not None
    return CheckResult(
        suite=metric.suite,
        expectation=check.name,
        table=check.table,
        severity=check.severity,
        is_success=is_success,
        unexpected_count=int(metric.number or 0) if is_count else None,
        observed="; ".join(observed),
        accepted_because=check.accepted_because,
        # Conditions on rows come from contracts and definitions; other SQL may contain values of a source.
        sql=check.sql if check.measure is Measure.FAILING_ROWS else "",
    )


def _observed(metric: CheckMetric) -> str:
    check, number = metric.check, metric.number
    if number is None:
        return f"not measured ({metric.why_not or 'there is nothing to measure'})"
    if check.measure is Measure.NUMBER:
        # Two decimals are enough for hours and amounts.
        return f"{round(number, 2):.15g} {check.unit}, expected {_bounds(check)}"
    allowed = f", at most {metric.allowed_rows} allowed" if metric.allowed_rows else ""
    of = f" of {metric.rows}" if check.unit == "rows" and metric.rows is not None else ""
    return f"{int(number)}{of} {check.unit}{allowed}"


def _bounds(check: Check) -> str:
    if check.at_least is None:
        return f"at most {check.at_most:.10g}"
    if check.at_most is None:
        return f"at least {check.at_least:.10g}"
    return f"{check.at_least:.10g} to {check.at_most:.10g}"


def refuse_if_critical(results: ValidationResults) -> None:
    """Raise `AuditRefusedError` naming every critical check that failed; return when there is none.

    An audit without any check is refused too.
    """
    if not results.results:
        raise AuditRefusedError("the audit checked nothing, so nothing is published. Give it at least one suite.")
    failed = results.critical_failures
    if not failed:
        return
    lines = [f"- {result.expectation} ({result.suite}): {result.observed}" for result in failed[:_MOST_NAMED]]
    if len(failed) > _MOST_NAMED:
        lines.append(f"- and {len(failed) - _MOST_NAMED} more")
    raise AuditRefusedError(
        f"the staged tables failed {len(failed)} of {len(results.results)} checks that stop a publication; "
        "the published tables stay as they were.\n" + "\n".join(lines) + "\n"
        "Look at the staged rows the checks name, mend the source or the definitions, then run again. "
        "A deliberate change of volume can be let through with its reason: bantam run --accept-volume <reason>."
    )
