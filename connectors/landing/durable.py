"""Durable writes that survive a power cut: temporary file, fsync, rename, fsync of the folder."""

import hashlib
import os
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path

from definitions.errors import LandingError
from definitions.runtime.crash_points import crash_point
from definitions.runtime.disk_space import disk_error

FOLDER_MODE = 0o700
FILE_MODE = 0o600
TEMPORARY = ".writing-"


def failed(action: str, path: Path, size: int, error: OSError) -> LandingError:
    """Describe a failed write: path, free space of its disk, bytes needed (0: unknown) and what to do."""
    return disk_error(f"{action} what was fetched", path, error, size or None)


def make_folder(folder: Path) -> None:
    """Create `folder` and its missing parents durably, readable by the owner only.

    Raises `LandingError` naming it.
    """
    try:
        missing = [step for step in (folder, *folder.parents) if not step.exists()]
        for step in reversed(missing):
            step.mkdir(mode=FOLDER_MODE, exist_ok=True)
            sync_folder(step.parent)
    except OSError as error:
        raise disk_error("create the folder", folder, error, None) from error


def sync_folder(folder: Path) -> None:
    """Make renames and removals in `folder` durable."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def write_durably(folder: Path, prefix: str, suffix: str, chunks: Iterable[bytes]) -> tuple[Path, int, str]:
    """Write `chunks` to `<prefix>-<sha256, first 16 hex><suffix>` in `folder`; return path, bytes, whole sha256.

    The name exists only when every byte is on disk. Raises `LandingError` naming path and bytes when that fails.
    """
    temporary = folder / f"{TEMPORARY}{prefix}{suffix}"
    digest, size = hashlib.sha256(), 0
    try:
        with open(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, FILE_MODE), "wb") as file:  # noqa: PTH123 - opened by descriptor, for the mode
            for chunk in chunks:
                size += len(chunk)
                digest.update(chunk)
                file.write(chunk)
            file.flush()
            crash_point("land.after_temp_write")
            os.fsync(file.fileno())
        crash_point("land.after_fsync")
        path = folder / f"{prefix}-{digest.hexdigest()[:16]}{suffix}"
        temporary.rename(path)
        sync_folder(folder)
    except OSError as error:
        # A generator does not tell its whole size: only the bytes so far.
        needed = sum(map(len, chunks)) if isinstance(chunks, Sequence) else size
        # Before the error is built, so that its space counts as free.
        _remove(temporary)
        raise failed("write", temporary, needed, error) from error
    finally:
        _remove(temporary)
    crash_point("land.after_rename")
    return path, size, digest.hexdigest()


def replace_file(path: Path, content: bytes) -> None:
    """Replace a small file durably, readable by the owner only: it holds the old content or the new, never a part.

    Raises `OSError`; a partly written temporary file is overwritten by the next attempt.
    """
    temporary = path.with_name(f"{TEMPORARY}{path.name}")
    with open(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, FILE_MODE), "wb") as file:  # noqa: PTH123 - opened by descriptor, for the mode
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    temporary.rename(path)
    sync_folder(path.parent)


def _remove(temporary: Path) -> None:
    """Remove a partly written file; where that fails too, the next run removes it."""
    with suppress(OSError):
        temporary.unlink(missing_ok=True)


def append_line(path: Path, line: bytes) -> None:
    """Append one line durably and atomically; a line torn by an earlier crash is truncated first.

    Raises `LandingError` naming path and bytes.
    """
    try:
        handle = os.open(path, os.O_RDWR | os.O_CREAT, FILE_MODE)
        try:
            _append(handle, line + b"\n")
        finally:
            # Some file systems report only here that a write did not reach the disk.
            os.close(handle)
    except OSError as error:
        raise failed("append", path, len(line) + 1, error) from error


def _append(handle: int, line: bytes) -> None:
    start = _end_of_last_line(handle)
    try:
        os.ftruncate(handle, start)
        _write_all(handle, line, start)
        os.fsync(handle)
    except OSError:
        # A line that stays torn has no end, and is truncated before the next append.
        with suppress(OSError):
            os.ftruncate(handle, start)
        raise


def _end_of_last_line(handle: int) -> int:
    end = os.fstat(handle).st_size
    while end:
        start = max(0, end - 65536)
        found = os.pread(handle, end - start, start).rfind(b"\n")
        if found >= 0:
            return start + found + 1
        end = start
    return 0


def _write_all(handle: int, content: bytes, offset: int) -> None:
    while content:
        written = os.pwrite(handle, content, offset)
        content, offset = content[written:], offset + written
