"""`bantam digests`: send pending messages to owners and RevOps, or show them."""

import textwrap
from collections.abc import Iterator
from pathlib import Path

from rich.console import Console
from rich.panel import Panel
from rich.text import Text

from definitions.counting import counted
from flows.alerts.delivery import arrived_twice
from flows.alerts.messages import Draft, Message
from flows.alerts.plan import Plan, check_targets, plan, read_alert_state
from flows.orchestration.ephemeral_server import ephemeral_server
from flows.orchestration.interruption import run_until_signal
from flows.orchestration.prefect_home import keep_prefect_in
from flows.run.request import read_request
from flows.run.warehouse_access import open_warehouse

_WIDEST = 100
_NOTHING = "Nothing was published yet, so there is nothing to tell. Run `bantam run` first."


def digests(*, config: Path = Path("bantam.yaml"), dry_run: bool = False) -> None:
    """Send issues not reported yet to owners and RevOps: one message each, worst records first.

    Parameters
    ----------
    config
        The settings; `alerts` says where messages go.
    dry_run
        Show the messages as they would be sent now, and send nothing.
    """
    run_until_signal(lambda: _send(config, dry_run=dry_run))


def _send(config: Path, *, dry_run: bool) -> None:
    console = Console()
    request = read_request(str(config), data=None, as_of=None, sources=None, audits=False)
    check_targets(request.settings)
    if dry_run:
        with open_warehouse(request.settings) as engine:
            state = read_alert_state(request, engine)
        show_plan(None if state is None else plan(request, state), console)
        return
    keep_prefect_in(request.home)
    with ephemeral_server():
        from flows.send_digests import send_digests  # noqa: PLC0415 - imports Prefect, which reads where its home is

        counts = send_digests(config=str(config))
    if counts["run_id"] is None:
        console.print(_NOTHING)
        return
    console.print(
        f"{counted(counts['accepted'], 'message')} sent about {counted(counts['issues_told'], 'issue')}. "
        f"{counted(counts['left_over_records'], 'record')} did not fit and come in the next digest."
    )
    if counts["repeated"]:
        console.print(arrived_twice(counts["repeated"]))
    _remark(counts["withheld"], counts["without_target"], console)
    _remark_journal(counts["remembered"], counts["damaged_journal_lines"], console)


def show_plan(planned: Plan | None, console: Console) -> None:
    """Print every planned message; those held back or without a target are marked."""
    if planned is None:
        console.print(_NOTHING)
        return
    for message in planned.messages:
        _show(message, console)
    for message in planned.withheld:
        _show(message, console, "HELD BACK - ")
    for draft in planned.without_target:
        _show(draft, console, "NO TARGET - ")
    console.print(f"{counted(len(planned.messages), 'message')} would be sent; nothing was sent.")
    _remark(len(planned.withheld), len(planned.without_target), console)
    _remark_journal(len(planned.remembered), planned.damaged, console)


def _show(draft: Draft, console: Console, mark: str = "") -> None:
    width = min(console.width, _WIDEST)
    reader = "RevOps" if draft.address is None else draft.address
    # Plain text, not markup: a name in brackets must not change colours.
    text = Text("\n".join(_wrapped(f"{draft.title}\n\n{draft.body}", width - 6)), overflow="fold")
    title = Text(f"{mark}To {reader}")
    key = Text(f"key {draft.delivery.key}") if isinstance(draft, Message) else None
    console.print(
        Panel(text, title=title, title_align="left", subtitle=key, subtitle_align="left", width=width, padding=(1, 2))
    )


def _wrapped(text: str, width: int) -> Iterator[str]:
    """Wrap lines with a hanging indent; a link stays in one piece if possible."""
    for line in text.split("\n"):
        indent = line[: len(line) - len(line.lstrip("- "))].replace("-", " ")
        yield from textwrap.wrap(
            line, width, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
        ) or [""]


def _remark(withheld: int, without_target: int, console: Console) -> None:
    if withheld:
        console.print(f"{counted(withheld, 'message')} held back: the data is stale.")
    if without_target:
        console.print(f"{counted(without_target, 'message')} without a target to go to: set `alerts` in the settings.")


def _remark_journal(remembered: int, damaged: int, console: Console) -> None:
    if remembered:
        console.print(
            f"{counted(remembered, 'message')} not sent again: delivered according to the journal in BANTAM_HOME, but "
            "not to the warehouse."
        )
    if damaged:
        console.print(
            f"{counted(damaged, 'line')} of the journal in BANTAM_HOME cannot be read; the warehouse is used instead."
        )
