"""`bantam quarantine list`: quarantined records with the reason, never with their content."""

from typing import Any

from rich.console import Console

from definitions.counting import counted
from definitions.quarantine_reasons import location_in_words, sentence
from flows.run.warehouse_access import warehouse_from_environment
from flows.terminal.commands.parameters import Count
from flows.terminal.tables import filled, table
from warehouse.read import lookups


def listing(*, limit: Count = 50) -> None:
    """Show records quarantined by the last run: reason, field, and location in the landing.

    Parameters
    ----------
    limit
        At most so many.
    """
    with warehouse_from_environment() as engine:
        held = lookups.quarantine(engine)
    console = Console()
    made = table("Set aside", "since", "reason", "field", "what is wrong", "record", "where")
    if held.height:
        console.print(filled(made, map(_row, held.head(limit).to_dicts())))
    console.print(f"{min(held.height, limit):,} of {counted(held.height, 'record')} in quarantine.")


def _row(held: dict[str, Any]) -> tuple[Any, ...]:
    """Return the cells of one record, with reason and location in words."""
    why = sentence(held["reason_code"], expected=held["expected"], detail=held["detail"])
    file, _, number = (held["location"] or "").rpartition(":")
    where = (
        held["location"] if held["page"] is None else f"{file}, {location_in_words(page=held['page'], number=number)}"
    )
    return held["first_seen_on"], held["reason_code"], held["field_name"], why, held["record_key"], where
