"""Page journal: pages of a pull that are not landed yet, stored in case the process is killed.

Landing a page durably costs four waits for the disk, so pages are collected into files of some MiB. Meanwhile each is
appended here without fsync: written data survives a SIGKILL. A power cut may lose the end of the journal; the
checksums show that, and those pages are requested again.
"""

import hashlib
import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import msgspec

from connectors.landing.durable import FILE_MODE, failed
from connectors.landing.listing import Listing
from connectors.landing.reader import Rejected, sealed, unsealed

JOURNAL = ".pages"
# A record is a JSON value, which cannot begin with the record separator of ASCII.
_MARK = b"\x1e"


class PageEntry(msgspec.Struct, frozen=True, kw_only=True):
    """Trailer of a page's records: its request, and the listing after it.

    `seq` is the number of the landed file that will hold the page.
    """

    seq: int
    request: str
    listing: Listing
    rejected: list[Rejected] = []
    sha256: str = ""


@dataclass(frozen=True, slots=True)
class JournaledPage:
    """A page read back from the journal; records as lines of a landed file."""

    entry: PageEntry
    records: list[bytes]


class PageJournal:
    """The journal of one run's folder of one stream."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / JOURNAL

    def append(self, records: Sequence[bytes], entry: PageEntry) -> None:
        """Append a page. Raises `LandingError` naming path and bytes."""
        digest, size = hashlib.sha256(), 0
        try:
            with open(os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, FILE_MODE), "ab") as file:  # noqa: PTH123 - opened by descriptor, for the mode
                for record in records:
                    line = as_line(record)
                    digest.update(line)
                    size += file.write(line)
                entry = msgspec.structs.replace(entry, sha256=digest.hexdigest())
                file.write(_MARK + sealed(entry) + b"\n")
        except OSError as error:
            raise failed("append", self._path, size, error) from error

    def clear(self) -> None:
        """Remove all pages, which are landed by now."""
        try:
            self._path.unlink(missing_ok=True)
        except OSError as error:
            raise failed("remove", self._path, 0, error) from error

    def pages(self) -> Iterator[JournaledPage]:
        """Yield the pages in order, up to the first incomplete or damaged one."""
        try:
            lines = self._path.read_bytes().split(b"\n")[:-1]
        except FileNotFoundError:
            return
        records: list[bytes] = []
        digest = hashlib.sha256()
        for line in lines:
            if not line.startswith(_MARK):
                records.append(line)
                digest.update(line + b"\n")
                continue
            entry = _entry_of(line)
            if entry is None or entry.sha256 != digest.hexdigest():
                return
            yield JournaledPage(entry, records)
            records, digest = [], hashlib.sha256()


def _entry_of(line: bytes) -> PageEntry | None:
    with suppress(ValueError):
        return unsealed(line.removeprefix(_MARK), PageEntry)
    return None


def as_line(record: bytes) -> bytes:
    """Format a JSON record as one line; raw newlines between tokens (no JSON string has one) become spaces."""
    if b"\n" in record or b"\r" in record:
        record = record.replace(b"\n", b" ").replace(b"\r", b" ")
    return record + b"\n"
