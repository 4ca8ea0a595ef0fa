"""A deadline for a whole request, headers included.

A read time-out alone is no end: a server that sends one byte a second, in the headers too, never trips it. So every
read and write of the connection is given what is left of the request's time.
"""

import math
import threading
from collections.abc import Callable
from typing import Any

import httpx

# Shorter than any real wait, longer than zero: zero would mean "do not block", and fail on a healthy connection.
_ALREADY_LATE = 0.001


class Deadline:
    """When the request of the asking thread must be over; each thread has its own."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._own = threading.local()

    def start(self, seconds: float) -> None:
        """Give the request that begins now `seconds` in all."""
        self._own.at = self._monotonic() + seconds

    def is_over(self) -> bool:
        """Whether the request has used up its time."""
        return self._left() <= 0

    def left(self, timeout: float | None) -> float:
        """Shorten a time-out to what is left."""
        left = max(self._left(), _ALREADY_LATE)
        return left if timeout is None else min(timeout, left)

    def _left(self) -> float:
        at: float = getattr(self._own, "at", math.inf)
        return at - self._monotonic()


class _Connection:
    """A connection whose every operation ends with the deadline."""

    def __init__(self, inner: Any, deadline: Deadline) -> None:
        self._inner = inner
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        content: bytes = self._inner.read(max_bytes, self._deadline.left(timeout))
        return content

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, self._deadline.left(timeout))

    def start_tls(self, ssl_context: Any, server_hostname: Any = None, timeout: float | None = None) -> "_Connection":
        return _Connection(
            self._inner.start_tls(ssl_context, server_hostname, self._deadline.left(timeout)), self._deadline
        )

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)

    def close(self) -> None:
        self._inner.close()


class _Network:
    """Opens connections that know the deadline."""

    def __init__(self, inner: Any, deadline: Deadline) -> None:
        self._inner = inner
        self._deadline = deadline

    def connect_tcp(self, host: str, port: int, timeout: float | None = None, **options: Any) -> _Connection:
        return _Connection(
            self._inner.connect_tcp(host, port, timeout=self._deadline.left(timeout), **options), self._deadline
        )

    def sleep(self, seconds: float) -> None:
        self._inner.sleep(seconds)


def transport_with(deadline: Deadline, proxy: str | None) -> httpx.HTTPTransport:
    """Make the ordinary transport, certificate checks on, whose connections obey `deadline`."""
    # trust_env off: it would read credentials from ~/.netrc and send traffic where the environment says.
    transport = httpx.HTTPTransport(trust_env=False, proxy=proxy, limits=httpx.Limits(max_connections=None))
    pool: Any = transport._pool  # noqa: SLF001 - httpx offers no argument for the pool's public `network_backend`
    pool._network_backend = _Network(pool._network_backend, deadline)  # noqa: SLF001 - as above
    return transport
