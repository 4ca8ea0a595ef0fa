"""Landing: every response of a source, stored verbatim and durably before any processing.

`landing/<source>/<stream>/<run_id>/<seq>-<sha256>.jsonl.zst` holds one record a line; `manifest.jsonl` beside it names
the files that count. Files without a manifest line are ignored: a crash between the two costs a page, no more.
One run at a time writes a stream (flows hold the lock), so opening a writer may clean up after a dead one.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import msgspec
import zstandard

from connectors.landing.durable import (
    FILE_MODE,
    TEMPORARY,
    append_line,
    failed,
    make_folder,
    sync_folder,
    write_durably,
)
from connectors.landing.erased import TOMBSTONE
from connectors.landing.listing import Listing
from connectors.landing.page_journal import PageEntry, PageJournal, as_line
from connectors.landing.reader import (
    MANIFEST,
    LandedPage,
    ManifestLine,
    Rejected,
    inflate,
    lines_of,
    page_of,
    read_manifest,
    sealed,
    verified,
)
from definitions.errors import ConfigurationError, LandingError
from definitions.runtime.crash_points import crash_point

UNFINISHED = ".unfinished"
_SAFE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.+-]*")
# Level 3 has a window of 2 MiB, held by each of several writers: a quarter of that costs 2% of disk space.
_PACKING = zstandard.ZstdCompressionParameters.from_level(3, window_log=19, write_checksum=1)
_LINES_AT_ONCE = 20


class PageBuffer:
    """Buffer of the records of one file, compressed as they are added: a tenth of their size in memory."""

    def __init__(self) -> None:
        self._packer = _compressor().compressobj()
        self._packed: list[bytes] = []
        self.records = 0
        self.bytes = 0

    def add(self, records: Sequence[bytes]) -> None:
        """Add whole JSON records."""
        for start in range(0, len(records), _LINES_AT_ONCE):
            lines = b"".join(map(as_line, records[start : start + _LINES_AT_ONCE]))
            self.bytes += len(lines)
            if packed := self._packer.compress(lines):
                self._packed.append(packed)
        self.records += len(records)

    def chunks(self) -> list[bytes]:
        """Finish and return the bytes of the file; nothing can be added afterwards."""
        return [*self._packed, self._packer.flush()]


class LandingWriter:
    """Writes the pages of one stream in one run; used by one thread. Made by `Landing.writer`, used in a `with`."""

    def __init__(self, landing: "Landing", source: str, stream: str, run_id: str) -> None:
        self.landing = landing
        self.source = source
        self.stream = stream
        self.run_id = run_id
        self.folder = landing.folder(source, stream, run_id)
        make_folder(self.folder)
        self._mark()
        landed = landing.read_manifest(source, stream, run_id)
        self._seq = landed[-1].seq if landed else 0
        self._journal = PageJournal(self.folder)

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close after success; after an error the mark stays, so that the next run recovers."""
        if kind is None:
            self.close()

    def keep_page(
        self, records: Sequence[bytes], *, request: str, listing: Listing, rejected: Sequence[Rejected]
    ) -> None:
        """Journal a page, and the listing after it, until `write_page` lands it with others.

        It survives the death of this process: the next writer of the stream lands it. Raises `LandingError`.
        """
        entry = PageEntry(seq=self._seq + 1, request=request, listing=listing, rejected=list(rejected))
        self._journal.append(records, entry)
        crash_point("land.after_keep")

    def write_page(
        self,
        buffer: PageBuffer,
        *,
        request: str,
        cursor: Mapping[str, Any] | None = None,
        rejected: Sequence[Rejected] = (),
        listing: Listing | None = None,
    ) -> LandedPage:
        """Land the records of a buffer, one a line, then add them to the manifest; durable when this returns.

        `listing` is the one after these records (None: not to be resumed). Raises `LandingError` naming path and bytes.
        """
        chunks = buffer.chunks() if buffer.records else None
        return self._land(chunks, ".jsonl.zst", buffer.records, request, cursor, rejected, listing)

    def write_file(
        self,
        content: Iterable[bytes],
        *,
        suffix: str,
        records: int,
        request: str,
        cursor: Mapping[str, Any] | None = None,
        rejected: Sequence[Rejected] = (),
    ) -> LandedPage:
        """Land the bytes of a file, chunk by chunk; a `suffix` ending in `.zst` compresses them, else they stay raw.

        Raises `LandingError` naming path and bytes.
        """
        chunks = packed(content) if suffix.endswith(".zst") else content
        return self._land(chunks, suffix, records, request, cursor, rejected, None)

    def recover(self) -> None:
        """Land the journal of a dead process, and remove its temporary files and those without a manifest line."""
        self._land_journal()
        landed = self.landing.read_manifest(self.source, self.stream, self.run_id)
        named = {path for page in landed for path in (page.path, page.rejected_path)}
        for path in self.folder.iterdir():
            if path.name.startswith(TEMPORARY) or (path not in named and path.name[:6].isdigit()):
                path.unlink(missing_ok=True)

    def _land_journal(self) -> None:
        # Pages of an earlier file were landed before the process died.
        pages = [page for page in self._journal.pages() if page.entry.seq == self._seq + 1]
        if not pages:
            return
        buffer = PageBuffer()
        for page in pages:
            buffer.add(page.records)
        last = pages[-1].entry
        rejected = [bad for page in pages for bad in page.entry.rejected]
        self.write_page(buffer, request=last.request, rejected=rejected, listing=last.listing.landed())

    def close(self) -> None:
        """Mark the folder as complete, so that the next run has nothing to recover here."""
        self._journal.clear()
        try:
            (self.folder / UNFINISHED).unlink(missing_ok=True)
            sync_folder(self.folder)
        except OSError as error:
            raise failed("close", self.folder, 0, error) from error

    def _mark(self) -> None:
        try:
            (self.folder / UNFINISHED).touch(mode=FILE_MODE)
        except OSError as error:
            raise failed("write", self.folder / UNFINISHED, 0, error) from error

    def _land(
        self,
        chunks: Iterable[bytes] | None,
        suffix: str,
        records: int,
        request: str,
        cursor: Mapping[str, Any] | None,
        rejected: Sequence[Rejected],
        listing: Listing | None,
    ) -> LandedPage:
        seq = self._seq + 1
        name, size, digest = self._write(f"{seq:06d}", suffix, chunks)
        rejected_chunks = packed([msgspec.json.Encoder().encode_lines(rejected)]) if rejected else None
        rejected_name, _, rejected_digest = self._write(f"{seq:06d}-rejected", ".jsonl.zst", rejected_chunks)
        line = ManifestLine(
            seq=seq,
            file=name,
            records=records,
            bytes=size,
            sha256=digest,
            request=request,
            cursor=None if cursor is None else dict(cursor),
            rejected=len(rejected),
            rejected_file=rejected_name,
            rejected_sha256=rejected_digest,
            listing=listing,
        )
        append_line(self.folder / MANIFEST, sealed(line))
        self._seq = seq
        self._journal.clear()
        return page_of(self.folder, (self.source, self.stream, self.run_id), line)

    def _write(self, prefix: str, suffix: str, chunks: Iterable[bytes] | None) -> tuple[str | None, int, str]:
        if chunks is None:
            return None, 0, ""
        path, size, digest = write_durably(self.folder, prefix, suffix, chunks)
        return path.name, size, digest


@dataclass(frozen=True, slots=True)
class Landing:
    """Everything ever fetched, under `root`; append-only for a run, readable for replay."""

    root: Path

    def folder(self, source: str, stream: str, run_id: str) -> Path:
        """Return the folder of a run of a stream; raises `ConfigurationError` for a name that is no plain file name."""
        for name in (source, stream, run_id):
            if not _SAFE_NAME.fullmatch(name):
                raise ConfigurationError(f"{name!r} cannot name a folder: use letters, digits, '-', '_', '.' and '+'")
        return self.root / source / stream / run_id

    def writer(self, source: str, stream: str, run_id: str) -> LandingWriter:
        """Open one stream for one run, after recovery of killed runs. The same run may open it again."""
        self.recover(source, stream)
        return LandingWriter(self, source, stream, run_id)

    def read_manifest(self, source: str, stream: str, run_id: str) -> list[LandedPage]:
        """Read the pages of one run in the order landed, as `reader.read_manifest`; empty without a manifest."""
        return read_manifest(self.folder(source, stream, run_id), (source, stream, run_id))

    def pages_of(self, source: str, stream: str, run_ids: Iterable[str]) -> Iterator[LandedPage]:
        """Yield the pages of several runs, in the order of `run_ids` and of landing, empty ones left out."""
        for run_id in run_ids:
            yield from (page for page in self.read_manifest(source, stream, run_id) if page.path)

    def run_ids(self, source: str, stream: str, *, after: str | None = None, until: str | None = None) -> list[str]:
        """Return sorted ids of runs that landed pages of a stream; only after `after`, up to and including `until`."""
        folder = self.folder(source, stream, "any").parent
        # A year has nine thousand hourly runs, of which only the newest matter: filter before any manifest is read.
        folders = sorted(
            run
            for run in folder.glob("*")
            if (after is None or run.name > after) and (until is None or run.name <= until)
        )
        return [run.name for run in folders if (run / MANIFEST).exists()]

    def verified(self, page: LandedPage) -> Path:
        """Return the path of a page with a matching checksum; else, or when empty, raise `LandingError` naming it."""
        return verified(page.path, page.sha256, page)

    def records(self, page: LandedPage) -> Iterator[bytes]:
        """Read the records of a page, one JSON text each, a few at a time; the checksum is verified first.

        Erased ones are left out.
        """
        if page.path is None:
            return iter(())
        if not page.path.name.endswith(".jsonl.zst"):
            raise LandingError(f"{page.path}: is a file landed whole; read it with `verified`")
        return (line for line in lines_of(self.verified(page)) if line != TOMBSTONE)

    def rejected(self, page: LandedPage) -> list[Rejected]:
        """Read the rejected records of a page, checksum verified."""
        if page.rejected_path is None:
            return []
        content = inflate(verified(page.rejected_path, page.rejected_sha256, page))
        return msgspec.json.Decoder(Rejected).decode_lines(content)

    def recover(self, source: str, stream: str) -> None:
        """Recover the folders of runs that never closed."""
        for mark in sorted(self.folder(source, stream, "any").parent.glob(f"*/{UNFINISHED}")):
            folder = mark.parent
            with LandingWriter(self, folder.parent.parent.name, folder.parent.name, folder.name) as dead:
                dead.recover()


def _compressor() -> zstandard.ZstdCompressor:
    return zstandard.ZstdCompressor(compression_params=_PACKING)


def packed(content: Iterable[bytes]) -> Iterator[bytes]:
    """Compress chunks as landed files are."""
    packer = _compressor().compressobj()
    for chunk in content:
        yield packer.compress(chunk)
    yield packer.flush()
