"""`bantam definitions show` and `check`: print the agreement, and validate it."""

from pathlib import Path
from typing import ClassVar

from rich.console import Console, ConsoleOptions, RenderResult
from rich.markdown import Markdown, TableElement

from definitions.agreement.load import load_definitions
from definitions.agreement.model import Definitions
from definitions.agreement.page.page import render_markdown
from flows.settings import load_settings
from flows.terminal.tables import Table

_SETTINGS = Path("bantam.yaml")
_PROFILE = "handoff"


class _WholeWords(TableElement):
    """Markdown table in our own layout, which breaks no word: names in it must stay readable to be signed."""

    def __rich_console__(self, _console: Console, _options: ConsoleOptions) -> RenderResult:
        head = self.header.row.cells if self.header and self.header.row else []
        made = Table("", tuple(cell.content.plain for cell in head))
        for row in self.body.rows if self.body else []:
            made.add_row(*(cell.content for cell in row.cells))
        yield made


class _Page(Markdown):
    elements: ClassVar = {**Markdown.elements, "table_open": _WholeWords}


def show(profile: str | None = None, *, config: Path | None = None, plain: bool = False) -> None:
    """Show the page to sign.

    Parameters
    ----------
    profile
        Name of a profile, or path of a definitions file; unless given, what the settings name.
    config
        Settings, whose fields of your own tests may name; bantam.yaml where it is there. No secret need be set.
    plain
        Print the Markdown itself, to be kept or sent.
    """
    page = render_markdown(_agreed(profile, config))
    console = Console()
    if plain or not console.is_terminal:
        console.out(page, highlight=False, end="")
    else:
        console.print(_Page(page))


def check(profile: str | None = None, *, config: Path | None = None) -> None:
    """Validate the definitions; every mistake is named by file and line, and the exit code is 2.

    Parameters
    ----------
    profile
        Name of a profile, or path of a definitions file; unless given, what the settings name.
    config
        Settings, whose fields of your own tests may name; bantam.yaml where it is there. No secret need be set.
    """
    agreed = _agreed(profile, config)
    signed = ", ".join(f"{sign.team} ({sign.name}, {sign.on})" for sign in agreed.approved_by) or "nobody yet"
    Console().print(
        f"{agreed.profile} {agreed.version} can be used: {len(agreed.people)} classes of people, "
        f"{len(agreed.opportunities)} of deals, {len(agreed.criteria)} criteria, {len(agreed.hygiene)} hygiene rules. "
        f"{'Draft' if agreed.is_draft else 'Approved'}; signed by {signed}."
    )


def _agreed(profile: str | None, config: Path | None) -> Definitions:
    """Load the definitions as a run would: with the settings' profile, unless one is named, and their own fields.

    Without settings they are the profile that comes with the package, and no test may name a field of your own.
    """
    if config is None and not _SETTINGS.exists():
        return load_definitions(profile or _PROFILE)
    settings = load_settings(config or _SETTINGS, needs_environment=False)
    return load_definitions(profile or settings.definitions_path, settings.custom)
