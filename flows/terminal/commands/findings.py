"""`bantam findings`: open hygiene issues, worst first."""

from collections.abc import Collection

import sqlalchemy as sa
from rich.console import Console

from definitions.config.suggestions import suggestion
from definitions.counting import counted
from definitions.errors import ConfigurationError
from definitions.schema.vocabulary import SEVERITY
from flows.run.warehouse_access import warehouse_from_environment
from flows.terminal.commands.parameters import Count
from flows.terminal.tables import filled, table
from warehouse.read import lookups, names

_COLUMNS = "severity", "rule_id", "opened_on", "value_at_risk", "record_name", "says", "record_id"


def findings(
    *, rule: str | None = None, severity: str | None = None, owner: str | None = None, limit: Count = 20
) -> None:
    """Show open issues, worst first and then by value at risk.

    Parameters
    ----------
    rule
        Only this rule, such as OPP-01.
    severity
        Only critical, warning or info.
    owner
        Only issues of this owner: an id, name or e-mail address.
    limit
        At most so many.
    """
    if severity is not None:
        _check("severity", severity, SEVERITY.names)
    with warehouse_from_environment() as engine:
        if rule is not None:
            _check("rule", rule, names.rule_ids(engine))
        owners = None if owner is None else _owners(engine, owner)
        issues, total = lookups.findings(engine, limit=limit, severity=severity, rule_id=rule, owner_ids=owners)
    console = Console()
    made = table("Open hygiene issues", "severity", "rule", "since", "#at risk", "record", "what is wrong", "id")
    if issues.height:
        console.print(filled(made, issues.select(_COLUMNS).rows()))
    console.print(f"{issues.height:,} of {counted(total, 'open issue')}.")
    if issues.height:
        console.print("`bantam explain <id>` shows why a record has its class and issues.", markup=False)


def _check(option: str, requested: str, allowed: Collection[str]) -> None:
    """Raise `ConfigurationError` for an unknown value: an empty list would look like no problem."""
    if requested not in allowed:
        raise ConfigurationError(
            f"--{option} {requested!r}: there is no such {option}{suggestion(requested, allowed)}."
        )


def _owners(engine: sa.Engine, requested: str) -> list[str]:
    """Return the ids of the owners with this id, name or address."""
    owners, word = names.owner_ids(engine), " ".join(requested.split()).lower()
    found = [key for key, words in owners.items() if word in words]
    if not found:
        # Suggestions are ids only: names and addresses are personal data.
        raise ConfigurationError(
            f"--owner {requested!r}: no owner has this id, name or address{suggestion(requested, owners)}. All are in "
            "curated.dim_owner."
        )
    return found
