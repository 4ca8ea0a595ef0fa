"""The ASGI application: one request in, one answer out, and the ways a connection can break in between."""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from sandbox.server.faults import CONNECTION_FAULTS, Fault
from sandbox.server.sandbox_state import Sandbox
from sandbox.server.web import Answer, Request

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Abort = Callable[[tuple[str, int]], None]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]


def application(sandbox: Sandbox, abort: Abort) -> Application:
    """The application; `abort` resets the connection of a client address."""

    async def run(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        request = await _read(scope, receive)
        fault = sandbox.fault_for(request)
        answer = sandbox.answer(request, fault)
        date = sandbox.date_header()
        if fault is not None and fault.kind in CONNECTION_FAULTS:
            await _break(fault, answer, date, receive, send, lambda: abort(scope["client"]))
            return
        await send(_start(answer, date))
        await send({"type": "http.response.body", "body": answer.body})

    return run


async def _read(scope: Scope, receive: Receive) -> Request:
    body = b""
    if scope["method"] not in ("GET", "HEAD"):
        more = True
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
    headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
    return Request(
        method=scope["method"],
        path=scope["path"],
        query=scope["query_string"].decode("latin-1"),
        headers=headers,
        body=body,
    )


def _start(answer: Answer, date: str) -> MutableMapping[str, Any]:
    headers = {
        "content-type": answer.media_type,
        "content-length": str(len(answer.body)),
        "date": date,
        **answer.headers,
    }
    return {
        "type": "http.response.start",
        "status": answer.status,
        "headers": [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()],
    }


async def _break(
    fault: Fault, answer: Answer, date: str, receive: Receive, send: Send, abort: Callable[[], None]
) -> None:
    """Send half the answer, or none for a reset; then end the connection, or for a stall leave that to the client."""
    if fault.kind != "reset":
        await send(_start(answer, date))
        await send({"type": "http.response.body", "body": answer.body[: len(answer.body) // 2], "more_body": True})
    if fault.kind != "stall":
        abort()
    while (await receive())["type"] != "http.disconnect":
        continue
