"""Command line of `bantam`: subcommands, and exit codes of failures.

Each command imports its own dependencies: `bantam --help` must not wait for Prefect.
"""

import logging
import os
import shutil
import signal
import sys
import textwrap
from contextlib import suppress
from typing import NoReturn

from cyclopts import App

from definitions.errors import PipelineError
from flows.orchestration.interruption import EXIT_CODES, exit_message, ignore_signals, raise_on_signals

# No telemetry to third parties; Prefect's start-up telemetry also locks its new database.
_QUIET = {
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "DO_NOT_TRACK": "1",
    "GX_ANALYTICS_ENABLED": "false",
    # An error is printed in one line; Prefect would print its traceback first.
    "PREFECT_LOGGING_LEVEL": "CRITICAL",
    # Polars returns memory as soon as a step is done with it; its allocator reads this when it is loaded.
    "_RJEM_MALLOC_CONF": "dirty_decay_ms:100,muzzy_decay_ms:0",
}

# Help texts are here, because importing the commands is slow.
_SHELL = (
    "Ask it with psql, as the reader.\n\n"
    "bantam_reader may read the tables of schema curated and do nothing else. The embedded warehouse is entered as "
    "that role. A server named by BANTAM_WAREHOUSE_URL is entered as the account of that URL, and the session takes "
    "the role at once: it neither writes nor reads anything else, not after RESET ROLE either. This keeps mistakes "
    "out, not people: whoever says SET ROLE NONE is that account again. Who must not be gets a login of their own: "
    "bantam warehouse grant-reader."
)

_COMMANDS = "flows.terminal.commands"
app = App(
    name="bantam",
    help="One agreed meaning of lead and opportunity, enforced against your CRM.",
    # Importing the Markdown library takes a quarter of the time of `bantam --help`.
    help_format="plaintext",
    # Our message says that the published tables are unchanged.
    suppress_keyboard_interrupt=False,
)
app.command(f"{_COMMANDS}.run:run", name="run", help="Refresh once, in the foreground.")
app.command(f"{_COMMANDS}.serve:serve", name="serve", help="Run every deployment of prefect.yaml by its schedule.")
app.command(f"{_COMMANDS}.demo:demo", name="demo", help="Refresh a synthetic company twice, a week apart.")
app.command(f"{_COMMANDS}.status:status", name="status", help="Sources, cursors, freshness, last runs, quarantine.")
app.command(f"{_COMMANDS}.doctor:doctor", name="doctor", help="Whether home and warehouse are whole, and remedies.")
app.command(f"{_COMMANDS}.explain:explain", name="explain", help="Why a person or a deal has its class.")
app.command(f"{_COMMANDS}.findings:findings", name="findings", help="Open hygiene issues, worst first.")
app.command(f"{_COMMANDS}.erase:erase", name="erase", help="Remove a person everywhere, and keep them out.")
app.command(f"{_COMMANDS}.digests:digests", name="digests", help="Send what owners and RevOps should know.")
app.command(f"{_COMMANDS}.sandbox:sandbox", name="sandbox", help="Serve the imitations of HubSpot and Salesforce.")

definitions = App(name="definitions", help="The agreement of marketing and sales.")
definitions.command(f"{_COMMANDS}.definitions:show", name="show", help="The page to sign.")
definitions.command(
    f"{_COMMANDS}.definitions:check", name="check", help="Whether a file can be used, with every mistake."
)
app.command(definitions)

quarantine = App(name="quarantine", help="Records that were set aside.")
quarantine.command(f"{_COMMANDS}.quarantine:listing", name="list", help="What was set aside, and why.")
app.command(quarantine)

warehouse = App(name="warehouse", help="The published tables.")
warehouse.command(
    f"{_COMMANDS}.warehouse:url", name="url", help="Where the warehouse is, for programs on this machine."
)
warehouse.command(f"{_COMMANDS}.warehouse:shell", name="shell", help=_SHELL)
warehouse.command(
    f"{_COMMANDS}.warehouse:grant", name="grant-reader", help="Let a login of your server read the curated tables."
)
warehouse.command(f"{_COMMANDS}.warehouse:serve", name="serve", help="Serve it on 127.0.0.1 for BI tools.")
app.command(warehouse)


def main() -> None:
    """Run a command and exit with its code (see `definitions.errors`); an error is one line on stderr."""
    for name, value in _QUIET.items():
        os.environ.setdefault(name, value)
    # It logs in every run that it does not use a folder, at a level that it sets itself.
    logging.getLogger("great_expectations.data_context.types.base").addFilter(_is_warning)
    raise_on_signals()
    try:
        app()
    except KeyboardInterrupt:
        _end(EXIT_CODES[signal.SIGINT], exit_message(signal.SIGINT, None))
    except PipelineError as error:
        _end(error.exit_code, " ".join([f"bantam: {error}", *getattr(error, "__notes__", ())]))
    except SystemExit as ended:
        # Output of Prefect's threads at the end of the interpreter must not follow our last line.
        _end(ended.code if isinstance(ended.code, int) else int(ended.code is not None), None)
    except Exception as error:
        from flows.orchestration.unexpected import unexpected  # noqa: PLC0415 - a command that succeeds does not need it
        from flows.run.warehouse_access import home_from_environment  # noqa: PLC0415

        message = unexpected(error, home_from_environment())
        _end(message.exit_code, f"bantam: {message}")
    _end(0, None)


def _end(code: int, line: str | None) -> NoReturn:
    """Write the last line and exit with this code; a process that ran flows flushes its output and exits at once."""
    ignore_signals()
    with suppress(OSError, ValueError):
        sys.stdout.flush()
    if line is not None:
        sys.stderr.write(f"{_in_lines(line)}\n")
    with suppress(OSError, ValueError):
        sys.stderr.flush()
    if "prefect" in sys.modules:
        os._exit(code)
    sys.exit(code)


def _in_lines(message: str) -> str:
    """Wrap the lines of a message between words on a terminal; elsewhere return them unchanged."""
    if not sys.stderr.isatty():
        return message
    width = shutil.get_terminal_size().columns
    lines = (textwrap.wrap(line, width, break_long_words=False, break_on_hyphens=False) for line in message.split("\n"))
    return "\n".join("\n".join(parts) for parts in lines)


def _is_warning(record: logging.LogRecord) -> bool:
    return record.levelno >= logging.WARNING
