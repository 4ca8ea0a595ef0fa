"""`bantam quarantine list`: records that were set aside, and why; never what they hold."""

from rich.console import Console

from flows.commands.parameters import Count
from flows.tables_on_terminal import filled, table
from flows.warehouse_access import warehouse_here
from warehouse import lookups


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
    made = table("Set aside", "record", "since", "reason", "field", "where and what")
    for row in held.head(limit).to_dicts():
        where = f"{row['location']}: {row['detail']}"
        filled(made, [(row["record_key"], row["first_seen_on"], row["reason_code"], row["field_name"] or "", where)])
    if held.height:
        console.print(made)
    console.print(f"{min(held.height, limit):,} of {held.height:,} records in quarantine.")
