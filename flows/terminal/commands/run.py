"""`bantam run`: one refresh in the foreground."""

from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from rich.console import Console

from definitions.errors import ConfigurationError, PublishError
from flows.home.lock import check_home_free
from flows.orchestration.ephemeral_server import ephemeral_server
from flows.orchestration.interruption import run_until_signal
from flows.orchestration.prefect_home import keep_prefect_in
from flows.run.failures import end_reported
from flows.run.input_files import check_input_files
from flows.run.request import read_request
from flows.settings import Settings
from flows.terminal.progress import show_progress
from flows.terminal.show_report import show_report
from warehouse.connect import check_connection, engine_for
from warehouse.embedded.server import EmbeddedServer
from warehouse.publishing.run_lock import check_free

ERRORS = Console(stderr=True)


def run(
    *,
    config: Path = Path("bantam.yaml"),
    data: Path | None = None,
    as_of: date | None = None,
    source: list[str] | None = None,
    full: bool = False,
    accept_volume: str | None = None,
    quiet: bool = False,
) -> None:
    """Refresh once and show what was done.

    Parameters
    ----------
    config
        The settings.
    data
        Folder that the paths of file sources start from; the settings' own folder if not given.
    as_of
        Day the result is to be true for, in the reporting time zone; today if not given.
    source
        Ask only these sources; the others keep the records they have.
    full
        Ask for everything again, not only for what changed.
    accept_volume
        Reason why far more or fewer rows than last time are right, stored with the audit. Without it they stop the run.
    quiet
        Print nothing; see the exit code and the report file.
    """
    arguments: dict[str, Any] = {
        "config": str(config),
        "data": None if data is None else str(data),
        "as_of": as_of,
        "sources": source,
        "full": full,
        "accept_volume": accept_volume,
    }
    if as_of is not None and as_of > datetime.now(UTC).date() + timedelta(days=1):
        raise ConfigurationError(
            f"--as-of {as_of} lies in the future: the ledger and the issues only go forward, so that every run until "
            "then would be refused."
        )
    run_until_signal(lambda: _refresh(arguments, quiet=quiet))


def _refresh(arguments: dict[str, Any], *, quiet: bool) -> None:
    # A mistake in the settings, a missing file or an active run is reported before Prefect starts.
    request = read_request(**arguments)
    with end_reported(request) as end:
        check_input_files(request)
        check_home_free(request.home)
        _check_nobody_runs(request.settings)
        keep_prefect_in(request.home)
        with ephemeral_server(), show_progress(ERRORS, quiet=quiet):
            from flows.refresh_pipeline import refresh_pipeline  # noqa: PLC0415 - imports Prefect

            refresh_pipeline(**arguments)
    # A run that failed after its publication has a short report, and has printed the reason.
    if not quiet and end.report is not None and "balance" in end.report:
        show_report(end.report, Console())


def _check_nobody_runs(settings: Settings) -> None:
    """Raise `AnotherRunActiveError` when a refresh of this warehouse is at work; the flow takes the lock itself."""
    if settings.warehouse_url is not None:
        engine = engine_for(settings.warehouse_url.get_secret_value())
        check_connection(engine, to_write=True)
        check_free(engine)
        return
    server = EmbeddedServer(settings.home)
    # A server that is being created, started or stopped refuses connections; the flow waits for it.
    with suppress(PublishError, ConfigurationError):
        if server.is_running():
            check_free(engine_for(server.url))
