"""What an audit found, and the refusal that follows from it. Holds numbers and names, never a value of a row."""

from dataclasses import dataclass

import polars as pl

from definitions.errors import AuditRefusedError
from definitions.schema.tables import OPS_AUDIT_RESULT

_MOST_NAMED = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckResult:
    """How one check went. `unexpected_count` is null for a number between bounds, and for what was not measured."""

    suite: str
    expectation: str
    table: str
    is_blocking: bool
    is_success: bool
    unexpected_count: int | None
    observed: str


@dataclass(frozen=True, slots=True)
class AuditReport:
    """Every check of every suite, in the order of the suites."""

    results: tuple[CheckResult, ...]

    @property
    def blocking_failures(self) -> tuple[CheckResult, ...]:
        """Failed checks that stop the publication."""
        return tuple(result for result in self.results if result.is_blocking and not result.is_success)

    @property
    def warnings(self) -> tuple[CheckResult, ...]:
        """Failed checks that are told and do not stop it."""
        return tuple(result for result in self.results if not result.is_blocking and not result.is_success)

    def frame(self, run_id: str) -> pl.DataFrame:
        """One row a check, in the contract of `ops.audit_result`."""
        columns = {
            "run_id": [run_id] * len(self.results),
            "suite": [result.suite for result in self.results],
            "expectation": [result.expectation for result in self.results],
            "table_name": [result.table for result in self.results],
            "is_blocking": [result.is_blocking for result in self.results],
            "is_success": [result.is_success for result in self.results],
            "unexpected_count": [result.unexpected_count for result in self.results],
            "observed": [result.observed for result in self.results],
        }
        types = {"is_blocking": pl.Boolean, "is_success": pl.Boolean, "unexpected_count": pl.Int64}
        schema = {name: types.get(name, pl.String()) for name in OPS_AUDIT_RESULT.names}
        return pl.DataFrame({name: columns[name] for name in OPS_AUDIT_RESULT.names}, schema=schema)


def refuse_if_blocking(report: AuditReport) -> None:
    """Raise `AuditRefusedError` naming every blocking check that failed; return when there is none.

    An audit that checked nothing is refused too: no news is not good news.
    """
    if not report.results:
        raise AuditRefusedError("the audit checked nothing, so nothing is published. Give it at least one suite.")
    failed = report.blocking_failures
    if not failed:
        return
    lines = [f"- {result.expectation} ({result.suite}): {result.observed}" for result in failed[:_MOST_NAMED]]
    if len(failed) > _MOST_NAMED:
        lines.append(f"- and {len(failed) - _MOST_NAMED} more")
    raise AuditRefusedError(
        f"the staged tables failed {len(failed)} of {len(report.results)} checks that stop a publication; "
        "the published tables stay as they were.\n" + "\n".join(lines) + "\n"
        "Look at the staged rows the checks name, mend the source or the definitions, then run again. "
        "A deliberate change of volume can be let through with its reason: bantam run --accept-volume <reason>."
    )
