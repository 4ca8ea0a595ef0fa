"""`bantam findings`: open hygiene issues, worst first."""

from typing import Literal

from rich.console import Console

from flows.commands.parameters import Count
from flows.tables_on_terminal import filled, table
from flows.warehouse_access import warehouse_here
from warehouse import lookups


def findings(
    *,
    rule: str | None = None,
    severity: Literal["critical", "warning", "info"] | None = None,
    owner: str | None = None,
    limit: Count = 20,
) -> None:
    """Show open issues, worst first and then by value at risk.

    Parameters
    ----------
    rule
        Only this rule, such as OPP-01.
    severity
        Only critical, warning or info.
    owner
        Only issues of this owner id.
    limit
        At most so many.
    """
    with warehouse_here() as engine:
        issues, total = lookups.findings(engine, limit=limit, severity=severity, rule_id=rule, owner_id=owner)
    console = Console()
    made = table("Open hygiene issues", "severity", "rule", "since", "#at risk", "record", "what is wrong")
    rows = issues.select("severity", "rule_id", "opened_on", "value_at_risk", "record_name", "says").rows()
    console.print(filled(made, rows))
    console.print(f"{len(rows):,} of {total:,} open issues.")
