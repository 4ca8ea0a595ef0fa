"""What has been landed: pages, their manifest, and reading them back with the checksum verified."""

import hashlib
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import zstandard

from definitions.errors import LandingError

MANIFEST = "manifest.jsonl"
CHUNK_BYTES = 1 << 20


class Rejected(msgspec.Struct, frozen=True, kw_only=True):
    """One record set aside: why, where it stood, and its own text (bytes that are no UTF-8 are backslash-escaped).

    `page` counts from 1 within the pull, `offset` from 0 within the page; of a file there are no pages: `page` is null,
    `offset` its line (of Parquet: its row), from 1.
    """

    reason: str
    page: int | None
    offset: int
    field: str | None = None
    record: str

    @property
    def place(self) -> str:
        """Where it stood, in words.

        >>> Rejected(reason="id_blank", page=2, offset=7, record="{}").place
        'page 2, offset 7'
        >>> Rejected(reason="short_row", page=None, offset=3, record="1;x").place
        'line 3'
        """
        return f"line {self.offset}" if self.page is None else f"page {self.page}, offset {self.offset}"


class ManifestLine(msgspec.Struct, frozen=True, kw_only=True):
    """One line of `manifest.jsonl`, in the order written."""

    seq: int
    file: str | None
    records: int
    bytes: int
    sha256: str
    request: str
    cursor: dict[str, Any] | None
    rejected: int
    rejected_file: str | None
    rejected_sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LandedPage:
    """One landed file: what it holds, which request gave it, and the cursor that is safe once it is durable.

    `path` is None when the answer held no good record. `bytes` and `sha256` are of the stored (compressed) file.
    `request` is method and path without query. `cursor` None: nothing may be resumed from here.
    """

    source: str
    stream: str
    run_id: str
    seq: int
    path: Path | None
    records: int
    bytes: int
    sha256: str
    request: str
    cursor: dict[str, Any] | None
    rejected: int
    rejected_path: Path | None
    rejected_sha256: str


def read_manifest(folder: Path, names: tuple[str, str, str]) -> list[LandedPage]:
    """Pages a run's folder names, in the order landed; `names` are source, stream and run id.

    A last line without its end was cut by a crash and is not a page. Raises `LandingError` for any other damage.
    """
    path = folder / MANIFEST
    if not path.exists():
        return []
    lines = path.read_bytes().split(b"\n")[:-1]
    decoder = msgspec.json.Decoder(ManifestLine)
    try:
        return [page_of(folder, names, decoder.decode(line)) for line in lines]
    except msgspec.MsgspecError as error:
        raise LandingError(
            f"{path}: a line is damaged ({type(error).__name__}). Restore it from a backup of BANTAM_HOME, or move "
            f"{folder} away and run with --full, which asks the sources for everything again."
        ) from None


def page_of(folder: Path, names: tuple[str, str, str], line: ManifestLine) -> LandedPage:
    """Place one manifest line in its folder."""
    source, stream, run_id = names
    return LandedPage(
        source=source,
        stream=stream,
        run_id=run_id,
        seq=line.seq,
        path=folder / line.file if line.file else None,
        records=line.records,
        bytes=line.bytes,
        sha256=line.sha256,
        request=line.request,
        cursor=line.cursor,
        rejected=line.rejected,
        rejected_path=folder / line.rejected_file if line.rejected_file else None,
        rejected_sha256=line.rejected_sha256,
    )


def verified(path: Path | None, sha256: str, page: LandedPage) -> Path:
    """Return `path` when its bytes still have `sha256`; raise `LandingError` naming the file when not."""
    if path is None:
        raise LandingError(f"{page.source}: {page.stream}: page {page.seq} of run {page.run_id} holds no record")
    digest = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while chunk := file.read(CHUNK_BYTES):
                digest.update(chunk)
    except OSError as error:
        raise LandingError(f"{path}: cannot be read ({error.strerror}). Restore it from a backup.") from error
    if digest.hexdigest() != sha256:
        raise LandingError(f"{path}: does not match its checksum. Restore it from a backup or pull the run again.")
    return path


def lines_of(path: Path) -> Iterator[bytes]:
    """Lines of a landed `.jsonl.zst` file, ends and empty ones left out; little of it is held at a time."""
    with path.open("rb") as file, zstandard.ZstdDecompressor().stream_reader(file) as unpacked:
        yield from filter(None, map(_without_end, io.BufferedReader(unpacked)))


def _without_end(line: bytes) -> bytes:
    return line.removesuffix(b"\n")


def inflate(path: Path) -> bytes:
    """Content of a landed `.zst` file."""
    with path.open("rb") as file:
        return zstandard.ZstdDecompressor().stream_reader(file).read()
