"""Run the sandbox: `python -m sandbox.serve --people 20000 --as-of 2026-11-22 --port 0`.

One line of JSON on standard output says where it listens and what opens it. It ends when its standard input closes, so
that it never outlives the process that started it, or on SIGTERM.
"""

import argparse
import asyncio
import json
import socket
import struct
import sys
import threading
import time
from datetime import date

import uvicorn

from sandbox.company.company import found
from sandbox.server.application import application
from sandbox.server.limits import Limits, VendorBehaviour
from sandbox.server.sandbox_state import Credentials, Sandbox

RESET_AT_ONCE = struct.pack("ii", 1, 0)
PAUSE = 0.01


def serve(
    people: int,
    seed: int,
    as_of: date,
    host: str = "127.0.0.1",
    port: int = 0,
    *,
    manners: VendorBehaviour | None = None,
    stay: bool = False,
) -> None:
    """Serve until told to stop; port 0 takes any free one. `stay` ignores the closing of standard input."""
    try:
        listener = socket.create_server((host, port), backlog=512)
    except OSError as error:
        sys.stderr.write(
            f"sandbox: cannot listen on {host}:{port} ({error.strerror}); name another port, or 0 for any.\n"
        )
        sys.exit(2)
    credentials = Credentials()
    sandbox = Sandbox(found(people, seed, as_of), credentials, manners or VendorBehaviour(), time.monotonic)
    # Accepted connections inherit it; without it Nagle's algorithm holds each body back for 40 ms after its headers.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    opens = {
        "base_url": f"http://{host}:{listener.getsockname()[1]}",
        "hubspot_token": credentials.hubspot_token,
        "salesforce_client_id": credentials.salesforce_client_id,
        "salesforce_client_secret": credentials.salesforce_client_secret,
    }
    asyncio.run(_run(sandbox, listener, json.dumps(opens), stay=stay))


async def _run(sandbox: Sandbox, listener: socket.socket, opens: str, *, stay: bool) -> None:
    server: uvicorn.Server

    def abort(client: tuple[str, int]) -> None:
        for connection in list(server.server_state.connections):
            transport = connection.transport
            if transport is not None and transport.get_extra_info("peername") == tuple(client):
                transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_AT_ONCE)
                transport.abort()

    config = uvicorn.Config(
        application(sandbox, abort), log_level="warning", access_log=False, lifespan="off", date_header=False,
        server_header=False, ws="none", timeout_graceful_shutdown=1,
    )  # fmt: skip
    server = uvicorn.Server(config)
    running = asyncio.create_task(server.serve(sockets=[listener]))
    while not server.started and not running.done():
        await asyncio.sleep(PAUSE)
    if server.started:
        sys.stdout.write(opens + "\n")
        sys.stdout.flush()
    if not stay:
        threading.Thread(target=_until_input_closes, args=(server,), daemon=True).start()
    await running


def _until_input_closes(server: uvicorn.Server) -> None:
    while sys.stdin.buffer.read(4096):
        continue
    server.should_exit = True


def main() -> None:
    """Read the command line and serve."""
    parser = argparse.ArgumentParser(
        prog="python -m sandbox.serve", description="HubSpot and Salesforce over one synthetic company."
    )
    parser.add_argument("--people", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--as-of", type=date.fromisoformat, default=date(2026, 11, 22))
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--ten-secondly", type=int, help="HubSpot requests in ten seconds; none if not given")
    parser.add_argument("--search-secondly", type=int, help="HubSpot searches a second; none if not given")
    parser.add_argument("--salesforce-daily", type=int, help="Salesforce requests a day; none if not given")
    parser.add_argument("--token-lifetime", type=float, help="seconds a Salesforce token lives; for ever if not given")
    parser.add_argument("--unsteady-ties", action="store_true", help="order ties anew at every HubSpot search")
    parser.add_argument("--stay", action="store_true", help="do not end when standard input closes")
    options = parser.parse_args()
    limits = Limits(
        ten_secondly=options.ten_secondly,
        search_secondly=options.search_secondly,
        salesforce_daily=options.salesforce_daily,
    )
    manners = VendorBehaviour(limits=limits, token_lifetime=options.token_lifetime, unsteady_ties=options.unsteady_ties)
    serve(options.people, options.seed, options.as_of, options.host, options.port, manners=manners, stay=options.stay)


if __name__ == "__main__":
    main()
