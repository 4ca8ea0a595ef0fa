"""`bantam explain`: why a person or a deal stands where it stands, from the records it was made of to its history."""

import json
from typing import Any

import polars as pl
from rich.console import Console
from rich.text import Text

from definitions.errors import ConfigurationError
from definitions.tables import DIM_PERSON, FCT_OPPORTUNITY, Table
from flows.tables_on_terminal import filled, shown, table
from flows.warehouse_access import warehouse_here
from warehouse import lookups

# What says how a row was made rather than what it is; each has a part of its own below.
_APART = {
    "class_reasons", "criteria", "field_winners", "run_id", "definitions_version", "loaded_at", "record_hash",
    "missing_criteria",
}  # fmt: skip


def explain(asked: str) -> None:
    """Show every source record of a person or deal, what was kept from where, its class with each test, its history.

    Parameters
    ----------
    asked
        An e-mail address, a golden id such as salesforce:lead:00Q…, a record key, or an id in a source.
    """
    with warehouse_here() as engine:
        found = lookups.explain(engine, asked)
    if found.people.is_empty() and found.opportunities.is_empty():
        raise ConfigurationError(
            "no published person or deal has this address or id. Try `bantam status` and `quarantine list`."
        )
    console = Console()
    for row in found.people.to_dicts():
        _entity(console, row, DIM_PERSON, "person_id", "lifecycle_class", found.sources)
    for row in found.opportunities.to_dicts():
        _entity(console, row, FCT_OPPORTUNITY, "opportunity_id", "pipeline_class", found.opportunity_sources)
    _listed(console, "On deals", found.roles, "opportunity_id person_id role is_primary is_decision_maker")
    _listed(console, "History of classes", found.changes, "changed_on from_class to_class from_kind reason")
    _listed(console, "Hygiene issues", found.issues, "state rule_id severity opened_on resolved_on says")
    _listed(console, "Activities", found.activities.sort("occurred_at", descending=True, nulls_last=True).head(12),
            "occurred_at activity_type direction engagement_level is_inferred")  # fmt: skip


def _entity(
    console: Console, row: dict[str, Any], contract: Table, key: str, column: str, sources: pl.DataFrame
) -> None:
    since = row[f"{column}_since"]
    console.rule(Text(f"{row[key]}  is  {row[column]}  since {since}"))
    mine = sources.filter(pl.col(key) == row[key])
    _listed(console, "Made of", mine, "record_key match_rule is_survivor is_deleted source_updated_at")
    winners = json.loads(row["field_winners"] or "{}")
    values = [
        (name, row[name], winners.get(name)) for name in contract.names if name not in _APART and row[name] is not None
    ]
    console.print(filled(table("Values, and the record each was kept from", "field", "value", "from"), values))
    criteria = json.loads(row["criteria"] or "{}")
    told = [(name, one["state"], one["evidence"], one.get("value")) for name, one in criteria.items()]
    console.print(filled(table("Criteria", "criterion", "state", "evidence", "value"), told))
    tests = [test.split("=", 1) for test in (row["class_reasons"] or "").split("; ")]
    console.print(filled(table("Classes tried, in order", "class", "answer"), tests))


def _listed(console: Console, title: str, frame: pl.DataFrame, columns: str) -> None:
    names = columns.split()
    if frame.height:
        made = table(title, *names)
        for row in frame.select(names).rows():
            made.add_row(*(shown(value) for value in row))
        console.print(made)
