"""`bantam doctor`: consistency of landing, states, cursors and warehouse, with a remedy for each fault."""

import sys

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn
from rich.text import Text

from flows.home.doctor import Check, examine, refuse_other_account
from flows.home.folders import Home
from flows.home.lock import check_home_free
from flows.run.warehouse_access import home_from_environment, unmigrated_warehouse, why_unreadable
from flows.terminal.tables import filled, table

_FAULTS_LIMIT = 20
_WRONG = 4


def doctor(*, quick: bool = False) -> None:
    """Verify the home and the warehouse against each other, and change nothing.

    Ends with 0 where nothing is wrong, with 4 where something is, with 75 while a run is at work.

    Parameters
    ----------
    quick
        Look for every file, and do not read the pages of landing to verify their checksums.
    """
    home, console = Home(home_from_environment()), Console()
    refuse_other_account(home)
    check_home_free(home)
    with unmigrated_warehouse() as engine, _progress() as bar:
        unreadable = why_unreadable(engine)
        line = bar.add_task("reading landing", total=None)
        checks = examine(
            home,
            None if unreadable else engine,
            quick=quick,
            progress=lambda done, total: bar.update(line, completed=done, total=total),
        )
    if unreadable:
        console.print(unreadable, markup=False)
    _show(checks, console)
    if any(check.faults for check in checks):
        sys.exit(_WRONG)


def _progress() -> Progress:
    errors = Console(stderr=True)
    return Progress(
        TextColumn("{task.description}"), BarColumn(bar_width=24), DownloadColumn(), TimeRemainingColumn(),
        console=errors, disable=not errors.is_terminal, transient=True,
    )  # fmt: skip


def _show(checks: list[Check], console: Console) -> None:
    made = table("What was examined", "what", "#number", "#wrong")
    console.print(filled(made, [(check.what, check.checked, len(check.faults)) for check in checks]))
    for check in checks:
        # Outside the table: a path that is wrapped in a column cannot be copied.
        for fault in check.faults[:_FAULTS_LIMIT]:
            console.print(Text(f"{fault.what}", style="yellow"), soft_wrap=True)
            console.print(Text(f"  {fault.remedy}"), soft_wrap=True)
        if len(check.faults) > _FAULTS_LIMIT:
            console.print(f"and {len(check.faults) - _FAULTS_LIMIT:,} more {check.what}")
    faults = sum(len(check.faults) for check in checks)
    console.print("Nothing is wrong." if not faults else f"{faults:,} wrong; nothing was changed.")
