"""`bantam demo`: the whole pipeline against the sandbox, twice, a week of the synthetic company's life apart."""

import os
import time
from datetime import date, timedelta
from pathlib import Path

from rich.console import Console

from flows.progress import watched
from flows.refresh_pipeline import refresh_pipeline
from flows.sandbox_process import sandbox_running
from flows.show_report import show_report

CONFIG = Path(__file__).parents[2] / "examples" / "hubspot_salesforce" / "bantam.yaml"
FIRST_DAY = date(2026, 11, 22)
WEEK = 7


def demo(*, people: int = 20_000) -> None:
    """Refresh a synthetic company of so many people into an embedded PostgreSQL, let a week pass, and refresh again.

    Parameters
    ----------
    people
        People of the synthetic company.
    """
    console = Console()
    home = Path(os.environ.setdefault("BANTAM_HOME", ".bantam/demo"))
    began = time.monotonic()
    console.print(f"Starting the sandbox: HubSpot and Salesforce over one synthetic company of {people:,} people.")
    with sandbox_running(people, FIRST_DAY) as sandbox:
        os.environ.update(sandbox.environment)
        show_report(_refresh(console, FIRST_DAY), console)
        console.print(f"\nA week passes: {WEEK} days of new leads, moved deals, merges and deletions.\n")
        sandbox.advance(WEEK)
        show_report(_refresh(console, FIRST_DAY + timedelta(days=WEEK)), console)
    console.print(f"\nDone in {time.monotonic() - began:.0f} s. All of it lies under {home}.")
    console.print("Ask the warehouse:  bantam warehouse shell    or    bantam warehouse serve    for BI tools")


def _refresh(console: Console, as_of: date) -> dict[str, object]:
    with watched(console, quiet=not console.is_terminal):
        return refresh_pipeline(config=str(CONFIG), as_of=as_of)
