"""Deadline of a whole request, headers included.

A read time-out does not end a request: a server that sends one byte a second, in the headers too, never exceeds it. So
every read and write of the connection gets the remaining time of the request as its time-out. Waiting is done in
slices, so that a long silence is reported while it lasts and a run that is ending need not wait for its end.
"""

import math
import threading
from collections.abc import Callable
from typing import Any, TypeVar

import httpcore
import httpx

from connectors.http.rate_limit import NOTICEABLE, Clock

T = TypeVar("T")

# Longer than zero, which would mean "do not block" and fail on a healthy connection.
_ALREADY_LATE = 0.001
_READ_SLICE = 1.0
# A slice of connecting is a new attempt: not sooner than the kernel itself retries.
_CONNECT_SLICE = 5.0
# A handshake cannot be resumed after a time-out, so it is not sliced.
_HANDSHAKE = NOTICEABLE


def _ignore(seconds: float) -> None:
    """Report nothing."""


class Deadline:
    """Deadline of the current thread's request; each thread has its own."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._own = threading.local()

    def start(self, seconds: float, *, silence: float = math.inf, tell: Callable[[float], None] = _ignore) -> None:
        """Start the deadline of a request: `seconds` in all, and `silence` seconds without a byte.

        `tell` is called once, with the seconds waited, when nothing was received for ten seconds.
        """
        self._own.at = self._clock.monotonic() + seconds
        self._own.silence = silence
        self._own.tell = tell

    def sliced(self, step: Callable[[float], T], timeout: float | None, size: float, late: type[Exception]) -> T:
        """Repeat a waiting step, `size` seconds at a time, until its time-out; `late` is the time-out error it raises.

        Raises the error of the clock's `sleep` as soon as the run is ending.
        """
        began = self._clock.monotonic()
        end = began + self.left(timeout)
        while True:
            left = end - self._clock.monotonic()
            try:
                return step(max(min(size, left), _ALREADY_LATE))
            except late:
                if left <= size:
                    raise
            self._clock.sleep(0)
            if (waited := self._clock.monotonic() - began) >= NOTICEABLE:
                self._report_once(waited)

    def is_over(self) -> bool:
        """Whether the request has used up its time."""
        return self._left() <= 0

    def left(self, timeout: float | None) -> float:
        """Limit a time-out (None: none) to the remaining time."""
        silence: float = getattr(self._own, "silence", math.inf)
        left = min(silence, max(self._left(), _ALREADY_LATE))
        return left if timeout is None else min(timeout, left)

    def _left(self) -> float:
        at: float = getattr(self._own, "at", math.inf)
        return at - self._clock.monotonic()

    def _report_once(self, waited: float) -> None:
        tell: Callable[[float], None] = getattr(self._own, "tell", _ignore)
        self._own.tell = _ignore
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
    """Network backend whose connections obey the deadline."""

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
    """Build the standard transport, with certificate checks, whose connections obey `deadline`."""
    # trust_env off: it would read credentials from ~/.netrc and send traffic where the environment says.
    transport = httpx.HTTPTransport(trust_env=False, proxy=proxy, limits=httpx.Limits(max_connections=None))
    pool: Any = transport._pool  # noqa: SLF001 - httpx offers no argument for the pool's public `network_backend`
    pool._network_backend = _Network(pool._network_backend, deadline)  # noqa: SLF001 - as above
    return transport
