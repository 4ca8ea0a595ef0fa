"""Ending a network connection from another thread, because its peer stands still and nothing else ends the wait."""

import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress


class SocketAbort:
    """Shuts down the socket of a connection; whoever waits for an answer on it gets the error of a lost connection.

    `fileno` is the connection's descriptor. It is duplicated, so that a connection that was closed meanwhile, and whose
    number the system has given to another file, is not mistaken for it.
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
    """Abort the connection with this descriptor if the block takes longer than so many seconds."""
    connection = SocketAbort(fileno)
    timer = threading.Timer(seconds, connection.abort)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        connection.close()
