"""Sections of the page that define words: activities, fit, loss reasons, names in tests."""

from collections.abc import Iterator

from definitions.agreement.model import Definitions
from definitions.agreement.page.markdown import code_of, listed, paragraph, table
from definitions.counting import counted
from definitions.predicates.predicate import Predicate
from definitions.schema.classified import CLASS_COLUMN
from definitions.schema.facets import AS_OF, Derived, Facet, PredicateUse, facets_of
from definitions.schema.vocabulary import ENGAGEMENT_LEVEL


def interest(definitions: Definitions) -> Iterator[str]:
    """Render what an activity tells about interest, and when a lead is silent."""
    engagement, silence = definitions.engagement, definitions.silence
    yield "## What an activity tells about interest"
    yield ""
    yield "Only the buyer's own activities show interest; one that is not listed shows none."
    yield ""
    yield from table(
        ["Interest", "Activities"],
        ([f"**{level}**", listed(getattr(engagement, level))] for level in reversed(ENGAGEMENT_LEVEL.names)),
    )
    yield from paragraph(engagement.because)
    if definitions.lead_sources:
        yield (
            "How a person first came in counts as an activity of the buyer on the day they were first seen, where it "
            "shows interest:"
        )
        yield ""
        yield from table(
            ["Lead source", "Counts as"], ([label, activity] for label, activity in definitions.lead_sources.items())
        )
    yield "## When a lead is silent"
    yield ""
    yield (
        f"A lead is silent from the first day after it last asked for something on which it has been a lead for "
        f"{counted(silence.lead_days, 'day')}, has not moved for {counted(silence.inbound_days, 'day')}, and nothing "
        f"at all has happened for {counted(silence.activity_days, 'day')}. Only the buyer asking for something, or "
        "sales taking the lead up, ends it. "
        "Where a source keeps the date of the latest move only, nobody knows of earlier ones: the silence then counts "
        f"from that move. {silence.because or ''}"
    ).rstrip()
    yield ""


def fit(definitions: Definitions) -> Iterator[str]:
    """Render who fits, and how fit and engagement are scored."""
    icp = definitions.icp
    yield "## Who fits, and how that is scored"
    yield ""
    tests = (("fail", icp.fails), ("pass", icp.passes), ("low_quality", icp.low_quality))
    yield "Fit with the ideal customer is the first of these whose test answers yes; otherwise it is unknown."
    yield ""
    yield from table(["Fit", "Test"], ([f"**{fit}**", code_of(test)] for fit, test in tests if test is not None))
    yield from paragraph(icp.because)
    if definitions.fit:
        yield "Points for who a person is, added up, at most 100:"
        yield ""
        yield from table(
            ["Points", "Test", "Why"],
            ([str(rule.points), code_of(rule.when), rule.because] for rule in definitions.fit),
        )
    if definitions.engagement_points:
        yield (
            "Points for what a person did, added up, at most 100; only the buyer's own activities earn them, each kind "
            "once:"
        )
        yield ""
        yield from table(
            ["Activity", "Points", "For so many days"],
            (
                [points.activity, str(points.points), str(points.within_days)]
                for points in definitions.engagement_points
            ),
        )


def words(definitions: Definitions) -> Iterator[str]:
    """Render which words are read as the same."""
    limits = definitions.placeholders.close_date
    yield "## Words we read as the same"
    yield ""
    if definitions.loss_reasons:
        yield "A deal was lost for one of these families of reasons; a reason that stands nowhere is of unknown family."
        yield ""
        yield from table(
            ["Family", "Reasons as people write them"],
            ([f"**{family}**", listed(labels)] for family, labels in definitions.loss_reasons.items()),
        )
    if definitions.decision_maker_roles:
        yield f"- These contact roles are decision-makers: {listed(definitions.decision_maker_roles)}."
    dates = f", or one of {listed(str(day) for day in limits.dates)}" if limits.dates else ""
    yield (
        f"- A close date is a placeholder when its year is {limits.years_ahead} or more ahead, when it is on or before "
        f"{limits.on_or_before}{dates}. A placeholder is no date."
    )
    if definitions.placeholders.next_step:
        steps = ", ".join(f"`{step}`" for step in definitions.placeholders.next_step)
        yield f"- These say nothing as a next step: {steps}."
    yield ""


def names(definitions: Definitions) -> Iterator[str]:
    """Render the meaning of every name used in a test."""
    yield "## What the names in the tests mean"
    yield ""
    own = definitions.own
    facets: dict[str, Facet] = facets_of("person", PredicateUse.FIT) | facets_of("opportunity", own=own)
    facets |= facets_of("person", own=own)
    used = sorted({name for test in _tests(definitions) for name in test.names})
    # List only classes of the ladders: no record can have another class of the vocabulary.
    class_names = {
        CLASS_COLUMN["person"]: tuple(rule.name for rule in definitions.people),
        CLASS_COLUMN["opportunity"]: tuple(rule.name for rule in definitions.opportunities),
    }
    yield from table(["Name", "Means"], ([f"`{name}`", _meaning(facets[name], class_names.get(name))] for name in used))


def _meaning(facet: Facet, class_names: tuple[str, ...] | None) -> str:
    if isinstance(facet, Derived):
        later, earlier = (
            "the date of the report" if side == AS_OF else f"`{side}`" for side in (facet.later, facet.earlier)
        )
        return f"{facet.means} Whole days from {earlier} to {later}."
    words = class_names or facet.values
    return f"{facet.means} One of {listed(words)}." if words else facet.means


def _tests(definitions: Definitions) -> Iterator[Predicate]:
    icp = definitions.icp
    optional = (
        *(icp.fails, icp.passes, icp.low_quality),
        *(rule.when for rule in (*definitions.people, *definitions.opportunities)),
        *(rule.when for rule in definitions.hygiene),
        *(rule.critical_when for rule in definitions.hygiene),
    )
    yield from (test for test in optional if test is not None)
    yield from (rule.when for rule in definitions.fit)
    yield from (criterion.met for criterion in definitions.criteria.values())
