"""Coherence checks: sections of the definitions that contradict each other, or that can never apply.

Every check yields the field path in the file and a reason that says what to do.
"""

from collections.abc import Iterable, Iterator, Mapping
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from definitions.agreement.ladders import ladder_mistakes
from definitions.agreement.model import NAMED_IN_BRACES, Definitions, HygieneRule
from definitions.config.suggestions import suggestion
from definitions.config.yaml_file import FieldPath
from definitions.predicates.logic import can_be_met
from definitions.predicates.predicate import Predicate
from definitions.schema import vocabulary as words
from definitions.schema.classified import GONE
from definitions.schema.facets import Derived, Subject, facets_of

Mistake = tuple[FieldPath, str]


def contradictions(definitions: Definitions) -> dict[FieldPath, str]:
    """Return every contradiction by field path; of several at one path, the first."""
    found: dict[FieldPath, str] = {}
    for check in _CHECKS:
        for field_path, reason in check(definitions):
            found.setdefault(field_path, reason)
    return found


def _agreement(definitions: Definitions) -> Iterator[Mistake]:
    if definitions.status == "approved" and definitions.is_draft:
        teams = {signature.team for signature in definitions.approved_by}
        missing = " and of ".join(team for team in ("marketing", "sales") if team not in teams)
        yield ("status",), f"approved needs a signature of {missing} in approved_by; until then it is a draft"
    try:
        ZoneInfo(definitions.reporting.time_zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        named = definitions.reporting.time_zone
        yield ("reporting", "time_zone"), f"no time zone is called {named!r}{suggestion(named, available_timezones())}"


def _activities(definitions: Definitions) -> Iterator[Mistake]:
    used: dict[str, str] = {}
    engagement = definitions.engagement
    for level in words.ENGAGEMENT_LEVEL.names:
        for number, activity in enumerate(getattr(engagement, level)):
            if activity in used:
                yield ("engagement", level, number), f"{activity} stands under {used[activity]} already; keep one"
            used[activity] = level
    activity_types = engagement.listed_types
    for label, activity in definitions.lead_sources.items():
        field_path = ("lead_sources", label)
        yield from _check_lower_case(field_path, label)
        yield from _check_name(field_path, activity, activity_types, "kind of activity")
    for number, points in enumerate(definitions.engagement_points):
        yield from _check_name(
            ("engagement_points", number, "activity"), points.activity, activity_types, "kind of activity"
        )


def _tests(definitions: Definitions) -> Iterator[Mistake]:
    tests: dict[FieldPath, Predicate | None] = {
        **{("fit", number, "when"): rule.when for number, rule in enumerate(definitions.fit)},
        ("icp", "fails"): definitions.icp.fails,
        ("icp", "passes"): definitions.icp.passes,
        ("icp", "low_quality"): definitions.icp.low_quality,
        **{("criteria", name, "met"): criterion.met for name, criterion in definitions.criteria.items()},
        **{("hygiene", number, "when"): rule.when for number, rule in enumerate(definitions.hygiene)},
        **{("hygiene", number, "critical_when"): rule.critical_when for number, rule in enumerate(definitions.hygiene)},
    }
    for field_path, test in tests.items():
        if test is not None and not can_be_met(test.node):
            yield field_path, f"no record can ever meet {test.text!r}"


def _criteria(definitions: Definitions) -> Iterator[Mistake]:
    for name, criterion in definitions.criteria.items():
        of_both = facets_of("both", own=definitions.own)
        yield from _check_name(("criteria", name, "evidence"), criterion.evidence, of_both, "field of both")
        if name in facets_of("person") or name in facets_of("opportunity"):
            yield ("criteria", name), f"{name} is the name of a field already; give the criterion a name of its own"
    for name in definitions.policies:
        if name in facets_of("person") or name in facets_of("opportunity"):
            yield ("policies", name), f"{name} is the name of a field already; give the policy a name of its own"


def _stages(definitions: Definitions) -> Iterator[Mistake]:
    names: dict[str, int] = {}
    orders: dict[int, str] = {}
    for number, stage in enumerate(definitions.stages):
        field_path = ("stages", number)
        yield from _check_name((*field_path, "stage"), stage.stage, words.CANONICAL_STAGE.names, "stage")
        yield from _check_name(
            (*field_path, "forecast_category"),
            stage.forecast_category,
            words.FORECAST_CATEGORY.names,
            "forecast category",
        )
        for position, criterion in enumerate(stage.requires):
            yield from _check_name((*field_path, "requires", position), criterion, definitions.criteria, "criterion")
        if stage.stage in names:
            yield (*field_path, "stage"), f"the stage {stage.stage} stands twice; keep one"
        if stage.order in orders:
            yield (*field_path, "order"), f"the order {stage.order} is used by {orders[stage.order]} already"
        names[stage.stage] = number
        orders[stage.order] = stage.stage


def _words(definitions: Definitions) -> Iterator[Mistake]:
    families: dict[str, str] = {}
    for family, labels in definitions.loss_reasons.items():
        yield from _check_name(("loss_reasons", family), family, words.LOSS_FAMILY.names, "family of loss reasons")
        for number, label in enumerate(labels):
            field_path = ("loss_reasons", family, number)
            yield from _check_lower_case(field_path, label)
            if label in families:
                yield field_path, f"{label!r} belongs to {families[label]} already; keep one"
            families[label] = family
    for number, role in enumerate(definitions.decision_maker_roles):
        yield from _check_lower_case(("decision_maker_roles", number), role)
    for number, step in enumerate(definitions.placeholders.next_step):
        yield from _check_lower_case(("placeholders", "next_step", number), step)


def _hygiene(definitions: Definitions) -> Iterator[Mistake]:
    classes = [GONE, *(rule.name for rule in (*definitions.people, *definitions.opportunities))]
    for number, name in enumerate(definitions.not_checked):
        yield from _check_name(("not_checked", number), name, classes, "class")
    used: set[tuple[str, str]] = set()
    for number, rule in enumerate(definitions.hygiene):
        if (rule.rule, rule.on) in used:
            yield ("hygiene", number, "rule"), f"{rule.rule} stands twice for {rule.on}; give the second its own id"
        used.add((rule.rule, rule.on))
        yield from _message_templates(("hygiene", number), rule, definitions)


def _message_templates(field_path: FieldPath, rule: HygieneRule, definitions: Definitions) -> Iterator[Mistake]:
    subject: Subject = rule.on
    facets = facets_of(subject, own=definitions.own)
    for key in ("says", "ask", "action"):
        text: str = getattr(rule, key)
        for name in NAMED_IN_BRACES.findall(text):
            yield from _check_name((*field_path, key), name, facets, f"field of a {subject}")
            facet = facets.get(name)
            if facet is not None and not isinstance(facet, Derived) and facet.is_personal:
                yield (*field_path, key), f"{name} is personal and would be sent in an alert; name another field"
        if text.count("{") != text.count("}") or "{" in NAMED_IN_BRACES.sub("", text):
            yield (*field_path, key), "a brace is not closed; write {days_overdue}"


def _ladders(definitions: Definitions) -> Iterator[Mistake]:
    yield from ladder_mistakes("people", definitions.people, is_forecast=False)
    yield from ladder_mistakes("opportunities", definitions.opportunities, is_forecast=True)


def _check_name(
    field_path: FieldPath, word: str, allowed: Iterable[str] | Mapping[str, object], what: str
) -> Iterator[Mistake]:
    choices = list(allowed)
    if word not in choices:
        yield field_path, f"no {what} is called {word!r}{suggestion(word, choices)}"


def _check_lower_case(field_path: FieldPath, text: str) -> Iterator[Mistake]:
    if text != text.strip().lower():
        yield field_path, f"{text!r} is compared in lower case; write {text.strip().lower()!r}"


_CHECKS = (_agreement, _activities, _criteria, _tests, _ladders, _stages, _words, _hygiene)
