"""Class invariants: what must be true of a row because of its class, stated independently of the definitions.

The shared meaning of the words (hygiene catalogue, post-conditions): a profile may define a class more narrowly, never
against these. A class the profile does not use is left out.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from definitions.sql_text import identifier, literal
from expectations.check import Check, Severity, failing_rows


@dataclass(frozen=True, slots=True)
class _Invariant:
    """A row of class `name` meets `must`; {as_of} stands for the date. What may be agreed otherwise is a warning."""

    name: str
    said: str
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
    """One check for each invariant of the `classes` that `column` of `table` may hold."""
    return [
        failing_rows(
            table,
            f"who is {one.name} {one.said}",
            # Unknown is not good enough: the class promises the fact.
            f"{identifier(column)} = {literal(one.name)} AND ({one.must.format(as_of=literal(as_of))}) IS NOT TRUE",
            severity=one.severity,
        )
        for one in _OF[table]
        if one.name in classes
    ]
