"""Abort of a network connection from another thread, for a peer that does not respond and a wait without a timeout."""

import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress


class SocketAbort:
    """Shuts down the socket of a connection; a thread that waits on it gets the error of a lost connection.

    `fileno` is the connection's descriptor. It is duplicated, so that a descriptor number that was closed and reused
    for another file in the meantime is never shut down.
    """

    __slots__ = ("_socket",)

    def __init__(self, fileno: int) -> None:
        self._socket = socket.socket(fileno=os.dup(fileno))

    def abort(self) -> None:
        """Shut the socket down, from any thread; safe to repeat, and after the connection or this object is closed."""
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Release the duplicate; the connection itself stays as it is."""
        self._socket.close()


@contextmanager
def aborted_after(fileno: int, seconds: float) -> Iterator[None]:
    """Abort the connection with this descriptor if the block takes longer than `seconds`."""
    connection = SocketAbort(fileno)
    timer = threading.Timer(seconds, connection.abort)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        connection.close()
