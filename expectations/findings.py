"""Checks that the open issues are what the definitions find: as many records fail a rule as have an issue of it.

PostgreSQL finds them from the text of the definitions, not by the code that opened the issues. Every run stages all
open issues, so that their number can be compared; issues that the run resolved are left out.
"""

from datetime import date

from definitions.agreement.model import Definitions, HygieneRule
from definitions.schema.classified import CLASS_COLUMN, CLASS_TABLE
from definitions.schema.tables import FCT_HYGIENE_ISSUE
from expectations.suite import Check, Gathered, Measure, identifier, literal, one_of

FINDINGS = "findings"
_ISSUES = FCT_HYGIENE_ISSUE.name
_MANY = {"person": "persons", "opportunity": "opportunities"}


def finding_checks(definitions: Definitions) -> list[Check]:
    """One check for each rule, on the gathered row of `findings`; and none is open that no rule finds."""
    of_a_rule = " OR ".join(f"({_of(rule)})" for rule in definitions.hygiene) or "false"
    return [
        *(_as_many(rule) for rule in definitions.hygiene),
        Check(
            name=f"{_ISSUES}: every open issue is of a rule of the definitions",
            table=_ISSUES,
            measure=Measure.FAILING_ROWS,
            sql=f"\"state\" = 'open' AND ({of_a_rule}) IS NOT TRUE",
        ),
    ]


def findings(definitions: Definitions, as_of: date) -> Gathered:
    """For each rule and severity it may give: the records that fail it so, and the open issues of it."""
    columns: dict[str, tuple[str, str]] = {}
    for rule in definitions.hygiene:
        table, worn = CLASS_TABLE[rule.on].name, CLASS_COLUMN[rule.on]
        fails = f"{rule.when.to_postgres(as_of)} AND NOT ({one_of(worn, definitions.not_checked)})"
        for severity, condition in _severities(rule, as_of).items():
            issue = f'{_of(rule)} AND "state" = \'open\' AND "severity" = {literal(severity)}'
            columns[_column(rule, severity, "records")] = table, _count(f"{fails} AND {condition}")
            columns[_column(rule, severity, "issues")] = _ISSUES, _count(issue)
    return Gathered(columns)


def _severities(rule: HygieneRule, as_of: date) -> dict[str, str]:
    """The severities that a rule may give, each with its condition."""
    if rule.critical_when is None or rule.severity == "critical":
        return {rule.severity: "true"}
    is_critical = rule.critical_when.to_postgres(as_of)
    return {rule.severity: f"({is_critical}) IS NOT TRUE", "critical": f"({is_critical})"}


def _as_many(rule: HygieneRule) -> Check:
    records, issues = (
        [f"max({identifier(_column(rule, severity, of))})" for severity in _severities(rule, date.min)]
        for of in ("records", "issues")
    )
    apart = " + ".join(f"abs({found} - {opened})" for found, opened in zip(records, issues, strict=True))
    return Check(
        name=f"{_ISSUES}: as many issues of {rule.rule} are open as {_MANY[rule.on]} fail it, each with its severity",
        table=FINDINGS,
        measure=Measure.FAILING_COUNT,
        sql=apart,
        unit="issues apart",
    )


def _of(rule: HygieneRule) -> str:
    return f'"rule_id" = {literal(rule.rule)} AND "record_kind" = {literal(rule.on)}'


def _column(rule: HygieneRule, severity: str, of: str) -> str:
    return f"{rule.on} {rule.rule} {severity} {of}"


def _count(condition: str) -> str:
    return f"count(*) FILTER (WHERE {condition})"
