"""Open issues: the number of records that fail a hygiene rule equals the number of its open issues.

PostgreSQL computes both from the text of the definitions, independently of the code that opened the issues. Every run
stages all open issues, so that the numbers are comparable; issues that the run resolved are not counted.
"""

from collections.abc import Sequence
from datetime import date

from definitions.agreement.model import Definitions, HygieneRule
from definitions.schema.classified import CLASS_COLUMN, CLASS_TABLE
from definitions.schema.tables import FCT_HYGIENE_ISSUE
from definitions.sql_text import literal
from expectations.check import Aggregate, Check, CrossTableMetric, Measure, failing_rows, one_of

_ISSUES = FCT_HYGIENE_ISSUE.name
_MANY = {"person": "persons", "opportunity": "opportunities"}


def open_issue_checks(definitions: Definitions, as_of: date) -> list[Check]:
    """Check the number of open issues of each rule, and that every open issue belongs to a rule."""
    of_a_rule = " OR ".join(f"({_is_of_rule(rule)})" for rule in definitions.hygiene) or "false"
    return [
        *(_count_matches(rule, definitions, as_of) for rule in definitions.hygiene),
        failing_rows(
            _ISSUES,
            "every open issue is of a rule of the definitions",
            f"\"state\" = 'open' AND ({of_a_rule}) IS NOT TRUE",
        ),
    ]


def _count_matches(rule: HygieneRule, definitions: Definitions, as_of: date) -> Check:
    """Compare, for each severity of the rule, the records that fail it with its open issues."""
    table, classes = CLASS_TABLE[rule.on].name, one_of(CLASS_COLUMN[rule.on], definitions.not_checked)
    counts: list[Aggregate] = []
    for severity, condition in _severities(rule, as_of).items():
        issue = f'{_is_of_rule(rule)} AND "state" = \'open\' AND "severity" = {literal(severity)}'
        counts.append(_count(table, f"{rule.when.to_postgres(as_of)} AND NOT ({classes}) AND {condition}"))
        counts.append(_count(_ISSUES, issue))
    return Check(
        name=f"{_ISSUES}: as many issues of {rule.rule} are open as {_MANY[rule.on]} fail it, each with its severity",
        table=_ISSUES,
        measure=Measure.FAILING_COUNT,
        across=CrossTableMetric(tuple(counts), _differences),
        unit="issues apart",
    )


def _differences(counts: Sequence[int]) -> int:
    """Sum the differences between failing records and open issues; `counts` has one such pair for each severity.

    >>> _differences([3, 3, 5, 4])
    1
    """
    return sum(abs(records - issues) for records, issues in zip(counts[::2], counts[1::2], strict=True))


def _severities(rule: HygieneRule, as_of: date) -> dict[str, str]:
    """Return the severities that a rule may assign, each with its SQL condition."""
    if rule.critical_when is None or rule.severity == "critical":
        return {rule.severity: "true"}
    is_critical = rule.critical_when.to_postgres(as_of)
    return {rule.severity: f"({is_critical}) IS NOT TRUE", "critical": f"({is_critical})"}


def _is_of_rule(rule: HygieneRule) -> str:
    return f'"rule_id" = {literal(rule.rule)} AND "record_kind" = {literal(rule.on)}'


def _count(table: str, condition: str) -> Aggregate:
    return Aggregate(table, f"count(*) FILTER (WHERE {condition})")
