"""`bantam erase`: remove a person from landing, states, tables and history, and keep them out."""

from pathlib import Path

from rich.console import Console

from definitions.counting import counted
from definitions.errors import ConfigurationError
from flows.erasure.erase import ErasureReport, erase_person, release_person
from flows.orchestration.interruption import run_until_signal
from flows.run.failures import end_reported
from flows.run.request import RunRequest, read_request
from flows.terminal.progress import show_progress
from flows.terminal.tables import filled, table


def erase(asked: str | None = None, *, release: bool = False, config: Path = Path("bantam.yaml")) -> None:
    """Erase the person of an e-mail address or record key, everywhere, and keep them out from now on.

    Their records leave landing, states, tables and history; what remains is published at once. A keyed list without
    values keeps them out of every later pull. Without an argument the list is applied again, which completes an erasure
    that was killed, and whatever a restored backup brought back. Ends with 75 while a run is at work.

    Parameters
    ----------
    asked
        An e-mail address, or a record key such as hubspot:contact:123; all records of the same person go.
    release
        Take the person off the list instead; the next `bantam run --full` takes them in again.
    config
        The settings.
    """
    request = read_request(str(config), data=None, as_of=None, sources=None, pulls=False)
    if release:
        if asked is None:
            raise ConfigurationError("name the address or record key to release.")
        count = release_person(request, asked)
        Console().print(f"{count:,} keys and addresses released. `bantam run --full` takes the person in again.")
        return
    report = run_until_signal(lambda: _erased(request, asked))
    _show(report, Console())


def _erased(request: RunRequest, asked: str | None) -> ErasureReport:
    with end_reported(request), show_progress(Console(stderr=True)):
        return erase_person(request, asked)


def _show(report: ErasureReport, console: Console) -> None:
    console.print(filled(table("Erased", "where", "#rows or lines"), sorted(report.counts.items())))
    console.print(f"{counted(report.records, 'record')} of the person found; nothing of them is taken in from now on.")
    if report.shared:
        console.print(f"{report.shared:,} of their addresses stay off the list: other people have them too.")
    if report.run_id is not None:
        console.print(f"Run {report.run_id} published what remains.")
