"""Reading of the landing: pages, their manifest, and checksum verification."""

import contextlib
import hashlib
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import zstandard

from connectors.landing.listing import Listing
from definitions.errors import LandingError

MANIFEST = "manifest.jsonl"
QUARANTINED_PAGES = "aside.jsonl"
CHUNK_BYTES = 1 << 20
_CHECK = b',"check":"'
_CHECK_DIGITS = 16

T = TypeVar("T", bound=msgspec.Struct)


class Rejected(msgspec.Struct, frozen=True, kw_only=True):
    """One rejected record: reason, position, and its text (bytes that are not UTF-8 are backslash-escaped).

    `page` counts from 1 within the pull, `offset` from 0 within the page. A file has no pages: `page` is null, `offset`
    the line (in Parquet the row), from 1.
    """

    reason: str
    page: int | None
    offset: int
    field: str | None = None
    record: str

    @property
    def number(self) -> int:
        """Number of the record in its page, from 1; in a file, its line.

        >>> Rejected(reason="id_blank", page=2, offset=7, record="{}").number
        8
        >>> Rejected(reason="short_row", page=None, offset=3, record="1;x").number
        3
        """
        return self.offset if self.page is None else self.offset + 1


class PullEnd(msgspec.Struct, frozen=True, kw_only=True):
    """End of a pull as an older Bantam wrote it, whose listings never spanned runs.

    `is_whole`: a record that was not listed is deleted. `previous_run`: the run whose cursor the pull started from;
    null where it depends on nothing landed before.
    """

    is_whole: bool
    previous_run: str | None = None


class ManifestLine(msgspec.Struct, frozen=True, kw_only=True):
    """One line of `manifest.jsonl`, in the order written.

    `file` is null when the response held no valid record. `bytes` and `sha256` are of the stored (compressed) file.
    `request` is method and path without query. `cursor` is set in the line that completes a pull, `listing` in each
    line that a stream may be resumed from. Lines of an older Bantam have `end` instead, and cursors with a position
    within the pull (`at`).
    """

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
    listing: Listing | None = None
    end: PullEnd | None = None


class LandedPage(ManifestLine, frozen=True, kw_only=True):
    """One landed file: its line of the manifest, with the source, stream, run and folder it belongs to."""

    source: str
    stream: str
    run_id: str
    folder: Path

    @property
    def path(self) -> Path | None:
        """Where its records are; null where it has none."""
        return self.folder / self.file if self.file else None

    @property
    def rejected_path(self) -> Path | None:
        """Where the records that were set aside are; null where none were."""
        return self.folder / self.rejected_file if self.rejected_file else None

    @property
    def is_last(self) -> bool:
        """Whether this page completed the pull, so that its cursor covers the whole pull."""
        return self.cursor is not None and "at" not in self.cursor

    @property
    def listing_id(self) -> str:
        """Id of the page's listing; the run id where an older Bantam landed it."""
        return self.run_id if self.listing is None else self.listing.id


def sealed(line: msgspec.Struct) -> bytes:
    """Encode a line with its own checksum as the last field, so that a changed cursor or count is detected."""
    text = msgspec.json.encode(line)
    return b'%s%s%s"}' % (text[:-1], _CHECK, _digits(text))


def _digits(text: bytes) -> bytes:
    return hashlib.sha256(text).hexdigest()[:_CHECK_DIGITS].encode()


def unsealed(text: bytes, kind: type[T]) -> T:
    """Decode a line; raises `ValueError` for an invalid line or a wrong checksum. Old lines have no checksum."""
    body, mark, digits = text.rpartition(_CHECK)
    if mark and digits != _digits(body + b"}") + b'"}':
        raise ValueError("checksum")
    return msgspec.json.decode(text, type=kind)


def read_manifest(folder: Path, names: tuple[str, str, str]) -> list[LandedPage]:
    """Read the pages of a run's folder, in the order landed, without excluded ones; `names`: source, stream, run id.

    A last line without its end was torn by a crash and is not a page. Raises `LandingError` for any other damage.
    """
    path = folder / MANIFEST
    try:
        lines = path.read_bytes().split(b"\n")[:-1]
    except FileNotFoundError:
        return []
    except OSError as error:
        raise LandingError(
            f"{path}: cannot be read ({error.strerror}). Mend the rights or the disk, run again."
        ) from None
    try:
        pages = [page_of(folder, names, unsealed(line, ManifestLine)) for line in lines]
    except ValueError as error:
        raise LandingError(
            f"{path}: a line is damaged ({type(error).__name__}). Restore the file from a backup, or run "
            f"`{ask_again(names[0])}`, which asks the source for everything again."
        ) from None
    quarantined = _quarantined_pages(folder)
    return [page for page in pages if page.seq not in quarantined] if quarantined else pages


def ask_again(*sources: str) -> str:
    """Return the command that pulls sources in full again, independent of what was landed before.

    >>> ask_again("crm", "shop", "crm")
    'bantam run --full --source crm --source shop'
    """
    return " ".join(["bantam run --full", *(f"--source {source}" for source in dict.fromkeys(sources))])


class QuarantinedPage(msgspec.Struct, frozen=True, kw_only=True):
    """One line of `aside.jsonl`: an excluded page, and why."""

    seq: int
    reason: str


def _quarantined_pages(folder: Path) -> frozenset[int]:
    """Return the numbers of a folder's excluded pages. Damaged lines are skipped: their pages are detected again."""
    path = folder / QUARANTINED_PAGES
    if not path.exists():
        return frozenset()
    found = set()
    for line in path.read_bytes().split(b"\n")[:-1]:
        with contextlib.suppress(msgspec.MsgspecError):
            found.add(msgspec.json.decode(line, type=QuarantinedPage).seq)
    return frozenset(found)


def page_of(folder: Path, names: tuple[str, str, str], line: ManifestLine) -> LandedPage:
    """Build the landed page of a manifest line."""
    source, stream, run_id = names
    return LandedPage(source=source, stream=stream, run_id=run_id, folder=folder, **msgspec.structs.asdict(line))


def verified(path: Path | None, sha256: str, page: LandedPage) -> Path:
    """Return `path` if its bytes still have `sha256`; else raise `LandingError` naming the file."""
    if path is None:
        raise LandingError(f"{page.source}: {page.stream}: page {page.seq} of run {page.run_id} holds no record")
    if (damage := damage_of(path, sha256)) is not None:
        raise LandingError(
            f"{path}: {damage}. Restore the file from a backup, or run `{ask_again(page.source)}`, which asks the "
            "source for everything again."
        )
    return path


def damage_of(path: Path, sha256: str) -> str | None:
    """Describe the damage of a landed file whose bytes should have `sha256`; None where it is intact."""
    digest = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while chunk := file.read(CHUNK_BYTES):
                digest.update(chunk)
    except FileNotFoundError:
        return "is missing"
    except OSError as error:
        return f"cannot be read ({error.strerror})"
    return None if digest.hexdigest() == sha256 else "does not match its checksum"


def lines_of(path: Path) -> Iterator[bytes]:
    """Yield the lines of a landed `.jsonl.zst` file without line ends, empty ones left out; reads in small chunks."""
    with path.open("rb") as file, zstandard.ZstdDecompressor().stream_reader(file) as unpacked:
        yield from filter(None, map(_without_end, io.BufferedReader(unpacked)))


def _without_end(line: bytes) -> bytes:
    return line.removesuffix(b"\n")


def inflate(path: Path) -> bytes:
    """Read and unpack a landed `.zst` file."""
    with path.open("rb") as file:
        return zstandard.ZstdDecompressor().stream_reader(file).read()
