"""Sandbox process: ends with the process that started it."""

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date

import httpx

from definitions.errors import ConfigurationError


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningSandbox:
    """URL of the sandbox and the environment to connect to it; its credentials are no secrets."""

    base_url: str
    environment: Mapping[str, str]

    def advance(self, days: int) -> None:
        """Advance the synthetic company by so many days."""
        httpx.post(f"{self.base_url}/_sandbox/advance", json={"days": days}, timeout=60).raise_for_status()


def sandbox_command(people: int, as_of: date, *, port: int) -> list[str]:
    """Return the command line of the sandbox process."""
    options = {"--people": str(people), "--as-of": as_of.isoformat(), "--port": str(port)}
    return [sys.executable, "-m", "sandbox.serve", *(word for option in options.items() for word in option)]


@contextmanager
def sandbox_running(people: int, as_of: date) -> Iterator[RunningSandbox]:
    """Start the sandbox on a free port of this machine, and stop it at the end."""
    command = sandbox_command(people, as_of, port=0)
    pipe = subprocess.PIPE
    # A session of its own: Ctrl-C at a terminal goes to all processes of a session, and the sandbox would log it.
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, start_new_session=True) as process:  # noqa: S603 - our own module
        try:
            startup = json.loads(process.stdout.readline() or "{}") if process.stdout else {}
            if "base_url" not in startup:
                raise ConfigurationError("the sandbox did not start; run `python -m sandbox.serve` to see why")
            yield RunningSandbox(
                base_url=startup["base_url"],
                environment={
                    "HUBSPOT_URL": startup["base_url"],
                    "SALESFORCE_URL": startup["base_url"],
                    # The sandbox has no rate limit.
                    "HUBSPOT_REQUESTS": "1000000",
                    "HUBSPOT_SEARCHES": "1000000",
                    "HUBSPOT_TOKEN": startup["hubspot_token"],
                    "SALESFORCE_CLIENT_ID": startup["salesforce_client_id"],
                    "SALESFORCE_CLIENT_SECRET": startup["salesforce_client_secret"],
                },
            )
        finally:
            process.terminate()
