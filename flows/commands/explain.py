"""`bantam explain`: why a person or a deal stands where it stands, from the records it was made of to its history."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import polars as pl
from rich.console import Console
from rich.text import Text

from definitions.errors import ConfigurationError
from definitions.tables import DIM_PERSON, FCT_OPPORTUNITY, Table
from flows.tables_on_terminal import filled, shown, table
from flows.warehouse_access import warehouse_here
from warehouse import lookups

_ACTIVITIES_SHOWN = 12
_NAMED = {"record_id", "opportunity_id", "person_id"}
# What says how a row was made rather than what it is; each has a part of its own below.
_APART = {
    "class_reasons", "criteria", "field_winners", "run_id", "definitions_version", "loaded_at", "record_hash",
    "missing_criteria",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kind:
    """How rows of a kind of record are told: their table, its key, the column of their class, and what to call them."""

    contract: Table
    key: str
    column: str
    name: tuple[str, ...]

    def called(self, row: Mapping[str, Any]) -> str:
        """The name people know it by; empty where it has none."""
        return " ".join(row[part] for part in self.name if row[part])


_PERSON = _Kind(contract=DIM_PERSON, key="person_id", column="lifecycle_class", name=("first_name", "last_name"))
_DEAL = _Kind(contract=FCT_OPPORTUNITY, key="opportunity_id", column="pipeline_class", name=("name",))


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
    console, called = Console(), _names(found)
    for row in found.people.to_dicts():
        _entity(console, row, _PERSON, found.sources, found.meanings.get("person", {}))
    for row in found.opportunities.to_dicts():
        _entity(console, row, _DEAL, found.opportunity_sources, found.meanings.get("opportunity", {}))
    listed = partial(_listed, console, called)
    listed("On deals", found.roles, "opportunity_id person_id role is_primary is_decision_maker")
    listed("History of classes", found.changes.sort("changed_on", "record_id"),
           "changed_on record_id from_class to_class from_kind reason")  # fmt: skip
    listed("Hygiene issues", found.issues, "state record_id rule_id severity opened_on resolved_on says")
    newest = found.activities.sort("occurred_at", descending=True, nulls_last=True)
    acts = "occurred_at activity_type direction engagement_level is_inferred"
    listed("Activities, newest first", newest.head(_ACTIVITIES_SHOWN), acts)
    if newest.height > _ACTIVITIES_SHOWN:
        console.print(f"{_ACTIVITIES_SHOWN} of {newest.height:,} activities; all are in curated.fct_activity.")


def _names(found: lookups.Explanation) -> Mapping[str, str]:
    """What people call each record that was found, by its id."""
    both = (found.people, _PERSON), (found.opportunities, _DEAL)
    return {row[kind.key]: kind.called(row) for frame, kind in both for row in frame.to_dicts()}


def _entity(
    console: Console, row: dict[str, Any], kind: _Kind, sources: pl.DataFrame, meanings: Mapping[str, str]
) -> None:
    name, stands = kind.called(row), row[kind.column]
    console.rule(Text(f"{name or row[kind.key]}  is  {stands}  since {row[f'{kind.column}_since']}"))
    _listed(console, {}, "Made of", sources.filter(pl.col(kind.key) == row[kind.key]),
            "record_key match_rule is_survivor is_deleted source_updated_at")  # fmt: skip
    winners = json.loads(row["field_winners"] or "{}")
    values = [
        (field, row[field], winners.get(field))
        for field in kind.contract.names
        if field not in _APART and row[field] is not None
    ]
    console.print(filled(table("Values, and the record each was kept from", "field", "value", "from"), values))
    criteria, missing = json.loads(row["criteria"] or "{}"), (row.get("missing_criteria") or "").split(", ")
    answers = [
        (name, one["state"], one["evidence"], one.get("value"), "is missing" if name in missing else None)
        for name, one in criteria.items()
    ]
    console.print(filled(table("Criteria", "criterion", "state", "evidence", "value", "at this stage"), answers))
    tests = [test.split("=", 1) for test in (row["class_reasons"] or "").split("; ") if test]
    tried = [(name, answer, meanings.get(name)) for name, answer in tests]
    title = "Classes tried, in order: the first true one counts"
    console.print(filled(table(title, "class", "answer", "what it means"), tried))


def _listed(console: Console, called: Mapping[str, str], title: str, frame: pl.DataFrame, columns: str) -> None:
    """Print these columns of the rows, if there are any; records are `called` by their names."""
    names = columns.split()
    if frame.height:
        made = table(title, *(name.removesuffix("_id") for name in names))
        for row in frame.select(names).to_dicts():
            made.add_row(
                *(shown(called.get(value) or value if name in _NAMED else value) for name, value in row.items())
            )
        console.print(made)
