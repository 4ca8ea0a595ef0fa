"""The `bantam` command: what there is, and the exit code of each way to fail.

What a command needs is imported with it: `bantam --help` must not wait for Prefect.
"""

import logging
import os
import signal
import sys
from types import FrameType

from cyclopts import App

from definitions.errors import PipelineError

# Third parties are told nothing, and Prefect's start-up telemetry locks its fresh database.
_QUIET = {
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "DO_NOT_TRACK": "1",
    "GX_ANALYTICS_ENABLED": "false",
    # An error is told in one line; Prefect would print its traceback first.
    "PREFECT_LOGGING_LEVEL": "CRITICAL",
    # Twenty seconds, the default, is too short for a busy machine.
    "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "180",
    # Polars gives memory back as soon as a step is done with it; its allocator reads this when it is loaded.
    "_RJEM_MALLOC_CONF": "dirty_decay_ms:100,muzzy_decay_ms:0",
}

app = App(
    name="bantam",
    help="One agreed meaning of lead and opportunity, enforced against your CRM.",
    # Markdown would be read by a library that takes a quarter of the time of `bantam --help`.
    help_format="plaintext",
    # Ours says that what is published stands.
    suppress_keyboard_interrupt=False,
)
app.command("flows.commands.run:run", name="run", help="Refresh once, in the foreground.")
app.command("flows.commands.demo:demo", name="demo", help="Refresh a synthetic company twice, a week apart.")
app.command("flows.commands.status:status", name="status", help="Sources, cursors, freshness, last runs, quarantine.")
app.command("flows.commands.doctor:doctor", name="doctor", help="Whether home and warehouse are whole, and remedies.")
app.command("flows.commands.explain:explain", name="explain", help="Why a person or a deal stands where it stands.")
app.command("flows.commands.findings:findings", name="findings", help="Open hygiene issues, worst first.")
app.command("flows.commands.digests:digests", name="digests", help="Send what owners and RevOps should know.")
app.command("flows.commands.sandbox:sandbox", name="sandbox", help="Serve the imitations of HubSpot and Salesforce.")

definitions = App(name="definitions", help="The agreement of marketing and sales.")
definitions.command("flows.commands.definitions:show", name="show", help="The page to sign.")
definitions.command(
    "flows.commands.definitions:check", name="check", help="Whether a file can be used, with every mistake."
)
app.command(definitions)

quarantine = App(name="quarantine", help="Records that were set aside.")
quarantine.command("flows.commands.quarantine:listing", name="list", help="What was set aside, and why.")
app.command(quarantine)

warehouse = App(name="warehouse", help="The published tables.")
warehouse.command(
    "flows.commands.warehouse:url", name="url", help="Where the warehouse is, for programs on this machine."
)
warehouse.command("flows.commands.warehouse:shell", name="shell", help="Ask it with psql, as the reader.")
warehouse.command("flows.commands.warehouse:serve", name="serve", help="Serve it on 127.0.0.1 for BI tools.")
app.command(warehouse)


def main() -> None:
    """Run a command and end with its exit code (see `definitions.errors`); an error is told in one line, on stderr."""
    for name, value in _QUIET.items():
        os.environ.setdefault(name, value)
    # It tells every run of a folder that it does not use, at a level that it sets itself.
    logging.getLogger("great_expectations.data_context.types.base").addFilter(_is_warning)
    signal.signal(signal.SIGTERM, _terminated)
    try:
        app()
    except KeyboardInterrupt:
        sys.stderr.write("bantam: interrupted; what is published stands, the next run goes on from there.\n")
        sys.exit(130)
    except Exception as error:
        if was_terminated(error):
            _terminated(signal.SIGTERM, None)
        if not isinstance(error, PipelineError):
            raise
        sys.stderr.write(f"bantam: {error}\n")
        sys.exit(error.exit_code)


def was_terminated(error: BaseException) -> bool:
    """Whether this error came up while a run was ending because the process was told to terminate.

    While a flow runs, Prefect takes the signal and raises an exception of its own, which a step that is cut off in its
    first moments answers with another: the run has not failed, it was ended.
    """
    prefect = sys.modules.get("prefect.exceptions")  # a command that runs no flow has not imported it
    told: BaseException | None = error
    while prefect is not None and told is not None:
        if isinstance(told, prefect.TerminationSignal):
            return True
        told = told.__context__ or told.__cause__
    return False


def _is_warning(record: logging.LogRecord) -> bool:
    return record.levelno >= logging.WARNING


def _terminated(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 - the shape of a signal handler
    sys.stderr.write("bantam: terminated; what is published stands, the next run goes on from there.\n")
    sys.exit(143)
