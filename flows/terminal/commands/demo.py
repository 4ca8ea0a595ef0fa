"""`bantam demo`: two refreshes of the whole pipeline against the sandbox, with a week between them."""

import os
import shutil
import sys
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from rich.console import Console

from flows.home.folders import Home
from flows.orchestration.ephemeral_server import ephemeral_server
from flows.orchestration.interruption import run_until_signal
from flows.orchestration.prefect_home import keep_prefect_in
from flows.run.failures import end_reported
from flows.run.request import read_request
from flows.terminal.commands.parameters import Count
from flows.terminal.progress import show_progress
from flows.terminal.sandbox_process import sandbox_running
from flows.terminal.show_report import show_report

CONFIG = Path(__file__).parents[3] / "examples" / "hubspot_salesforce" / "bantam.yaml"
WEEK = 7


def demo(*, people: Count = 20_000) -> None:
    """Refresh a synthetic company of so many people into an embedded PostgreSQL, let a week pass, and refresh again.

    Parameters
    ----------
    people
        People of the synthetic company.
    """
    run_until_signal(lambda: _demonstrate(people))


def _demonstrate(people: int) -> None:
    console = Console()
    # The second refresh is of today: records dated in the future would be findings of their own.
    today = datetime.now(UTC).date()
    first_day = today - timedelta(days=WEEK)
    # A separate folder, so that the demo always starts with an empty warehouse and touches no other.
    home = Path(os.environ.get("BANTAM_HOME") or ".bantam") / "demo"
    shutil.rmtree(home, ignore_errors=True)
    os.environ["BANTAM_HOME"] = str(home)
    keep_prefect_in(Home(home.resolve()))
    began = time.monotonic()
    console.print(f"Starting the sandbox: HubSpot and Salesforce over one synthetic company of {people:,} people.")
    with sandbox_running(people, first_day) as sandbox, ephemeral_server():
        os.environ.update(sandbox.environment)
        show_report(_refresh(console, first_day), console)
        console.print(f"\nA week passes: {WEEK} days of new leads, moved deals, merges and deletions.\n")
        sandbox.advance(WEEK)
        show_report(_refresh(console, today), console)
    console.print(f"\nDone in {time.monotonic() - began:.0f} s. To look around:")
    console.print(f"  export BANTAM_HOME={home}")
    for command in ("status", "findings --limit 10", "warehouse shell", "warehouse serve"):
        console.print(f"  {Path(sys.executable).with_name('bantam')} {command}", soft_wrap=True)
    console.print(f"The audit as a web page: {home / 'data_docs' / 'index.html'}", soft_wrap=True)


def _refresh(console: Console, as_of: date) -> dict[str, object]:
    from flows.refresh_pipeline import refresh_pipeline  # noqa: PLC0415 - imports Prefect, which reads where its home is

    request = read_request(str(CONFIG), data=None, as_of=as_of, sources=None)
    with end_reported(request) as end, show_progress(console, quiet=not console.is_terminal):
        refresh_pipeline(config=str(CONFIG), as_of=as_of)
    return end.report or {}
