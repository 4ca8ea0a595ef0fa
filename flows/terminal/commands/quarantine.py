"""`bantam quarantine list`: records that were set aside, and why; never what they hold."""

from rich.console import Console

from definitions.counting import counted
from flows.run.warehouse_access import warehouse_here
from flows.terminal.commands.parameters import Count
from flows.terminal.tables import filled, table
from warehouse.read import lookups


def listing(*, limit: Count = 50) -> None:
    """Show records set aside by the last run: which, why, in which field, and where they lie in the landing.

    Parameters
    ----------
    limit
        At most so many.
    """
    with warehouse_here() as engine:
        held = lookups.quarantine(engine)
    console = Console()
    made = table("Set aside", "since", "reason", "field", "what is wrong", "record", "where")
    columns = "first_seen_on", "reason_code", "field_name", "detail", "record_key", "location"
    if held.height:
        console.print(filled(made, held.head(limit).select(columns).rows()))
    console.print(f"{min(held.height, limit):,} of {counted(held.height, 'record')} in quarantine.")
