"""The sandbox as a process of its own: it ends with the process that started it."""

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
    """Where the imitations listen, and what opens them; none of it is a secret of anybody's."""

    base_url: str
    environment: Mapping[str, str]

    def advance(self, days: int) -> None:
        """Let the synthetic company live on for so many days."""
        httpx.post(f"{self.base_url}/_sandbox/advance", json={"days": days}, timeout=60).raise_for_status()


def sandbox_command(people: int, as_of: date, *, port: int) -> list[str]:
    """Write the command of the sandbox's process."""
    options = {"--people": str(people), "--as-of": as_of.isoformat(), "--port": str(port)}
    return [sys.executable, "-m", "sandbox.serve", *(word for option in options.items() for word in option)]


@contextmanager
def sandbox_running(people: int, as_of: date) -> Iterator[RunningSandbox]:
    """Start the sandbox on a free port of this machine, and stop it at the end."""
    command = sandbox_command(people, as_of, port=0)
    pipe = subprocess.PIPE
    # A session of its own: Ctrl-C at a terminal goes to all processes of one, and the sandbox would complain of it.
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, start_new_session=True) as process:  # noqa: S603 - our own module
        try:
            told = json.loads(process.stdout.readline() or "{}") if process.stdout else {}
            if "base_url" not in told:
                raise ConfigurationError("the sandbox did not start; run `python -m sandbox.serve` to see why")
            yield RunningSandbox(
                base_url=told["base_url"],
                environment={
                    "HUBSPOT_URL": told["base_url"],
                    "SALESFORCE_URL": told["base_url"],
                    # Nobody limits the imitation.
                    "HUBSPOT_REQUESTS": "1000000",
                    "HUBSPOT_SEARCHES": "1000000",
                    "HUBSPOT_TOKEN": told["hubspot_token"],
                    "SALESFORCE_CLIENT_ID": told["salesforce_client_id"],
                    "SALESFORCE_CLIENT_SECRET": told["salesforce_client_secret"],
                },
            )
        finally:
            process.terminate()
