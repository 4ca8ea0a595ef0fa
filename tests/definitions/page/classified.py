"""One record of facets, classified and checked as the transforms do it."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import polars as pl

from definitions.schema.tables import DIM_PERSON, FCT_OPPORTUNITY
from tests.definitions.handoff_records import AS_OF, HANDOFF, OPEN, PERSON, frame
from tests.definitions.page.statements import Statement, checks
from transforms.classify.classes import classify_opportunities, classify_people
from transforms.classify.hygiene import findings

Told = Mapping[str, Any]
Cases = Sequence[tuple[Told, str]]


def person(told: Told) -> dict[str, Any]:
    """The row of a person nobody knows anything of but what is told, with its class."""
    return _only(classify_people(frame(DIM_PERSON, {**PERSON, **told}).lazy(), HANDOFF, AS_OF))


def deal(told: Told) -> dict[str, Any]:
    """The row of a deal in good order but for what is told, with its class."""
    return _only(classify_opportunities(frame(FCT_OPPORTUNITY, {**OPEN, **told}).lazy(), HANDOFF, AS_OF))


def found(kind: str, told: Told) -> dict[str, dict[str, Any]]:
    """Findings of one person or deal, by rule."""
    if kind == "person":
        record = frame(DIM_PERSON, {**PERSON, "lifecycle_class": "lead", **told})
        rows = findings(record.lazy(), HANDOFF, "person", AS_OF)
    else:
        record = frame(FCT_OPPORTUNITY, {**OPEN, "pipeline_class": "active", **told})
        rows = findings(record.lazy(), HANDOFF, "opportunity", AS_OF)
    return {row["rule_id"]: row for row in rows.collect().to_dicts()}


def _only(frame: pl.LazyFrame) -> dict[str, Any]:
    (row,) = frame.collect().to_dicts()
    return row


def person_class(told: Told) -> str:
    return person(told)["lifecycle_class"]


def deal_class(told: Told) -> str:
    return deal(told)["pipeline_class"]


def both_sides(class_of: Callable[[Told], str], name: str, cases: Cases) -> None:
    """Hold each record against the class it should have; some must have the class in question and some another."""
    assert {expected == name for _, expected in cases} == {True, False}, f"no case on one side of {name}"
    assert [(told, class_of(told)) for told, _ in cases] == list(cases)


def sentences(
    section: str, columns: tuple[str, ...], class_of: Callable[[Told], str], said: Mapping[tuple[str, str], Cases]
) -> None:
    """Register for each class and sentence of its row the records on both sides of what it says."""
    for (name, sentence), cases in said.items():

        def check(statement: Statement, cases: Cases = cases) -> None:
            both_sides(class_of, statement.row, cases)

        checks(section, sentence, rows=(name,), columns=columns)(check)
