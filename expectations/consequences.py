"""What must be true of a row because of the class it wears, stated a second time and independently of the ladder.

The shared meaning of the words (hygiene catalogue, post-conditions): a profile may define a class more narrowly, never
against these. A class the profile does not use is left out.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from expectations.suite import Check, Measure, identifier, literal


@dataclass(frozen=True, slots=True)
class _Consequence:
    """Who wears `name` meets `must`; {as_of} stands for the date. What may be agreed otherwise does not block."""

    name: str
    said: str
    must: str
    is_blocking: bool = True


_OPEN = ("abandoned", "no_close_date", "overdue", "long_term", "stalled", "unqualified_open", "active")
_LOST = ("closed_duplicate", "closed_unqualified", "closed_lost")
_PEOPLE = (
    _Consequence("customer", "bought, or is said to have", '"has_won_opportunity" OR "claims_customer"'),
    _Consequence("in_opportunity", "is on an open deal", '"has_open_opportunity"'),
    _Consequence("sql", "was accepted by sales", '"sales_accepted_on" IS NOT NULL'),
    _Consequence(
        "sql", "does not fail the ideal customer profile", "\"icp_fit\" IS DISTINCT FROM 'fail'", is_blocking=False
    ),
    _Consequence("sal", "was accepted by sales", '"sales_accepted_on" IS NOT NULL'),
    _Consequence(
        "dead", "is silent or out of reach", '"silent_since_on" <= {as_of} OR "unreachable_since_on" <= {as_of}'
    ),
    _Consequence("list_record", "never showed interest", "\"engagement_level\" = 'none'", is_blocking=False),
    _Consequence("unclassifiable", "cannot be told apart", '"has_identity" IS NOT TRUE'),
)
_DEALS = (
    _Consequence("merged_or_deleted", "was deleted in its source", '"is_deleted"'),
    _Consequence("closed_won", "is closed and won", '"is_closed" AND "is_won" AND NOT "is_open"'),
    *(_Consequence(name, "is closed and not won", '"is_closed" AND NOT "is_won" AND NOT "is_open"') for name in _LOST),
    *(
        _Consequence(name, "is open and not deleted", '"is_open" AND NOT "is_closed" AND NOT "is_deleted"')
        for name in _OPEN
    ),
    _Consequence("no_close_date", "has no close date", '"close_date" IS NULL'),
    _Consequence("overdue", "has a close date that passed", '"close_date" < {as_of}'),
    _Consequence("active", "has a close date", '"close_date" IS NOT NULL'),
    _Consequence("active", "lacks no criterion its stage requires", '"missing_criteria_count" = 0'),
    _Consequence("active", "has an active owner", "\"owner_state\" = 'active'", is_blocking=False),
    _Consequence("active", "has an account", '"account_id" IS NOT NULL', is_blocking=False),
)
_OF = {"dim_person": _PEOPLE, "fct_opportunity": _DEALS}


def consequences(table: str, column: str, classes: Collection[str], as_of: date) -> list[Check]:
    """One check for each consequence of the `classes` that `column` of `table` may hold."""
    return [
        Check(
            name=f"{table}: who is {one.name} {one.said}",
            table=table,
            measure=Measure.FAILING_ROWS,
            # Unknown is not good enough: the class promises the fact.
            sql=f"{identifier(column)} = {literal(one.name)} AND ({one.must.format(as_of=literal(as_of))}) IS NOT TRUE",
            is_blocking=one.is_blocking,
        )
        for one in _OF[table]
        if one.name in classes
    ]
