"""`bantam serve`: run every deployment of `prefect.yaml` by its schedule."""

import asyncio
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from types import FrameType

from rich.console import Console

from definitions.errors import ConfigurationError, ServingEndedError
from flows.orchestration.deployments import ROOT, DeclaredDeployment, declared_deployments
from flows.orchestration.guarded_process import GuardedProcess
from flows.orchestration.prefect_home import keep_prefect_in
from flows.orchestration.prefect_server import prefect_server
from flows.run.request import read_request
from flows.settings import Settings
from flows.terminal.commands.parameters import Count
from flows.terminal.tables import filled, table
from warehouse.embedded.server import EmbeddedServer

# An active run has this long to end; then it is killed with all processes that it started.
_ENDS_WITHIN_SECONDS = 20
_LOOK_EVERY_SECONDS = 0.2
_REGISTERS_WITHIN_SECONDS = 300


class _SignalReceivedError(Exception):
    """A signal was received that ends this command."""


def serve(*, config: Path = Path("bantam.yaml"), port: Count = 4200) -> None:
    """Run every deployment of prefect.yaml by its schedule until interrupted.

    The Prefect server is the one that PREFECT_API_URL names; without it one of its own is started on 127.0.0.1 and
    ends with this command. A run that is at work when this command ends is ended too and publishes nothing.

    Parameters
    ----------
    config
        The settings of all runs.
    port
        Port of its own Prefect server.
    """
    request = read_request(str(config), data=None, as_of=None, sources=None)
    deployments = declared_deployments()
    keep_prefect_in(request.home)
    folder = request.home.part("prefect")
    with _signals() as signals:

        def check() -> None:
            if signals:
                raise _SignalReceivedError

        try:
            with _prefect_api(port, folder / "server.log", check) as (api, server):
                _run(config.resolve(), request.settings, deployments, api, server, check)
        except _SignalReceivedError:
            _stop_warehouse(request.settings)
    # With the handlers of every command, which write the last line and set the exit code.
    os.kill(os.getpid(), signals[0])


def _run(
    config: Path,
    settings: Settings,
    deployments: tuple[DeclaredDeployment, ...],
    api: str,
    server: GuardedProcess | None,
    check: Callable[[], None],
) -> None:
    """Run due deployments until a signal is received or a required process has ended."""
    log = settings.home / "prefect" / "serve.log"
    with _runner(config, settings, api, log, check) as runner:
        _show(deployments, api, log)
        while not runner.has_ended():
            check()
            if server is not None and server.has_ended():
                raise ServingEndedError(
                    f"Prefect's server has ended, so that nothing more is started; see {log.with_name('server.log')}. "
                    "What is published stands; run `bantam serve` again."
                )
            time.sleep(_LOOK_EVERY_SECONDS)
        raise ServingEndedError(f"The process that starts runs has ended; see {log}. Run `bantam serve` again.")


@contextmanager
def _signals() -> Iterator[list[int]]:
    """Collect SIGTERM and SIGINT in a list: raised anywhere, they would leave processes behind."""
    signals: list[int] = []

    def collect(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 - the shape of a signal handler
        signals.append(number)

    previous = {number: signal.signal(number, collect) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield signals
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


@contextmanager
def _prefect_api(port: int, log: Path, check: Callable[[], None]) -> Iterator[tuple[str, GuardedProcess | None]]:
    """Yield the API of the server that the environment or a profile names, or start one."""
    from prefect.settings import PREFECT_API_URL  # noqa: PLC0415 - imports Prefect, which reads where its home is

    if named := PREFECT_API_URL.value():
        yield str(named), None
        return
    with prefect_server(port, log, check) as (api, server):
        yield api, server


@contextmanager
def _runner(
    config: Path, settings: Settings, api: str, log: Path, check: Callable[[], None]
) -> Iterator[GuardedProcess]:
    """Start the process that runs due deployments, wait until all are registered, and end it with its runs."""
    environment = {
        **os.environ,
        "PREFECT_API_URL": api,
        "BANTAM_HOME": str(settings.home),
        # `bantam` itself silences Prefect, but logs of a scheduled run belong to its page.
        "PREFECT_LOGGING_LEVEL": "INFO",
    }
    with TemporaryDirectory() as folder:
        ready = Path(folder, "ready")
        command = [sys.executable, "-m", "flows.orchestration.serving", str(config), str(ready)]
        # Entrypoints in `prefect.yaml` are relative to its folder.
        runner = GuardedProcess(
            command, folder=ROOT, log=log, environment=environment, grace_seconds=_ENDS_WITHIN_SECONDS
        )
        try:
            last = time.monotonic() + _REGISTERS_WITHIN_SECONDS
            while not ready.exists():
                check()
                if runner.has_ended() or time.monotonic() > last:
                    raise ConfigurationError(f"The deployments could not be registered at {api}; see {log}.")
                time.sleep(_LOOK_EVERY_SECONDS)
            yield runner
        finally:
            runner.end()


def _show(deployments: tuple[DeclaredDeployment, ...], api: str, log: Path) -> None:
    """Print the next run of each schedule, in its time zone."""
    from prefect.server.schemas.schedules import CronSchedule  # noqa: PLC0415 - takes seconds, after others were waited for

    made = table("Served", "deployment", "next run", "schedule", "#limit, min")
    rows = []
    for declared in deployments:
        for schedule in filter(lambda schedule: schedule.active, declared.schedules):
            (due,) = asyncio.run(CronSchedule(cron=schedule.cron, timezone=schedule.timezone).get_dates(1))
            name = f"{declared.flow_name}/{declared.name}"
            rows.append((name, f"{due:%a %d %b %H:%M %Z}", schedule.cron, declared.parameters["time_limit_minutes"]))
    console = Console()
    console.print(filled(made, rows))
    for line in (f"Prefect: {api.removesuffix('/api')}", f"Log: {log}", "Ctrl-C ends it."):
        console.print(line, soft_wrap=True, markup=False, highlight=False)


def _stop_warehouse(settings: Settings) -> None:
    """Stop an embedded warehouse that a killed run left running, unless another process uses it."""
    server = EmbeddedServer(settings.home)
    if settings.warehouse_url is None and server.is_running():
        with server:
            pass
