"""A deadline for a whole request, headers included.

A read time-out alone is no end: a server that sends one byte a second, in the headers too, never trips it. So every
read and write of the connection is given what is left of the request's time. Waiting for a connection or for bytes is
done in slices, so that a long silence is told while it lasts and a run that is ending does not sit it out.
"""

import math
import threading
from collections.abc import Callable
from typing import Any, TypeVar

import httpcore
import httpx

from connectors.http.rate_limit import NOTICEABLE, Clock

T = TypeVar("T")

# Shorter than any real wait, longer than zero: zero would mean "do not block", and fail on a healthy connection.
_ALREADY_LATE = 0.001
_READ_SLICE = 1.0
# A connection cannot be waited for in slices, only asked for again: not sooner than the kernel asks again by itself.
_CONNECT_SLICE = 5.0
# A handshake that failed cannot be taken up again.
_HANDSHAKE = NOTICEABLE


def _tell_nobody(seconds: float) -> None:
    """Show nothing."""


class Deadline:
    """When the request of the asking thread must be over; each thread has its own."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._own = threading.local()

    def start(self, seconds: float, *, silence: float = math.inf, tell: Callable[[float], None] = _tell_nobody) -> None:
        """Give the request that begins now `seconds` in all, and `silence` seconds without a byte.

        `tell` is called once, with the seconds waited, when nothing has come for ten seconds.
        """
        self._own.at = self._clock.monotonic() + seconds
        self._own.silence = silence
        self._own.tell = tell

    def sliced(self, step: Callable[[float], T], timeout: float | None, size: float, late: type[Exception]) -> T:
        """Do a step that waits, `size` seconds at a time, until its time-out; `late` is what it raises then.

        Raises what the clock's `sleep` raises as soon as the run is ending.
        """
        began = self._clock.monotonic()
        until = began + self.left(timeout)
        while True:
            left = until - self._clock.monotonic()
            try:
                return step(max(min(size, left), _ALREADY_LATE))
            except late:
                if left <= size:
                    raise
            self._clock.sleep(0)
            if (waited := self._clock.monotonic() - began) >= NOTICEABLE:
                self._tell_once(waited)

    def is_over(self) -> bool:
        """Whether the request has used up its time."""
        return self._left() <= 0

    def left(self, timeout: float | None) -> float:
        """Shorten a time-out to what is left."""
        silence: float = getattr(self._own, "silence", math.inf)
        left = min(silence, max(self._left(), _ALREADY_LATE))
        return left if timeout is None else min(timeout, left)

    def _left(self) -> float:
        at: float = getattr(self._own, "at", math.inf)
        return at - self._clock.monotonic()

    def _tell_once(self, waited: float) -> None:
        tell: Callable[[float], None] = getattr(self._own, "tell", _tell_nobody)
        self._own.tell = _tell_nobody
        tell(waited)


class _Connection:
    """A connection whose every operation ends with the deadline."""

    def __init__(self, inner: Any, deadline: Deadline) -> None:
        self._inner = inner
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        def read(seconds: float) -> bytes:
            content: bytes = self._inner.read(max_bytes, seconds)
            return content

        return self._deadline.sliced(read, timeout, _READ_SLICE, httpcore.ReadTimeout)

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, self._deadline.left(timeout))

    def start_tls(self, ssl_context: Any, server_hostname: Any = None, timeout: float | None = None) -> "_Connection":
        seconds = min(self._deadline.left(timeout), _HANDSHAKE)
        return _Connection(self._inner.start_tls(ssl_context, server_hostname, seconds), self._deadline)

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
        def connect(seconds: float) -> Any:
            return self._inner.connect_tcp(host, port, timeout=seconds, **options)

        found = self._deadline.sliced(connect, timeout, _CONNECT_SLICE, httpcore.ConnectTimeout)
        return _Connection(found, self._deadline)

    def sleep(self, seconds: float) -> None:
        self._inner.sleep(seconds)


def transport_with(deadline: Deadline, proxy: str | None) -> httpx.HTTPTransport:
    """Make the ordinary transport, certificate checks on, whose connections obey `deadline`."""
    # trust_env off: it would read credentials from ~/.netrc and send traffic where the environment says.
    transport = httpx.HTTPTransport(trust_env=False, proxy=proxy, limits=httpx.Limits(max_connections=None))
    pool: Any = transport._pool  # noqa: SLF001 - httpx offers no argument for the pool's public `network_backend`
    pool._network_backend = _Network(pool._network_backend, deadline)  # noqa: SLF001 - as above
    return transport
