"""How each table takes the staged rows, as data; a curated table not named here is replaced in full."""

from dataclasses import dataclass

from definitions.schema.tables import Table


@dataclass(frozen=True, slots=True, kw_only=True)
class MergeRule:
    """What a publication may do to the rows that are there.

    `removes`: a published row that is not staged is deleted; where `spares` names a column, only if that is null.
    `updates`: a staged row that differs replaces the published one, but for the columns it `keeps`.
    `within`: the staged rows are the run's own, with its `run_id` or its day, `as_of`, in this column; other rows are
    not touched.
    """

    removes: bool
    updates: bool
    within: str | None = None
    keeps: frozenset[str] = frozenset()
    spares: str | None = None


FULL_STATE = MergeRule(removes=True, updates=True)
UPSERT = MergeRule(removes=False, updates=True)
LEDGER = MergeRule(removes=False, updates=False)

_RULES: dict[str, MergeRule] = {
    "fct_classification_change": LEDGER,
    "fct_hygiene_issue": UPSERT,
    "fct_opportunity_daily_snapshot": MergeRule(removes=True, updates=True, within="snapshot_date"),
    "cursor": UPSERT,
    # The whole list is worked out by every run; what a person released stays released.
    "quarantine": MergeRule(
        removes=True, updates=True, keeps=frozenset({"first_seen_on", "released_at"}), spares="released_at"
    ),
    "value_fault": MergeRule(removes=True, updates=True, keeps=frozenset({"first_seen_on"})),
    # What an earlier, refused attempt of the same run had found is not true of what is published.
    "audit_result": MergeRule(removes=True, updates=True, within="run_id"),
    "conservation": LEDGER,
    # Signing changes the text and the status, and nothing of what was agreed.
    "definitions_version": MergeRule(removes=False, updates=True, keeps=frozenset({"first_used_at"})),
    "notification": UPSERT,
    "announcement": UPSERT,
    "warehouse": LEDGER,
}


def rule_of(table: Table) -> MergeRule:
    """Give the rule of a table."""
    return _RULES.get(table.name, FULL_STATE)
