"""Consistency: history and bridges agree with the golden rows they refer to.

BI tools and digests read the ledger, the snapshot and the bridges on their own; where they disagree with the golden
rows, reports show two numbers for one fact. All checks are critical, without a tolerance.
"""

from definitions.schema.classified import CLASS_COLUMN, CLASS_TABLE, GONE, Classified
from definitions.schema.tables import (
    BRIDGE_ACCOUNT_SOURCE,
    BRIDGE_OPPORTUNITY_SOURCE,
    BRIDGE_PERSON_SOURCE,
    DIM_ACCOUNT,
    DIM_PERSON,
    FCT_CLASSIFICATION_CHANGE,
    FCT_HYGIENE_ISSUE,
    FCT_OPPORTUNITY,
    FCT_OPPORTUNITY_DAILY_SNAPSHOT,
    Table,
)
from definitions.sql_text import identifier, literal
from expectations.check import Check, Suite, failing_count

_BRIDGED = ((DIM_PERSON, BRIDGE_PERSON_SOURCE), (DIM_ACCOUNT, BRIDGE_ACCOUNT_SOURCE))
_KINDS: tuple[Classified, ...] = ("person", "opportunity")


def consistency_suite() -> Suite:
    """Check the staged history and bridges against the staged golden rows."""
    bridges = (*_BRIDGED, (FCT_OPPORTUNITY, BRIDGE_OPPORTUNITY_SOURCE))
    checks = [
        *(_ledger(kind) for kind in _KINDS),
        *(_issues(kind) for kind in _KINDS),
        _snapshot(),
        *(_records(golden, bridge) for golden, bridge in bridges),
    ]
    return Suite("consistency", tuple(checks))


def _ledger(kind: Classified) -> Check:
    """Check that each staged change leads to the class that its record has now, or that the record is gone."""
    return _check(
        FCT_CLASSIFICATION_CHANGE,
        f"every change leads to the class that the {kind} has",
        f"FROM {_joined(FCT_CLASSIFICATION_CHANGE, kind)} AND "
        f"coalesce(there.{identifier(CLASS_COLUMN[kind])}, {literal(GONE)}) IS DISTINCT FROM here.to_class",
    )


def _issues(kind: Classified) -> Check:
    return _check(
        FCT_HYGIENE_ISSUE,
        f"the record of every open {kind} issue is there",
        f"FROM {_joined(FCT_HYGIENE_ISSUE, kind)} AND here.state = 'open' AND there.{_id(kind)} IS NULL",
    )


def _snapshot() -> Check:
    compared = ("pipeline_class", "is_open", "amount", "close_date")
    one, other = (", ".join(f"{side}.{identifier(name)}" for name in compared) for side in ("here", "there"))
    return _check(
        FCT_OPPORTUNITY_DAILY_SNAPSHOT,
        "every deal stands as it does in fct_opportunity",
        f"FROM {FCT_OPPORTUNITY_DAILY_SNAPSHOT.name} AS here LEFT JOIN {FCT_OPPORTUNITY.name} AS there "
        f"USING (opportunity_id) WHERE ({one}) IS DISTINCT FROM ({other})",
    )


def _records(golden: Table, bridge: Table) -> Check:
    """Compare live records of each golden row with its record_count: by sums over hashes, one scan of each table."""
    (key,) = golden.key
    code = f"hashtextextended({identifier(key)}, 0)::numeric"
    return _check(
        bridge,
        f"every row of {golden.name} has as many live records as its record_count says",
        f"FROM (SELECT sum({code} * record_count) AS declared FROM {golden.name} WHERE NOT is_deleted) AS there, "
        f"(SELECT sum({code}) AS counted FROM {bridge.name} WHERE NOT is_deleted) AS here "
        "WHERE declared IS DISTINCT FROM counted",
    )


def _joined(history: Table, kind: Classified) -> str:
    """Return SQL for the rows of a history table of one kind of record, left joined to their golden rows."""
    return (
        f"{history.name} AS here LEFT JOIN {CLASS_TABLE[kind].name} AS there ON there.{_id(kind)} = here.record_id "
        f"WHERE here.record_kind = {literal(kind)}"
    )


def _id(kind: Classified) -> str:
    return identifier(f"{kind}_id")


def _check(table: Table, description: str, failing: str) -> Check:
    return failing_count(table.name, description, f"(SELECT count(*) {failing})")
