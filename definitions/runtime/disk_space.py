"""Disk errors: the path, the free space of its disk, and what the write needed."""

import errno
import os
import re
import shutil
from pathlib import Path

from definitions.errors import LandingError

_KIB = 1024
_UNITS = ("KiB", "MiB", "GiB", "TiB")
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
_NO_ROOM = _FULL | {errno.EFBIG}
# Polars and Arrow raise their own exceptions, with the system's error number at the end of their text.
_NUMBER = re.compile(r"(?:\(os error |\[errno )(\d+)[)\]]")


def disk_error(action: str, path: Path, error: OSError, needed: int | None) -> LandingError:
    """Describe a write that failed: path, reason, free and needed bytes, and what to do.

    `action` is the verb phrase after "cannot" ("write the run report"). `needed` is in bytes; None if unknown.
    """
    reason = error.strerror or type(error).__name__
    facts = [fact for fact in (_free(path), None if needed is None else f"{readable(needed)} needed") if fact]
    room = f"; {', '.join(facts)}" if facts else ""
    return LandingError(f"{path}: cannot {action} ({reason}{room}). {_next_step(error)}")


def no_room(error: BaseException) -> OSError | None:
    """Return the operating system's error if the exception means that a disk, a quota or a file has no room left.

    >>> no_room(RuntimeError("parquet: No space left on device (os error 28)"))
    OSError(28, 'No space left on device')
    """
    if isinstance(error, OSError) and error.errno in _NO_ROOM:
        return error
    number = int(found[1]) if (found := _NUMBER.search(str(error))) else None
    return OSError(number, os.strerror(number)) if number in _NO_ROOM else None


def readable(size: int) -> str:
    """Format a number of bytes for people.

    >>> readable(512), readable(1536), readable(3 * 1024**3)
    ('512 bytes', '1.5 KiB', '3.0 GiB')
    """
    if size < _KIB:
        return f"{size:,} bytes"
    value = float(size)
    for unit in _UNITS:
        value /= _KIB
        if value < _KIB:
            return f"{value:.1f} {unit}"
    return f"{value:,.1f} {_UNITS[-1]}"


def _free(path: Path) -> str | None:
    """Return the free space of the disk of `path` or its nearest existing parent; None if it cannot be read."""
    for folder in (path, *path.parents):
        try:
            free = shutil.disk_usage(folder).free
        except OSError:
            continue
        return f"{readable(free)} free"
    return None


def _next_step(error: OSError) -> str:
    if error.errno in _FULL:
        return "Free some room on that disk, then run again."
    if error.errno == errno.EFBIG:
        return "Raise the limit of file size (ulimit -f), then run again."
    if error.errno == errno.EROFS:
        return "That disk is mounted read-only: mount it for writing, then run again."
    if isinstance(error, PermissionError):
        return "Run as the account that owns the folder, or give this one the right to write there, then run again."
    return "Mend the path or the disk, then run again."
