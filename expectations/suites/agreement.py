"""Agreement: checks generated from the definitions; no row may have a class whose test it does not meet.

PostgreSQL computes everything from the text of the definitions, independently of the code that classified the rows, so
that the two engines check each other. Claims of sources are measured too, with a tolerance, and never stop a
publication.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from definitions.agreement.model import ClassRule, Definitions
from definitions.schema.classified import CLASS_COLUMN, CLASS_TABLE, Classified
from definitions.schema.tables import FCT_OPPORTUNITY
from definitions.sql_text import identifier, literal
from expectations.check import Check, Suite, failing_rows, one_of
from expectations.suites.class_invariants import class_invariants
from expectations.suites.open_issues import open_issue_checks

CLAIMS_DISAGREE_SHARE = 0.2  # share of claims that may contradict the definitions without a warning
_NOT_COUNTED_AS_LOST = ("merged_or_deleted", "closed_duplicate", "closed_unqualified")


@dataclass(frozen=True, slots=True)
class _Ladder:
    """Classes of one kind of record, in the order in which they are tested."""

    table: str
    column: str
    rules: tuple[ClassRule, ...]

    def satisfied(self, as_of: date) -> str:
        """Return SQL for the class a row satisfies: the first whose test is true; null where none is."""
        tested = [rule for rule in self.rules if rule.when is not None]
        tests = "".join(f" WHEN {_test(rule, as_of)} THEN {literal(rule.name)}" for rule in tested)
        default = next((rule.name for rule in self.rules if rule.when is None), None)
        last = f" ELSE {literal(default)}" if default is not None else ""
        return f"CASE{tests}{last} END" if tests else literal(default or "")


def agreement_suite(definitions: Definitions, *, as_of: date) -> Suite:
    """Build the checks that `definitions` imply on `as_of` for the curated persons, opportunities and issues."""
    rules: dict[Classified, tuple[ClassRule, ...]] = {
        "person": definitions.people,
        "opportunity": definitions.opportunities,
    }
    checks: list[Check] = []
    for ladder in (_Ladder(CLASS_TABLE[kind].name, CLASS_COLUMN[kind], rules[kind]) for kind in rules):
        checks += [*_classes(ladder, as_of), *_criteria(ladder.table, definitions, as_of), *_claims(ladder, as_of)]
        checks += class_invariants(ladder.table, ladder.column, [rule.name for rule in ladder.rules], as_of)
    checks += [*_forecast(definitions), *_missing(definitions, as_of), *open_issue_checks(definitions, as_of)]
    return Suite("agreement", tuple(checks))


def _test(rule: ClassRule, as_of: date) -> str:
    return rule.when.to_postgres(as_of) if rule.when is not None else "true"


def _classes(ladder: _Ladder, as_of: date) -> list[Check]:
    """Check that each row has exactly one class of the ladder: the first whose test is true."""
    class_column = identifier(ladder.column)
    names = tuple(rule.name for rule in ladder.rules)
    satisfied = ladder.satisfied(as_of)
    outside = f"({one_of(ladder.column, names)}) IS NOT TRUE"
    return [
        failing_rows(ladder.table, "every row has exactly one class of the definitions", outside),
        *(
            failing_rows(
                ladder.table,
                f"who is {name} satisfies it, and no class asked before it",
                f"{class_column} = {literal(name)} AND ({satisfied}) IS DISTINCT FROM {literal(name)}",
            )
            for name in names
        ),
    ]


def _criteria(table: str, definitions: Definitions, as_of: date) -> list[Check]:
    """Check the counts of criteria met, not met and unknown."""
    tests = [criterion.met.to_postgres(as_of) for criterion in definitions.criteria.values()]
    return [
        failing_rows(
            table,
            f"{column} counts the criteria that are {description}",
            f"{identifier(column)} IS DISTINCT FROM {count}",
        )
        for column, description, count in (
            ("criteria_met", "met", _count(tests, "IS TRUE")),
            ("criteria_unmet", "known not to be met", _count(tests, "IS FALSE")),
            ("criteria_unknown", "unknown", _count(tests, "IS NULL")),
        )
    ]


def _count(tests: Sequence[str], answer: str) -> str:
    return "(" + (" + ".join(f"({test} {answer})::int" for test in tests) or "0") + ")"


def _missing(definitions: Definitions, as_of: date) -> list[Check]:
    """Check that `missing_criteria_count` counts the criteria that the deal's stage requires and are not met."""
    required = "".join(
        f" WHEN {literal(stage.stage)} THEN "
        + _count([definitions.criteria[name].met.to_postgres(as_of) for name in stage.requires], "IS NOT TRUE")
        for stage in definitions.stages
        if stage.requires
    )
    count = f'(CASE "canonical_stage"{required} ELSE 0 END)' if required else "0"
    description = "missing_criteria_count counts what the stage requires and is not met"
    return [failing_rows(FCT_OPPORTUNITY.name, description, f'"missing_criteria_count" IS DISTINCT FROM {count}')]


def _forecast(definitions: Definitions) -> list[Check]:
    """Check that reporting flags agree with the class, and that only classes in the forecast are weighted."""
    table = FCT_OPPORTUNITY.name
    included = one_of(
        "pipeline_class", tuple(rule.name for rule in definitions.opportunities if rule.forecast == "included")
    )
    settled = one_of("pipeline_class", _NOT_COUNTED_AS_LOST)
    weighted = 'round("amount_corporate" * "probability"::numeric, 2)'
    return [
        failing_rows(
            table,
            "is_forecast_eligible says whether the class is forecast",
            f'"is_forecast_eligible" IS DISTINCT FROM ({included})',
        ),
        failing_rows(
            table,
            "nothing is weighted outside the forecast",
            f'({included}) IS NOT TRUE AND "weighted_amount" <> 0',
        ),
        failing_rows(
            table,
            "amount_corporate is the amount at its rate",
            'abs("amount_corporate" - "amount" * "fx_rate"::numeric) > 0.01 + 0.000001 * abs("amount_corporate") '
            'OR ("amount_corporate" IS NOT NULL AND ("amount" IS NULL OR "fx_rate" IS NULL))',
        ),
        failing_rows(
            table,
            "weighted_amount is the corporate amount times the probability",
            # A difference of a cent or a millionth of the amount is rounding; a null on one side only is an error.
            f'({included}) AND (abs("weighted_amount" - {weighted}) > 0.01 + 0.000001 * abs("amount_corporate") '
            f'OR ("weighted_amount" IS NULL) <> ({weighted} IS NULL))',
        ),
        failing_rows(
            table,
            "is_win_rate_eligible says closed, not duplicate, unqualified or deleted",
            f'"is_win_rate_eligible" IS DISTINCT FROM ("is_closed" AND NOT ({settled}))',
        ),
    ]


def _claims(ladder: _Ladder, as_of: date) -> list[Check]:
    """Measure how many rows whose source claims a class satisfy its test; warnings only."""
    return [
        failing_rows(
            ladder.table,
            f"who is claimed to be {rule.name} satisfies it, but for {CLAIMS_DISAGREE_SHARE:.0%}",
            f'"claimed_class" = {literal(rule.name)} AND ({_test(rule, as_of)}) IS NOT TRUE',
            among=f'"claimed_class" = {literal(rule.name)}',
            tolerance=CLAIMS_DISAGREE_SHARE,
            severity="warning",
        )
        for rule in ladder.rules
        if rule.when is not None
    ]
