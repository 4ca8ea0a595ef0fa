"""`bantam explain`: why a person or a deal stands where it stands, from the records it was made of to its history."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import polars as pl
from rich.console import Console
from rich.text import Text

from definitions.errors import ConfigurationError
from definitions.schema.tables import DIM_PERSON, FCT_OPPORTUNITY, Table
from flows.run.warehouse_access import warehouse_here
from flows.terminal.tables import filled, shown, table
from warehouse.read import lookups
from warehouse.read.names import Namesake, namesakes

_ACTIVITIES_SHOWN = 12
_NAMESAKES_SHOWN = 20
_NAMED = {"record_id", "opportunity_id", "person_id"}
_HEADS = {"opportunity_id": "deal", "occurred_at": "at (UTC)", "says": "what is wrong"}
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

    A name that several have is answered with a list of them.

    Parameters
    ----------
    asked
        An e-mail address, an id such as salesforce:lead:00Q… or one in a source, a link, or a name: of a person, of a
        deal, or of an account with its people and deals.
    """
    # What a terminal sends in another encoding is found nowhere, and must not be an error of the driver.
    asked = asked.encode(errors="replace").decode().strip()
    with warehouse_here() as engine:
        found = lookups.explain(engine, asked)
        if not _is_anybody(found):
            alike = namesakes(engine, asked, limit=_NAMESAKES_SHOWN + 1) if asked else []
            if len(alike) > 1:
                _list(alike, Console())
                return
            if alike:
                found = lookups.explain(engine, alike[0].record_id)
    if not _is_anybody(found):
        raise ConfigurationError(
            "no published person or deal has this address, id, link or name. Try `bantam status`, and `bantam "
            "quarantine list` for records that were set aside."
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
        console.print(f"The newest {_ACTIVITIES_SHOWN} of {newest.height:,}; all are in curated.fct_activity.")


def _is_anybody(found: lookups.Explanation) -> bool:
    return not (found.people.is_empty() and found.opportunities.is_empty())


def _list(alike: Sequence[Namesake], console: Console) -> None:
    """Show who is called so, with the ids by which each can be explained."""
    made = table("Several are called so; explain one by its id", "what", "name", "account", "stands", "id")
    rows = [(one.kind, one.name, one.account, one.current_class, one.record_id) for one in alike[:_NAMESAKES_SHOWN]]
    if len(alike) > len(rows):
        made.caption = f"and more: these are the first {len(rows)}; say more of the name."
    console.print(filled(made, rows))


def _names(found: lookups.Explanation) -> Mapping[str, str]:
    """What people call each record that was found, by its id."""
    both = (found.people, _PERSON), (found.opportunities, _DEAL)
    return {row[kind.key]: kind.called(row) for frame, kind in both for row in frame.to_dicts()}


def _entity(
    console: Console, row: dict[str, Any], kind: _Kind, sources: pl.DataFrame, meanings: Mapping[str, str]
) -> None:
    name, current_class = kind.called(row), row[kind.column]
    console.rule(Text(f"{name or row[kind.key]}  is  {current_class}  since {row[f'{kind.column}_since']}"))
    records = sources.filter(pl.col(kind.key) == row[kind.key])
    made_of = table("Made of", "#no.", "record", "matched by", "survivor", "deleted", "changed (UTC)")
    columns = "record_key", "match_rule", "is_survivor", "is_deleted", "source_updated_at"
    console.print(filled(made_of, ((place, *one) for place, one in enumerate(records.select(columns).rows(), start=1))))
    numbers = {key: f"no. {place}" for place, key in enumerate(records["record_key"], start=1)}
    winners = json.loads(row["field_winners"] or "{}")
    values = [
        (field, row[field], numbers.get(winners.get(field), winners.get(field)))
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
        made = table(title, *(_HEADS.get(name, name.removesuffix("_id").replace("_", " ")) for name in names))
        for row in frame.select(names).to_dicts():
            made.add_row(
                *(shown(called.get(value) or value if name in _NAMED else value) for name, value in row.items())
            )
        console.print(made)
