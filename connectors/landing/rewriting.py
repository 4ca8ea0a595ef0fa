"""Rewriting of landed pages without erased persons: page by page, then the manifest in one step.

A page whose content changes becomes a new file under its number; the manifest names it once it is on disk, and the old
file is removed after that. Killed in between, the next attempt finds either manifest and finishes.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from connectors.landing.durable import TEMPORARY, failed, replace_file, sync_folder, write_durably
from connectors.landing.erased import StreamEraser
from connectors.landing.history import QUARANTINED_PREFIX
from connectors.landing.page_journal import as_line
from connectors.landing.reader import (
    MANIFEST,
    LandedPage,
    ManifestLine,
    Rejected,
    lines_of,
    sealed,
    unsealed,
)
from connectors.landing.writer import Landing, packed

_JSON_LINES = ".jsonl.zst"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewContent:
    """Content of a page without erased persons: its lines, how many records they are, and how many were taken out."""

    lines: Sequence[bytes]
    suffix: str
    records: int
    erased: int


Rewrite = Callable[[LandedPage], NewContent | None]
"""Returns the new content of a page; None where nothing of it changes."""


def rewrite_run(landing: Landing, source: str, stream: str, run_id: str, rewrite: Rewrite, eraser: StreamEraser) -> int:
    """Rewrite the pages of a run of a stream, and the records that were rejected; return how many records changed.

    Files that no manifest line names, and damaged ones that were put aside, are removed: nobody can tell what they
    hold. The caller holds the run lock. Raises `LandingError` naming a page that is damaged, or the disk.
    """
    folder = landing.folder(source, stream, run_id)
    if not (folder / MANIFEST).exists():
        # The manifest was put aside, so that none of the files counts.
        _remove_unnamed(folder, [])
        return 0
    pages = {page.seq: page for page in landing.read_manifest(source, stream, run_id)}
    lines, changed = [], 0
    before = _manifest_lines(folder)
    for line in before:
        page = pages.get(line.seq)
        if page is None:
            # Put aside: no file of it counts.
            lines.append(line)
            continue
        rewritten, count = _with_records(page, line, rewrite)
        rewritten, rejected = _with_rejected(landing, page, rewritten, eraser)
        lines.append(rewritten)
        changed += count + rejected
    if lines != before:
        _replace_manifest(folder, lines)
    _remove_unnamed(folder, [line for line in lines if line.seq in pages])
    return changed


def erased_lines(page: LandedPage, path: Path, eraser: StreamEraser) -> NewContent | None:
    """Return the new content of a page of one record a line; None where nothing of it changes."""
    lines, changed = [], 0
    for line in lines_of(path):
        kept = eraser.kept(line)
        changed += kept != line
        lines.append(as_line(kept))
    if not changed:
        return None
    return NewContent(lines=lines, suffix=_JSON_LINES, records=page.records, erased=changed)


def _manifest_lines(folder: Path) -> list[ManifestLine]:
    return [unsealed(line, ManifestLine) for line in (folder / MANIFEST).read_bytes().split(b"\n")[:-1]]


def _with_records(page: LandedPage, line: ManifestLine, rewrite: Rewrite) -> tuple[ManifestLine, int]:
    content = None if page.path is None else rewrite(page)
    if content is None:
        return line, 0
    path, size, digest = write_durably(page.folder, f"{page.seq:06d}", content.suffix, [*packed(content.lines)])
    rewritten = msgspec.structs.replace(line, file=path.name, records=content.records, bytes=size, sha256=digest)
    return rewritten, content.erased


def _with_rejected(
    landing: Landing, page: LandedPage, line: ManifestLine, eraser: StreamEraser
) -> tuple[ManifestLine, int]:
    rejected = landing.rejected(page)
    kept = eraser.kept_rejected(rejected)
    if kept == rejected:
        return line, 0
    chunks = [*packed([msgspec.json.Encoder().encode_lines(kept)])]
    path, _, digest = write_durably(page.folder, f"{page.seq:06d}-rejected", _JSON_LINES, chunks)
    changed = sum(map(_differs, rejected, kept))
    return msgspec.structs.replace(line, rejected_file=path.name, rejected_sha256=digest), changed


def _differs(one: Rejected, other: Rejected) -> bool:
    return one != other


def _replace_manifest(folder: Path, lines: Sequence[ManifestLine]) -> None:
    path, content = folder / MANIFEST, b"".join(sealed(line) + b"\n" for line in lines)
    try:
        replace_file(path, content)
    except OSError as error:
        raise failed("write", path, len(content), error) from error


def _remove_unnamed(folder: Path, lines: Sequence[ManifestLine]) -> None:
    named = {name for line in lines for name in (line.file, line.rejected_file)}
    try:
        for path in _content_files(folder):
            if path.name not in named:
                path.unlink(missing_ok=True)
        sync_folder(folder)
    except OSError as error:
        raise failed("remove", folder, 0, error) from error


def _content_files(folder: Path) -> Iterator[Path]:
    prefixes = (TEMPORARY, QUARANTINED_PREFIX)
    return (path for path in sorted(folder.iterdir()) if path.name[:6].isdigit() or path.name.startswith(prefixes))
