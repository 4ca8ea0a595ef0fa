"""A mail server and a web hook on loopback that keep what they are sent, and refuse what they are told to refuse."""

import asyncio
import json
import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session

# Answers of a hook or a mail server that took the message: none until the test is over, and one byte after the other.
LATE, DRIPPING = "late", "dripping"


# Without slots: Python 3.11.2 cannot list what a slotted dataclass has, and the server does.
@dataclass
class Mailbox:
    """What a mail server accepted: (recipients, message). `refuses` are addresses it will not take; `is_late`: it takes

    messages and does not say so until the test is over.
    """

    port: int = 0
    accepted: list[tuple[list[str], EmailMessage]] = field(default_factory=list)
    refuses: set[str] = field(default_factory=set)
    says: str = "550 mailbox unavailable"
    is_late: bool = False
    is_over: threading.Event = field(default_factory=threading.Event)

    def to(self, address: str) -> list[EmailMessage]:
        return [message for recipients, message in self.accepted if recipients == [address]]

    async def handle_RCPT(  # noqa: N802 - the name the server calls
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address in self.refuses:
            return self.says
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        message = message_from_bytes(envelope.content, policy=policy.default)
        self.accepted.append((envelope.rcpt_tos, message))
        if self.is_late:
            await asyncio.to_thread(self.is_over.wait)
        return "250 OK"


@contextmanager
def mail_server() -> Iterator[Mailbox]:
    mailbox = Mailbox()
    started = threading.Event()
    # What the other side logs is no log of ours.
    logging.getLogger("mail.log").setLevel(logging.CRITICAL + 1)

    async def serve() -> None:
        server = await asyncio.get_running_loop().create_server(lambda: _smtp(mailbox), "127.0.0.1", 0)
        mailbox.port = server.sockets[0].getsockname()[1]
        started.set()
        async with server:
            await asyncio.to_thread(mailbox.is_over.wait)

    thread = threading.Thread(target=asyncio.run, args=(serve(),))
    thread.start()
    assert started.wait(60)
    try:
        yield mailbox
    finally:
        mailbox.is_over.set()
        thread.join()


def _smtp(mailbox: Mailbox) -> SMTP:
    return SMTP(
        mailbox,
        hostname="mail.example",
        auth_require_tls=False,
        authenticator=lambda *_given: AuthResult(success=True),
    )


@dataclass(slots=True)
class Hook:
    """What was posted to a web hook: (path with its query, JSON or text). `answers` are given first, then 200.

    An answer is a status, a status with a place to go to instead, None for no answer at all, or `LATE` or `DRIPPING`
    for a post that was taken. `keys` are the idempotency keys of what was posted.
    """

    port: int = 0
    posted: list[tuple[str, Any]] = field(default_factory=list)
    keys: list[str | None] = field(default_factory=list)
    answers: list[int | tuple[int, str] | str | None] = field(default_factory=list)
    is_over: threading.Event = field(default_factory=threading.Event)

    @property
    def told(self) -> list[dict[str, Any]]:
        return [content for _path, content in self.posted]


class _Handler(BaseHTTPRequestHandler):
    """Answers for the hook that a subclass has."""

    hook: Hook

    def handle(self) -> None:
        # Whoever was kept waiting has left.
        with suppress(OSError):
            super().handle()

    def do_POST(self) -> None:
        content = self.rfile.read(int(self.headers["Content-Length"])).decode()
        answer = self.hook.answers.pop(0) if self.hook.answers else 200
        if answer is None:
            self.close_connection = True
            return
        status, place = answer if isinstance(answer, tuple) else (answer, None)
        if isinstance(status, str) or status < 300:
            self.hook.posted.append((self.path, json.loads(content) if content.startswith("{") else content))
            self.hook.keys.append(self.headers["Idempotency-Key"])
        if status == DRIPPING:
            self.drip()
            return
        if status == LATE:
            self.hook.is_over.wait()
            status = 200
        self.send_response(int(status))
        if place is not None:
            self.send_header("Location", place)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    do_GET = do_POST  # noqa: N815

    def drip(self) -> None:
        self.close_connection = True
        self.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
        while not self.hook.is_over.wait(0.02):
            self.wfile.write(b"x")

    def log_message(self, *given: object) -> None:
        """Keep the test's output clean."""


@contextmanager
def web_hook() -> Iterator[Hook]:
    hook = Hook()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"hook": hook}))
    hook.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield hook
    finally:
        hook.is_over.set()
        server.shutdown()
        thread.join()
        server.server_close()
