"""Response bodies: read completely or rejected.

The HTTP client accepts a truncated gzip body, or one without its trailer, and inflates a zip bomb at once; so the raw
bytes are read and inflated here in chunks, and the end of the stream is checked.
"""

import zlib
from collections.abc import Callable
from dataclasses import dataclass

import httpx

from definitions.errors import SourceAnswerUnusableError, TryAgainError

_PIECE = 1 << 20
_RATIO_COUNTS_FROM = 1 << 23


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestLimits:
    """Limits of one request: total time, idle time and retry budget in seconds, body size, and inflation ratio.

    `retry_budget_seconds` bounds all waiting for one response; half an hour bridges a short outage of the vendor.
    """

    deadline_seconds: float = 120.0
    idle_seconds: float = 30.0
    retry_budget_seconds: float = 1800.0
    unusable_attempts: int = 4
    body_bytes: int = 256 << 20
    inflation_ratio: int = 200


def read_whole(response: httpx.Response, limits: RequestLimits, is_late: Callable[[], bool]) -> bytes:
    """Read and inflate the whole body of a streamed response.

    Raises `TryAgainError` for a body that ends too early or takes too long, `SourceAnswerUnusableError` for one that
    is too large, inflates too far or has an encoding that was not requested. The caller adds the source to messages.
    """
    unpack = _unpacker(response.headers.get("content-encoding", "identity").strip().lower(), limits)
    pieces: list[bytes] = []
    received = 0
    for chunk in response.iter_raw():
        received += len(chunk)
        if is_late():
            raise TryAgainError("the body was not whole when its time was over")
        pieces += unpack.feed(chunk, received)
    _check_length(response, received)
    unpack.end()
    return b"".join(pieces)


def _check_length(response: httpx.Response, received: int) -> None:
    promised = response.headers.get("content-length")
    if promised is not None and promised != str(received):
        raise TryAgainError(f"the body ended after {received} bytes")


class _Plain:
    def __init__(self, limits: RequestLimits) -> None:
        self._limits = limits

    def feed(self, chunk: bytes, received: int) -> list[bytes]:
        if received > self._limits.body_bytes:
            raise SourceAnswerUnusableError(f"the body is longer than {self._limits.body_bytes} bytes")
        return [chunk]

    def end(self) -> None:
        """Check nothing: only its length marks the end of a plain body."""


class _Gzip:
    def __init__(self, limits: RequestLimits) -> None:
        self._limits = limits
        self._inflater = zlib.decompressobj(wbits=31)
        self._inflated = 0

    def feed(self, chunk: bytes, received: int) -> list[bytes]:
        pieces: list[bytes] = []
        while chunk:
            if self._inflater.eof:
                raise TryAgainError("the body goes on after its gzip end")
            try:
                piece = self._inflater.decompress(chunk, _PIECE)
            except zlib.error:
                raise TryAgainError("the body is damaged gzip") from None
            chunk = self._inflater.unconsumed_tail or self._inflater.unused_data
            pieces.append(piece)
            self._count(len(piece), received)
        return pieces

    def end(self) -> None:
        if not self._inflater.eof:
            raise TryAgainError("the gzip body has no end")

    def _count(self, inflated: int, received: int) -> None:
        self._inflated += inflated
        if self._inflated > self._limits.body_bytes:
            raise SourceAnswerUnusableError(f"the body inflates beyond {self._limits.body_bytes} bytes")
        if self._inflated > max(_RATIO_COUNTS_FROM, received * self._limits.inflation_ratio):
            raise SourceAnswerUnusableError(f"the body inflates more than {self._limits.inflation_ratio} times")


def _unpacker(encoding: str, limits: RequestLimits) -> _Plain | _Gzip:
    if encoding in ("identity", ""):
        return _Plain(limits)
    if encoding in ("gzip", "x-gzip"):
        return _Gzip(limits)
    raise SourceAnswerUnusableError("the body is packed in a way that was not asked for")
