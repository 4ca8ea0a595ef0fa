"""Facets: the names a predicate may use, which are columns of the curated tables and day counters derived from them.

A day counter is never stored: it is `as_of` minus a day, or a day minus `as_of`, computed when a predicate is
evaluated, so that an unchanged record is not rewritten every day. A null day makes the counter null.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from types import MappingProxyType
from typing import Literal

from definitions.schema.column import Column, Kind, Step
from definitions.schema.entity import Table
from definitions.schema.tables import DIM_ACCOUNT, DIM_PERSON, FCT_OPPORTUNITY

AS_OF = "as_of"
UNKNOWN = "unknown"
CUSTOM = "custom"
Subject = Literal["person", "opportunity", "both"]


class PredicateUse(IntEnum):
    """Use of a predicate, in the order of evaluation: each may name only columns computed before it."""

    FIT = 1
    CRITERION = 2
    CLASS = 3
    HYGIENE = 4


@dataclass(frozen=True, slots=True)
class Derived:
    """Whole days from `earlier` to `later`; one of the two is `as_of`, the other a day column."""

    name: str
    means: str
    later: str
    earlier: str

    @property
    def column(self) -> str:
        """The day column the counter is computed from."""
        return self.earlier if self.later == AS_OF else self.later


Facet = Column | Derived


def _since(name: str, column: str, means: str) -> Derived:
    return Derived(name, means, AS_OF, column)


def _until(name: str, column: str, means: str) -> Derived:
    return Derived(name, means, column, AS_OF)


_BOTH = (
    _since("days_since_activity", "last_activity_on", "Days since anything last happened."),
    _until("purchase_days_ahead", "purchase_date", "Days until the buyer intends to have bought."),
)
_PERSON = (
    _since("days_in_lead_phase", "lead_since_on", "Days since the person was first recorded."),
    _since("days_since_inbound", "last_inbound_on", "Days since the buyer last moved."),
    _since("days_since_outbound", "last_outbound_on", "Days since we last moved."),
    _since("days_since_proactive", "last_proactive_on", "Days since the buyer last asked for something."),
    _since("days_silent", "silent_since_on", "Days since every silence limit was reached; null until then."),
    _since("days_unreachable", "unreachable_since_on", "Days without a known way to reach the person."),
    _since("days_since_mql", "mql_latest_on", "Days since the lead last became an MQL."),
    _since("days_since_accepted", "sales_accepted_on", "Days since sales accepted the lead."),
    _since("days_since_recycled", "recycled_on", "Days since sales returned the lead."),
)
_OPPORTUNITY = (
    _since("days_overdue", "close_date", "Days since the close date passed; negative while it is ahead."),
    _until("days_to_close", "close_date", "Days until the close date; negative once it has passed."),
    _since("days_in_stage", "stage_entered_on", "Days in the present stage."),
    _since("age_days", "created_on", "Days since the deal was created."),
    _since("days_since_change", "last_meaningful_change_on", "Days since stage, close date or amount last changed."),
    _until("days_to_next_activity", "next_activity_on", "Days until the next planned activity."),
)
DERIVED: Mapping[str, Derived] = {derived.name: derived for derived in (*_BOTH, *_PERSON, *_OPPORTUNITY)}

_OF_THE_ACCOUNT = ("industry", "employees")
# A predicate may name columns of earlier steps: for each use, the last step it may read.
_READS_UP_TO = {
    PredicateUse.FIT: Step.FACETS,
    PredicateUse.CRITERION: Step.FIT,
    PredicateUse.CLASS: Step.CRITERIA,
    PredicateUse.HYGIENE: Step.CLASS,
}


def _named(columns: tuple[Column, ...], derived: tuple[Derived, ...]) -> dict[str, Facet]:
    usable = (column for column in columns if column.kind not in (Kind.JSON, Kind.TEXTS) and column.step <= Step.CLASS)
    facets: tuple[Facet, ...] = (*usable, *derived)
    return {facet.name: facet for facet in facets}


_PERSON_NAMES = _named(DIM_PERSON.columns, (*_BOTH, *_PERSON))
_OPPORTUNITY_NAMES = _named(FCT_OPPORTUNITY.columns, (*_BOTH, *_OPPORTUNITY))
_TABLES: dict[Subject, Table] = {"person": DIM_PERSON, "opportunity": FCT_OPPORTUNITY, "both": DIM_PERSON}
_NAMES: dict[Subject, dict[str, Facet]] = {
    "person": _PERSON_NAMES,
    "opportunity": _OPPORTUNITY_NAMES,
    "both": {name: facet for name, facet in _PERSON_NAMES.items() if name in _OPPORTUNITY_NAMES},
}


def facets_of(
    subject: Subject,
    use: PredicateUse = PredicateUse.HYGIENE,
    own: Mapping[Subject, Mapping[str, Column]] = MappingProxyType({}),
) -> dict[str, Facet]:
    """Return the names that a predicate about `subject` may use when it is evaluated for `use`.

    `own` has the columns of one customer; they replace declared columns of the same name. Fit predicates may also name
    the industry and the employees of the person's account.

    >>> "pipeline_class" in facets_of("opportunity"), "pipeline_class" in facets_of("opportunity", PredicateUse.CLASS)
    (True, False)
    """
    table, latest = _TABLES[subject], _READS_UP_TO[use]
    facets: dict[str, Facet] = {
        name: facet
        for name, facet in _NAMES[subject].items()
        if table[facet.column if isinstance(facet, Derived) else name].step <= latest
    }
    if use is PredicateUse.FIT and subject == "person":
        facets |= {name: DIM_ACCOUNT[name] for name in _OF_THE_ACCOUNT}
    return facets | {name: column for name, column in own.get(subject, {}).items() if column.step <= latest}
