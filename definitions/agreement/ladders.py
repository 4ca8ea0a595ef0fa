"""Checks of class ladders: every class can be reached, and every record gets exactly one."""

from collections.abc import Iterator, Sequence

from definitions.agreement.model import ClassRule
from definitions.config.yaml_file import FieldPath
from definitions.predicates.logic import can_be_met, implies, is_always_met

Mistake = tuple[FieldPath, str]


def ladder_mistakes(section: str, rules: Sequence[ClassRule], *, is_forecast: bool) -> Iterator[Mistake]:
    """Yield the mistakes of one ladder; `is_forecast`: whether its classes must declare how they are forecast."""
    if not rules:
        yield (section,), "needs at least one class, the last with `otherwise: true`"
        return
    used_names: set[str] = set()
    for number, rule in enumerate(rules):
        field_path = (section, number)
        if rule.name in used_names:
            yield (*field_path, "class"), f"the class {rule.name} stands twice; join the two tests with `or`"
        used_names.add(rule.name)
        yield from _check_default(field_path, rule, is_last=number == len(rules) - 1)
        yield from _check_reachable(field_path, rule, rules[:number])
        if is_forecast and rule.forecast is None:
            yield field_path, f"the class {rule.name} must say `forecast: included`, `excluded` or `booked`"
        if not is_forecast and (rule.forecast is not None or rule.is_open_class):
            yield field_path, f"the class {rule.name} is of people; forecast and counts_as_open are for opportunities"


def _check_default(field_path: FieldPath, rule: ClassRule, *, is_last: bool) -> Iterator[Mistake]:
    """Check that the last class, and only the last, is the default (`otherwise`)."""
    if rule.when is not None and rule.otherwise:
        yield (*field_path, "otherwise"), f"the class {rule.name} has a test and `otherwise`; keep one"
    elif rule.when is None and not rule.otherwise:
        yield field_path, f"the class {rule.name} needs `when` (its test)"
    elif rule.otherwise and not is_last:
        yield (
            (*field_path, "otherwise"),
            f"`otherwise` takes everyone, so no class after {rule.name} can be reached; put it last",
        )
    elif is_last and not rule.otherwise:
        yield field_path, f"the last class, {rule.name}, must say `otherwise: true`, or some records have no class"


def _check_reachable(field_path: FieldPath, rule: ClassRule, earlier: Sequence[ClassRule]) -> Iterator[Mistake]:
    """Check that a record can have the class: its test can be met, and no earlier class takes all such records."""
    if rule.when is None:
        return
    if not can_be_met(rule.when.node):
        yield (*field_path, "when"), f"no record can ever meet {rule.when.text!r}, so the class {rule.name} stays empty"
        return
    if is_always_met(rule.when.node):
        yield (
            (*field_path, "when"),
            f"every record meets {rule.when.text!r}; say `otherwise: true` in the last class instead",
        )
    for other in earlier:
        if other.when is not None and implies(rule.when.node, other.when.node):
            yield (
                (*field_path, "when"),
                f"the class {rule.name} can never be reached: whoever meets {rule.when.text!r} is {other.name} already",
            )
            return
