"""Unexpected exceptions: reported by class and location only, because their text may hold values of records."""

import errno
import shutil
from collections.abc import Iterator
from concurrent.futures import CancelledError
from contextlib import contextmanager, suppress
from pathlib import Path
from traceback import walk_tb

from definitions.errors import LandingError, PipelineError, UnexpectedError
from definitions.runtime.disk_space import disk_error, no_room, readable

_ROOMS = ("connectors", "definitions", "expectations", "flows", "transforms", "warehouse")
# With less free space, Prefect's server, PostgreSQL and libraries fail with errors of their own.
_MIN_FREE_BYTES = 256 * 1024
_FRAMES = 8


@contextmanager
def foreign_errors_named(home: Path) -> Iterator[None]:
    """Raise foreign exceptions as `UnexpectedError`, or as `LandingError` if the disk of `home` is full.

    So logs and Prefect's database never contain the text of a library's exception.
    """
    try:
        yield
    except (PipelineError, CancelledError):
        raise
    except Exception as error:
        raise unexpected(error, home) from None


def unexpected(error: Exception, home: Path) -> PipelineError:
    """Return a typed error with class and location of the error, the classes of its causes, and what to do."""
    if full := no_room(error):
        return disk_error("write", Path(str(full.filename)) if full.filename else home, full, None)
    fault = f"{_kinds(error)} at {_locations(error)}"
    if (free := _free(home)) is not None and free < _MIN_FREE_BYTES:
        return LandingError(
            f"{home}: its disk is full ({readable(free)} free), which ended the run: {fault}. Free some room on that "
            "disk, then run again."
        )
    return UnexpectedError(
        f"unexpected {fault}. What was published before stands. This is a fault of Bantam or of a library: run again; "
        "if it comes again, report this line. The error's own words are left out: they may hold values of records."
    )


def _kinds(error: BaseException) -> str:
    """Return the classes of the error and its causes, with the errno symbol of an operating system error."""
    kinds: list[str] = []
    cause: BaseException | None = error
    while cause is not None and len(kinds) < _FRAMES:
        kind = type(cause)
        name = kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
        reason = errno.errorcode.get(cause.errno or 0) if isinstance(cause, OSError) else None
        kinds.append(f"{name} ({reason})" if reason else name)
        cause = cause.__cause__ or (None if cause.__suppress_context__ else cause.__context__)
    return " caused by ".join(kinds)


def _locations(error: BaseException) -> str:
    """Return the line that raised it and our lines on the stack, innermost first."""
    frames = [(frame.f_globals.get("__name__", "?"), line) for frame, line in walk_tb(error.__traceback__)]
    if not frames:
        return "an unknown place"
    own_frames = [frame for frame in frames[:-1] if frame[0].split(".")[0] in _ROOMS]
    reported = [frames[-1], *reversed(own_frames[-_FRAMES:])]
    return ", from ".join(f"{module}:{line}" for module, line in reported)


def _free(home: Path) -> int | None:
    for folder in (home, *home.parents):
        with suppress(OSError):
            return shutil.disk_usage(folder).free
    return None
