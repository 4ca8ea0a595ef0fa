"""Crash points: named points at which a test may kill the process, to prove that a crash there loses nothing.

Nothing is armed unless flows arm it: the name never comes from a source, a page or a setting of production.
"""

import os
import signal

from definitions.errors import ConfigurationError

CRASH_POINTS = frozenset(
    {
        "fetch.after_response",
        "land.after_keep",
        "land.after_temp_write",
        "land.after_fsync",
        "land.after_rename",
        "state.before_save",
        "state.after_save",
        "transform.mid",
        "stage.after_load",
        "audit.after_pass",
        "publish.before_commit",
        "publish.after_commit",
        "alert.before_send",
        "alert.after_send",
    }
)

_armed: set[str] = set()


def arm(name: str | None) -> None:
    """Kill this process at the crash point `name` from now on; None disarms all.

    Raises `ConfigurationError` when no such point exists: a test that kills nothing would prove nothing.
    """
    if name is not None and name not in CRASH_POINTS:
        raise ConfigurationError(f"no crash point {name!r}; there are: {', '.join(sorted(CRASH_POINTS))}")
    _armed.clear()
    if name is not None:
        _armed.add(name)


def crash_point(name: str) -> None:
    """Kill the process at once, without any clean-up, if `name` is armed."""
    if name in _armed:
        os.kill(os.getpid(), signal.SIGKILL)
