"""`bantam explain`: source records, values, class with its tests, and history of a person or deal."""

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
from flows.run.warehouse_access import warehouse_from_environment
from flows.terminal.tables import as_text, filled, table
from warehouse.read import lookups
from warehouse.read.names import Namesake, namesakes

_ACTIVITIES_LIMIT = 12
_NAMESAKES_LIMIT = 20
_ID_COLUMNS = {"record_id", "opportunity_id", "person_id"}
_HEADS = {"opportunity_id": "deal", "occurred_at": "at (UTC)", "says": "what is wrong"}
# Lineage and classification details, which are printed as tables of their own or not at all.
_DETAIL_COLUMNS = {
    "class_reasons", "criteria", "field_winners", "run_id", "definitions_version", "loaded_at", "record_hash",
    "missing_criteria",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kind:
    """Kind of record: its table, key, class column, and the columns of its name."""

    contract: Table
    key: str
    column: str
    name: tuple[str, ...]

    def display_name(self, row: Mapping[str, Any]) -> str:
        """Return the name of the record; empty if it has none."""
        return " ".join(row[column] for column in self.name if row[column])


_PERSON = _Kind(contract=DIM_PERSON, key="person_id", column="lifecycle_class", name=("first_name", "last_name"))
_DEAL = _Kind(contract=FCT_OPPORTUNITY, key="opportunity_id", column="pipeline_class", name=("name",))


def explain(asked: str) -> None:
    """Show source records of a person or deal, values and their origin, class with each test, and history.

    A name that several have is answered with a list of them.

    Parameters
    ----------
    asked
        An e-mail address, an id such as salesforce:lead:00Q… or one in a source, a link, or a name: of a person, of a
        deal, or of an account with its people and deals.
    """
    # Input in another encoding matches nothing, and must not be an error of the driver.
    asked = asked.encode(errors="replace").decode().strip()
    with warehouse_from_environment() as engine:
        found = lookups.explain(engine, asked)
        if not _has_records(found):
            alike = namesakes(engine, asked, limit=_NAMESAKES_LIMIT + 1) if asked else []
            if len(alike) > 1:
                _print_namesakes(alike, Console())
                return
            if alike:
                found = lookups.explain(engine, alike[0].record_id)
    if not _has_records(found):
        raise ConfigurationError(
            "no published person or deal has this address, id, link or name. Try `bantam status`, and `bantam "
            "quarantine list` for records that were set aside."
        )
    console, names = Console(), _names(found)
    for row in found.people.to_dicts():
        _entity(console, row, _PERSON, found.sources, found.meanings.get("person", {}))
    for row in found.opportunities.to_dicts():
        _entity(console, row, _DEAL, found.opportunity_sources, found.meanings.get("opportunity", {}))
    print_rows = partial(_print_rows, console, names)
    print_rows("On deals", found.roles, "opportunity_id person_id role is_primary is_decision_maker")
    print_rows("History of classes", found.changes.sort("changed_on", "record_id"),
               "changed_on record_id from_class to_class from_kind reason")  # fmt: skip
    print_rows("Hygiene issues", found.issues, "state record_id rule_id severity opened_on resolved_on says")
    newest = found.activities.sort("occurred_at", descending=True, nulls_last=True)
    columns = "occurred_at activity_type direction engagement_level is_inferred"
    print_rows("Activities, newest first", newest.head(_ACTIVITIES_LIMIT), columns)
    if newest.height > _ACTIVITIES_LIMIT:
        console.print(f"The newest {_ACTIVITIES_LIMIT} of {newest.height:,}; all are in curated.fct_activity.")


def _has_records(found: lookups.Explanation) -> bool:
    return not (found.people.is_empty() and found.opportunities.is_empty())


def _print_namesakes(alike: Sequence[Namesake], console: Console) -> None:
    """Print the records that share a name, with the ids by which each can be explained."""
    made = table("Several are called so; explain one by its id", "what", "name", "account", "stands", "id")
    rows = [(one.kind, one.name, one.account, one.current_class, one.record_id) for one in alike[:_NAMESAKES_LIMIT]]
    if len(alike) > len(rows):
        made.caption = f"and more: these are the first {len(rows)}; give more of the name."
    console.print(filled(made, rows))


def _names(found: lookups.Explanation) -> Mapping[str, str]:
    """Return the display name of each record that was found, by its id."""
    frames = (found.people, _PERSON), (found.opportunities, _DEAL)
    return {row[kind.key]: kind.display_name(row) for frame, kind in frames for row in frame.to_dicts()}


def _entity(
    console: Console, row: dict[str, Any], kind: _Kind, sources: pl.DataFrame, meanings: Mapping[str, str]
) -> None:
    name, class_name = kind.display_name(row), row[kind.column]
    console.rule(Text(f"{name or row[kind.key]}  is  {class_name}  since {row[f'{kind.column}_since']}"))
    records = sources.filter(pl.col(kind.key) == row[kind.key])
    made_of = table("Made of", "#no.", "record", "matched by", "survivor", "deleted", "changed (UTC)")
    columns = "record_key", "match_rule", "is_survivor", "is_deleted", "source_updated_at"
    rows = enumerate(records.select(columns).rows(), start=1)
    console.print(filled(made_of, ((number, *cells) for number, cells in rows)))
    numbers = {key: f"no. {number}" for number, key in enumerate(records["record_key"], start=1)}
    winners = json.loads(row["field_winners"] or "{}")
    values = [
        (field, row[field], numbers.get(winners.get(field), winners.get(field)))
        for field in kind.contract.names
        if field not in _DETAIL_COLUMNS and row[field] is not None
    ]
    console.print(filled(table("Values, and the record each comes from", "field", "value", "from"), values))
    criteria, missing = json.loads(row["criteria"] or "{}"), (row.get("missing_criteria") or "").split(", ")
    answers = [
        (name, found["state"], found["evidence"], found.get("value"), "is missing" if name in missing else None)
        for name, found in criteria.items()
    ]
    console.print(filled(table("Criteria", "criterion", "state", "evidence", "value", "at this stage"), answers))
    tests = [test.split("=", 1) for test in (row["class_reasons"] or "").split("; ") if test]
    tried = [(name, answer, meanings.get(name)) for name, answer in tests]
    title = "Classes tried, in order: the first true one counts"
    console.print(filled(table(title, "class", "answer", "what it means"), tried))


def _print_rows(console: Console, names: Mapping[str, str], title: str, frame: pl.DataFrame, columns: str) -> None:
    """Print these columns of the rows, if there are any; ids of records with a name are replaced by it."""
    selected = columns.split()
    if frame.height:
        made = table(title, *(_HEADS.get(name, name.removesuffix("_id").replace("_", " ")) for name in selected))
        for row in frame.select(selected).to_dicts():
            made.add_row(
                *(as_text(names.get(value) or value if name in _ID_COLUMNS else value) for name, value in row.items())
            )
        console.print(made)
