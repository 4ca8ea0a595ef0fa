"""What a failed audit refuses and says, and the checks that are refused themselves."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from definitions.errors import AuditRefusedError, ConfigurationError
from expectations.check import Check, Measure, Suite
from expectations.report import CheckResult, ValidationResults, refuse_if_critical

_ROOT = Path(__file__).parents[2]


def _check(**changes: object) -> Check:
    given = {"name": "a", "table": "dim_owner", "measure": Measure.FAILING_ROWS, "sql": '"owner_id" IS NULL'}
    return Check(**(given | changes))


def _result(number: int, *, severity: str = "critical", is_success: bool = False) -> CheckResult:
    return CheckResult(
        suite="probe",
        expectation=f"check {number}",
        table="dim_person",
        severity=severity,
        is_success=is_success,
        unexpected_count=number,
        observed=f"{number} of 9 rows",
    )


@pytest.mark.parametrize(
    "results",
    [[_result(1, is_success=True)], [_result(1, severity="warning")]],
    ids=["all passed", "only warnings"],
)
def test_nothing_is_refused_without_a_blocking_failure(results):
    report = ValidationResults(tuple(results))
    refuse_if_critical(report)
    assert report.critical_failures == ()


def test_refusal_names_what_failed_and_what_to_do():
    report = ValidationResults((_result(1), _result(2, is_success=True), _result(3, severity="warning")))
    with pytest.raises(AuditRefusedError, match=r"failed 1 of 3 checks .*stay as they were") as caught:
        refuse_if_critical(report)
    assert "- check 1 (probe): 1 of 9 rows" in str(caught.value)
    assert "check 3" not in str(caught.value)
    assert caught.value.exit_code == 5


def test_a_long_refusal_is_capped_with_the_true_total():
    with pytest.raises(AuditRefusedError, match="failed 50 of 50") as caught:
        refuse_if_critical(ValidationResults(tuple(_result(number) for number in range(50))))
    assert "- and 30 more" in str(caught.value)


@pytest.mark.parametrize(
    "changes",
    [
        {"measure": Measure.NUMBER},
        {"at_most": 3},
        {"tolerance": 1.0},
        {"tolerance": -0.1},
        {"measure": Measure.NUMBER, "at_most": 1, "tolerance": 0.1},
    ],
    ids=["number without bound", "bound nobody reads", "all may fail", "negative", "tolerance of a number"],
)
def test_a_check_that_could_not_fail_is_refused(changes):
    with pytest.raises(ConfigurationError, match="'a'"):
        _check(**changes)


def test_two_checks_of_one_name_are_refused():
    with pytest.raises(ConfigurationError, match="two checks called 'a'"):
        Suite("probe", (_check(), _check(sql="true")))


@pytest.mark.slow
def test_only_the_audit_itself_imports_great_expectations():
    modules = [path.stem for path in (_ROOT / "expectations").glob("*.py") if path.stem != "__init__"]
    program = (
        f"import sys, {', '.join(f'expectations.{name}' for name in sorted(modules))}\n"
        "sys.exit('great_expectations' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=_ROOT, env=dict(os.environ), check=False)
    assert done.returncode == 0
