"""Decompression of a file in chunks, up to the limit of its stream.

A few hundred kilobytes of gzip can unpack to gigabytes: the output is counted as it is produced, and reading stops at
the limit.
"""

import hashlib
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import zstandard

from definitions.errors import FileUnreadableError
from definitions.mapping.file_stream import FileStream

CHUNK = 1 << 20
_MEGABYTE = 1_000_000
# A zstd block of 4 bytes unpacks to 128 KiB, and the library returns the whole output of a piece at once.
_ZSTD_PIECE = 1 << 10
# Exports of CRM systems compress 5 to 30 times; gzip at most 1,032 times.
_RATIO = 200
_RATIO_COUNTS_FROM = 64 * _MEGABYTE


@dataclass(frozen=True, slots=True, kw_only=True)
class FileContent:
    """A file on disk that can be read repeatedly; the suffix of its name is its compression.

    `is_landed`: it is a landed file, compressed by us, to which the limit of the ratio does not apply.
    """

    path: Path
    stream: FileStream
    where: str
    is_landed: bool = False

    def digest(self) -> str:
        """Compute the SHA-256 of the packed bytes; raises `FileUnreadableError` where the file cannot be read."""
        digest = hashlib.sha256()
        for chunk in self._packed():
            digest.update(chunk)
        return digest.hexdigest()

    def chunks(self, expected: str | None = None) -> Iterator[bytes]:
        """Yield the unpacked bytes, some megabytes at a time.

        Raises `FileUnreadableError`: damaged, truncated, more than the stream's `unpacked_limit_mb`, too high a
        compression ratio, or a digest other than `expected` (None: not compared).
        """
        digest = hashlib.sha256()
        counter = _Counter(self.stream, self.where, is_landed=self.is_landed)
        name = self.path.name.lower()
        try:
            for chunk in _unpacked(self._counted(digest, counter), name):
                counter.unpacked(len(chunk))
                yield chunk
        except (EOFError, zlib.error, zstandard.ZstdError):
            raise FileUnreadableError(
                f"{self.where}: the packed data is damaged or ends too early. Copy the file again, whole."
            ) from None
        if expected is not None and digest.hexdigest() != expected:
            raise FileUnreadableError(
                f"{self.where}: was changed while it was read. Run again when whoever writes it has finished."
            )

    def _counted(self, digest: "hashlib._Hash", counter: "_Counter") -> Iterator[bytes]:
        for chunk in self._packed():
            digest.update(chunk)
            counter.packed += len(chunk)
            yield chunk

    def _packed(self) -> Iterator[bytes]:
        try:
            with self.path.open("rb") as file:
                while chunk := file.read(CHUNK):
                    yield chunk
        except FileNotFoundError:
            raise FileUnreadableError(
                f"{self.where}: there is no such file ({self.path}). Put it there, or correct `path`."
            ) from None
        except OSError as error:
            reason = error.strerror or type(error).__name__
            raise FileUnreadableError(
                f"{self.where}: cannot be read ({reason}). Mend the rights or correct `path`."
            ) from error


class _Counter:
    """Counter of packed and unpacked bytes that enforces the limits."""

    def __init__(self, stream: FileStream, where: str, *, is_landed: bool) -> None:
        self._limit = stream.unpacked_limit_mb
        self._where = where
        self._is_landed = is_landed
        self._unpacked = 0
        self.packed = 0

    def unpacked(self, size: int) -> None:
        self._unpacked += size
        if self._unpacked > self._limit * _MEGABYTE:
            raise FileUnreadableError(
                f"{self._where}: holds more than {self._limit:,} MB. If it is the right file, raise "
                "`unpacked_limit_mb` of its stream; a run needs several times as much memory."
            )
        if not self._is_landed and self._unpacked > max(_RATIO_COUNTS_FROM, self.packed * _RATIO):
            raise FileUnreadableError(
                f"{self._where}: unpacks to more than {_RATIO} times its size ({self._unpacked // _MEGABYTE:,} MB out "
                f"of {self.packed / _MEGABYTE:.1f} MB so far): no export does. If it is the right file, unpack it and "
                "name the plain file in `path`."
            )


def _unpacked(chunks: Iterator[bytes], name: str) -> Iterator[bytes]:
    """Unpack a `.gz` or `.zst` file, any other unchanged; raises `EOFError` for truncated data."""
    if name.endswith(".gz"):
        return _gunzipped(chunks)
    return _unpacked_zst(chunks) if name.endswith(".zst") else chunks


def _gunzipped(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """Unpack all members; zeroes after the last are padding, as for gzip itself."""
    inflater = zlib.decompressobj(wbits=31)
    is_begun = False
    for chunk in chunks:
        rest = chunk
        while rest:
            if not is_begun and not (rest := rest.lstrip(b"\0")):
                break
            is_begun = True
            if piece := inflater.decompress(rest, CHUNK):
                yield piece
            rest = inflater.unconsumed_tail
            while not inflater.eof and (piece := inflater.decompress(rest, CHUNK)):
                yield piece
                rest = inflater.unconsumed_tail
            if inflater.eof:
                rest = inflater.unused_data
                inflater, is_begun = zlib.decompressobj(wbits=31), False
    if is_begun:
        raise EOFError


def _unpacked_zst(chunks: Iterator[bytes]) -> Iterator[bytes]:
    frame, pieces = zstandard.ZstdDecompressor().decompressobj(), _Pieces()
    is_begun = False
    for chunk in chunks:
        for start in range(0, len(chunk), _ZSTD_PIECE):
            rest = chunk[start : start + _ZSTD_PIECE]
            while rest:
                is_begun = True
                yield from pieces.add(frame.decompress(rest))
                rest = frame.unused_data if frame.eof else b""
                if frame.eof:
                    frame, is_begun = zstandard.ZstdDecompressor().decompressobj(), False
    if is_begun:
        raise EOFError
    yield from pieces.rest()


class _Pieces:
    """Joins small pieces and splits large ones to about the size of a chunk."""

    def __init__(self) -> None:
        self._waiting: list[bytes] = []
        self._size = 0

    def add(self, piece: bytes) -> Iterator[bytes]:
        self._waiting.append(piece)
        self._size += len(piece)
        if self._size >= CHUNK:
            yield from self.rest()

    def rest(self) -> Iterator[bytes]:
        whole = b"".join(self._waiting)
        self._waiting, self._size = [], 0
        for start in range(0, len(whole), CHUNK):
            yield whole[start : start + CHUNK]
