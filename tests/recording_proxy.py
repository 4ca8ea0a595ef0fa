"""A relay in front of the sandbox that writes down each page asked for, and kills the client at a chosen one."""

import os
import re
import signal
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import httpx

_HUBSPOT = re.compile(r"/crm/(?P<family>objects|associations|owners|pipelines)/2026-03/?(?P<object>[\w/-]*)")
_SALESFORCE = re.compile(r"/services/data/[\w.]+/query(?:All)?(?P<locator>/[\w-]+)?$")


@dataclass
class Kill:
    """Which page of those to come ends the client, and whether it is answered first."""

    page: int
    is_answered: bool
    process: int = 0
    is_done: bool = False

    def strike(self) -> None:
        """End the client."""
        self.is_done = True
        os.kill(self.process, signal.SIGKILL)


@dataclass
class RecordingProxy:
    """Pages asked for, by stream; of streams in Salesforce a page behind a locator belongs to the query it came from.

    What `is_expired` says of a path is refused as a token that the source no longer knows.
    """

    target: str
    asked: list[str] = field(default_factory=list)
    kill: Kill | None = None
    is_expired: Callable[[str], bool] = lambda _path: False
    locators: dict[str, str] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)
    url: str = ""

    def counts(self) -> Counter[str]:
        """How many pages of each stream were asked for since the last time, which are forgotten."""
        with self.lock:
            counted = Counter(self.asked)
            self.asked.clear()
            return counted

    def note(self, path: str) -> Kill | None:
        """Write a request down; the kill that it is the moment for."""
        stream = self._stream(path)
        if stream is None:
            return None
        with self.lock:
            self.asked.append(stream)
            kill = self.kill
            if kill is None or kill.is_done:
                return None
            kill.page -= 1
            return kill if kill.page == 0 else None

    def note_answer(self, path: str, body: bytes) -> None:
        """Remember whose the locator is that an answer names."""
        found = re.search(rb'"nextRecordsUrl":"[^"]*/(\w+)-\d+"', body)
        stream = self._stream(path)
        if found and stream:
            self.locators[found[1].decode()] = stream

    def _stream(self, path: str) -> str | None:
        """The stream of a page; None for what is no page, such as a list of fields or a sign-in."""
        parts = urlsplit(path)
        if found := _HUBSPOT.match(parts.path):
            return found["family"] + "/" + found["object"].removesuffix("/search").removesuffix("/batch/read")
        if found := _SALESFORCE.match(parts.path):
            if found["locator"]:
                return self.locators.get(found["locator"].strip("/").rpartition("-")[0])
            return re.findall(r" FROM (\w+)", parse_qs(parts.query)["q"][0])[0]
        return None


class _Relay(ThreadingHTTPServer):
    """The server, with what its handlers need."""

    daemon_threads = True

    def __init__(self, proxy: RecordingProxy, client: httpx.Client) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.proxy, self.client = proxy, client


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Relay

    def do_GET(self) -> None:
        self._relay()

    def do_POST(self) -> None:
        self._relay()

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def _relay(self) -> None:
        proxy = self.server.proxy
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        kill = proxy.note(self.path)
        if kill is not None and not kill.is_answered:
            kill.strike()
            self.close_connection = True
            return
        if proxy.is_expired(self.path):
            self._send(400, b'{"status":"error","category":"VALIDATION_ERROR"}', {})
            return
        skipped = {"connection", "accept-encoding", "content-length", "transfer-encoding"}
        headers = {name: value for name, value in self.headers.items() if name.lower() not in skipped}
        answer = self.server.client.request(self.command, proxy.target + self.path, headers=headers, content=body)
        proxy.note_answer(self.path, answer.content)
        # The client may be gone by now.
        with suppress(OSError):
            self._send(answer.status_code, answer.content, answer.headers)
        if kill is not None:
            kill.strike()

    def _send(self, status: int, body: bytes, headers: Mapping[str, str]) -> None:
        self.send_response_only(status)
        for name in ("content-type", "date", "retry-after"):
            if name in headers:
                self.send_header(name, headers[name])
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()


@contextmanager
def recording_proxy(target: str) -> Iterator[RecordingProxy]:
    """Relay to a server while the block runs."""
    proxy = RecordingProxy(target)
    with httpx.Client(timeout=60) as client, _Relay(proxy, client) as server:
        proxy.url = f"http://127.0.0.1:{server.server_address[1]}"
        serving = threading.Thread(target=server.serve_forever, daemon=True)
        serving.start()
        try:
            yield proxy
        finally:
            server.shutdown()
            serving.join()
