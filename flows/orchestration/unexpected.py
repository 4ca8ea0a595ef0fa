"""Exceptions that nobody raised on purpose: told by kind and place, because their text may hold values of records."""

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
# So little that Prefect's server, PostgreSQL and libraries fail in words of their own.
_AS_GOOD_AS_FULL = 256 * 1024
_FRAMES = 8


@contextmanager
def foreign_errors_named(home: Path) -> Iterator[None]:
    """Raise what is none of ours as `UnexpectedError`, or as `LandingError` where the disk of `home` is full.

    Whoever keeps or prints it, Prefect's database among them, then has no text of a library.
    """
    try:
        yield
    except (PipelineError, CancelledError):
        raise
    except Exception as error:
        raise unexpected(error, home) from None


def unexpected(error: Exception, home: Path) -> PipelineError:
    """Say kind and place of an error, its causes' kinds, and what to do; nothing of its text."""
    if full := no_room(error):
        return disk_error("write", Path(str(full.filename)) if full.filename else home, full, None)
    told = f"{_kinds(error)} at {_places(error)}"
    if (free := _free(home)) is not None and free < _AS_GOOD_AS_FULL:
        return LandingError(
            f"{home}: its disk is full ({readable(free)} free), which ended the run: {told}. Free some room on that "
            "disk, then run again."
        )
    return UnexpectedError(
        f"unexpected {told}. What was published before stands. This is a fault of Bantam or of a library: run again; "
        "if it comes again, report this line. The error's own words are left out: they may hold values of records."
    )


def _kinds(error: BaseException) -> str:
    """The kind of the error and of what caused it, with the operating system's word where it has one."""
    kinds: list[str] = []
    cause: BaseException | None = error
    while cause is not None and len(kinds) < _FRAMES:
        kind = type(cause)
        name = kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
        reason = errno.errorcode.get(cause.errno or 0) if isinstance(cause, OSError) else None
        kinds.append(f"{name} ({reason})" if reason else name)
        cause = cause.__cause__ or (None if cause.__suppress_context__ else cause.__context__)
    return " caused by ".join(kinds)


def _places(error: BaseException) -> str:
    """Where it was raised, and the lines of ours on the way there, innermost first."""
    frames = [(frame.f_globals.get("__name__", "?"), line) for frame, line in walk_tb(error.__traceback__)]
    if not frames:
        return "an unknown place"
    ours = [frame for frame in frames[:-1] if frame[0].split(".")[0] in _ROOMS]
    places = [frames[-1], *reversed(ours[-_FRAMES:])]
    return ", from ".join(f"{module}:{line}" for module, line in places)


def _free(home: Path) -> int | None:
    for folder in (home, *home.parents):
        with suppress(OSError):
            return shutil.disk_usage(folder).free
    return None
