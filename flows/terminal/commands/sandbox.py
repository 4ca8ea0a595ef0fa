"""`bantam sandbox`: imitations of HubSpot and Salesforce to run against."""

import subprocess
import sys
from datetime import UTC, date, datetime
from typing import Annotated

from cyclopts import Parameter, validators

from flows.terminal.commands.parameters import Count
from flows.terminal.sandbox_process import sandbox_command


def sandbox(
    *,
    people: Count = 20_000,
    as_of: date | None = None,
    port: Annotated[int, Parameter(validator=validators.Number(gte=0, lte=65535))] = 8399,
) -> None:
    """Serve HubSpot and Salesforce over one synthetic company on 127.0.0.1 until interrupted.

    Its first line says where it listens and what opens it: put that into HUBSPOT_URL, SALESFORCE_URL, HUBSPOT_TOKEN,
    SALESFORCE_CLIENT_ID and SALESFORCE_CLIENT_SECRET to run examples/hubspot_salesforce/bantam.yaml against it.

    Parameters
    ----------
    people
        People of the synthetic company.
    as_of
        Day its clock shows; today if not given.
    port
        Port to listen on; 0 takes any free one.
    """
    day = as_of or datetime.now(UTC).date()
    command = sandbox_command(people, day, port=port)
    sys.exit(subprocess.run([*command, "--stay"], check=False).returncode)  # noqa: S603 - our own module, no shell
