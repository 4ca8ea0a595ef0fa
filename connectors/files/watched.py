"""Files that the path of a stream names: one, or the exports in a folder; and how fresh each is."""

import hashlib
import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from definitions.errors import FileUnreadableError
from definitions.mapping.file_stream import FileStream

_GLOB = re.compile(r"[*?\[]")
_DAY = re.compile(r"(?<![0-9])([0-9]{4})([-_.]?)([0-9]{2})\2([0-9]{2})(?![0-9])")
# Names that programs give to a file which they still write or hold open.
_UNFINISHED = re.compile(r"^[.~]|\.(part|partial|tmp|crdownload)$", re.IGNORECASE)


def is_watched(stream: FileStream, folder: Path) -> bool:
    """Whether the path of a stream names a folder of exports, by itself or as a pattern such as `deals-*.csv`."""
    path = folder / stream.path
    return path.is_dir() or (_GLOB.search(stream.path) is not None and not path.is_file())


def files_of(stream: FileStream, folder: Path) -> list[Path]:
    """Return the files that the path of a stream names, sorted by name; none of a folder that is empty.

    Hidden files and those that a program still writes (`.part`, `~$deals.xlsx`) are left out of a folder.
    """
    if not is_watched(stream, folder):
        return [folder / stream.path]
    path = folder / stream.path
    found = path.iterdir() if path.is_dir() else folder.glob(stream.path)
    return sorted(file for file in found if file.is_file() and not _UNFINISHED.search(file.name))


def is_there(stream: FileStream, folder: Path) -> bool:
    """Whether the file of a stream exists, or the folder that its exports come to."""
    path = folder / stream.path
    return path.exists() or (is_watched(stream, folder) and path.parent.is_dir())


def sha256_of(file: Path) -> str:
    """Compute the SHA-256 of a file's bytes; raises `OSError`."""
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def fresh_until(file: Path, stream: FileStream, where: str, now: datetime) -> datetime:
    """Return up to when a file is known to tell what is (UTC), at most `now`: when it was changed last, or its day.

    With `dated: name` it is the end of the day in the file's name. Raises `FileUnreadableError`: no such day there, or
    no such file.
    """
    if stream.dated == "name":
        return min(_end_of(_day_in(file.name, where)), now)
    try:
        changed = file.stat().st_mtime
    except OSError:
        raise FileUnreadableError(
            f"{where}: there is no such file ({file}). Put it there, or correct `path`."
        ) from None
    return min(datetime.fromtimestamp(changed, UTC), now)


def _day_in(name: str, where: str) -> date:
    for year, _, month, day in _DAY.findall(name):
        try:
            return date(int(year), int(month), int(day))
        except ValueError:
            continue
    raise FileUnreadableError(
        f"{where}: its name holds no day such as 2026-11-28. Name it so, or leave out `dated: name`."
    )


def _end_of(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(days=1)
