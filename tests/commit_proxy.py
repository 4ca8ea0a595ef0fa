"""A relay in front of PostgreSQL that loses the answer to the commit of a publication, and then stays down."""

import select
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import sqlalchemy as sa

# What a publication says last before its commit.
_RECORDING = b"INSERT INTO curated.published_run"


class CommitProxy:
    """Relays every connection to the server's socket until a publication commits; then nobody reaches the server.

    Where `is_forwarded` the server gets that commit, and only its answer is lost.
    """

    def __init__(self, server: sa.URL, *, is_forwarded: bool) -> None:
        self._target = f"{server.query['host']}/.s.PGSQL.{server.port}"
        self._is_forwarded = is_forwarded
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._sockets: list[socket.socket] = []
        port = self._listener.getsockname()[1]
        self.url = server.set(host="127.0.0.1", port=port).difference_update_query(["host"])
        self.is_down = threading.Event()
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """Break every connection, and accept no other."""
        self.is_down.set()
        for one in (self._listener, *self._sockets):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = socket.socket(socket.AF_UNIX)
                server.connect(self._target)
                self._sockets += [client, server]
                threading.Thread(target=self._relay, args=(client, server), daemon=True).start()

    def _relay(self, client: socket.socket, server: socket.socket) -> None:
        is_recorded = False
        with suppress(OSError, ValueError):
            while True:
                for one in select.select([client, server], [], [])[0]:
                    data = one.recv(1 << 16)
                    if not data:
                        return
                    if one is server:
                        client.sendall(data)
                        continue
                    is_recorded = is_recorded or _RECORDING in data
                    if is_recorded and b"COMMIT" in data:
                        self._lose(server, data)
                        return
                    server.sendall(data)

    def _lose(self, server: socket.socket, commit: bytes) -> None:
        if self._is_forwarded:
            server.sendall(commit)
            server.recv(1 << 16)
        self.close()


@contextmanager
def commit_proxy(server: sa.URL, *, is_forwarded: bool) -> Iterator[CommitProxy]:
    """Relay to the server of this URL while the block runs."""
    proxy = CommitProxy(server, is_forwarded=is_forwarded)
    try:
        yield proxy
    finally:
        proxy.close()
