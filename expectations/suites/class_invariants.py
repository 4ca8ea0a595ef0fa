"""Class invariants: conditions that a row of a class must meet, independent of the definitions.

They state the shared meaning of the classes (hygiene catalogue, post-conditions): a profile may define a class more
narrowly, but not contradict them. Classes that the profile does not use are left out.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from definitions.sql_text import identifier, literal
from expectations.check import Check, Severity, failing_rows


@dataclass(frozen=True, slots=True)
class _Invariant:
    """A row of class `name` meets `must`; {as_of} is the date. Invariants that a profile may relax are warnings."""

    name: str
    description: str
    must: str
    severity: Severity = "critical"


_OPEN = ("abandoned", "no_close_date", "overdue", "long_term", "stalled", "unqualified_open", "active")
_LOST = ("closed_duplicate", "closed_unqualified", "closed_lost")
_PEOPLE = (
    _Invariant("customer", "bought, or is said to have", '"has_won_opportunity" OR "claims_customer"'),
    _Invariant("in_opportunity", "is on an open deal", '"has_open_opportunity"'),
    _Invariant("sql", "was accepted by sales", '"sales_accepted_on" IS NOT NULL'),
    _Invariant(
        "sql", "does not fail the ideal customer profile", "\"icp_fit\" IS DISTINCT FROM 'fail'", severity="warning"
    ),
    _Invariant("sal", "was accepted by sales", '"sales_accepted_on" IS NOT NULL'),
    _Invariant(
        "dead", "is silent or out of reach", '"silent_since_on" <= {as_of} OR "unreachable_since_on" <= {as_of}'
    ),
    _Invariant("list_record", "never showed interest", "\"engagement_level\" = 'none'", severity="warning"),
    _Invariant("unclassifiable", "cannot be told apart", '"has_identity" IS NOT TRUE'),
)
_DEALS = (
    _Invariant("merged_or_deleted", "was deleted in its source", '"is_deleted"'),
    _Invariant("closed_won", "is closed and won", '"is_closed" AND "is_won" AND NOT "is_open"'),
    *(_Invariant(name, "is closed and not won", '"is_closed" AND NOT "is_won" AND NOT "is_open"') for name in _LOST),
    *(
        _Invariant(name, "is open and not deleted", '"is_open" AND NOT "is_closed" AND NOT "is_deleted"')
        for name in _OPEN
    ),
    _Invariant("no_close_date", "has no close date", '"close_date" IS NULL'),
    _Invariant("overdue", "has a close date that passed", '"close_date" < {as_of}'),
    _Invariant("active", "has a close date", '"close_date" IS NOT NULL'),
    _Invariant("active", "lacks no criterion its stage requires", '"missing_criteria_count" = 0'),
    _Invariant("active", "has an active owner", "\"owner_state\" = 'active'", severity="warning"),
    _Invariant("active", "has an account", '"account_id" IS NOT NULL', severity="warning"),
)
_OF = {"dim_person": _PEOPLE, "fct_opportunity": _DEALS}


def class_invariants(table: str, column: str, classes: Collection[str], as_of: date) -> list[Check]:
    """Build one check for each invariant of the `classes` that `column` of `table` may hold."""
    return [
        failing_rows(
            table,
            f"who is {invariant.name} {invariant.description}",
            # Null fails too: the class implies the fact.
            f"{identifier(column)} = {literal(invariant.name)} "
            f"AND ({invariant.must.format(as_of=literal(as_of))}) IS NOT TRUE",
            severity=invariant.severity,
        )
        for invariant in _OF[table]
        if invariant.name in classes
    ]
