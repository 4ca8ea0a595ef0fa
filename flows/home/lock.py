"""Home lock: one run at a time in a home, by a file lock that the kernel releases when the process ends."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager

from definitions.errors import AnotherRunActiveError
from definitions.runtime.folder_owner import unusable
from flows.home.folders import Home

_LOCK = "run.lock"


@contextmanager
def home_lock(home: Home) -> Iterator[None]:
    """Hold the lock of the home for a run. Raises `AnotherRunActiveError` at once if another process holds it.

    The lock of the warehouse is not enough: runs of two warehouses in one home would remove each other's files.
    """
    handle = _open_lock_file(home)
    try:
        _take(handle, home)
        yield
    finally:
        os.close(handle)


def check_home_free(home: Home) -> None:
    """Raise `AnotherRunActiveError` if a run is active in the home; the lock is not held afterwards."""
    try:
        is_used = (home.root / _LOCK).exists()
    except OSError as error:
        raise unusable(home.root, error) from None
    if is_used:
        with home_lock(home):
            pass


def _open_lock_file(home: Home) -> int:
    path = home.made() / _LOCK
    try:
        return os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise unusable(path, error) from None


def _take(handle: int, home: Home) -> None:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise AnotherRunActiveError(
            f"Another run is at work in {home.root}. It frees it when it ends; run again then."
        ) from None
