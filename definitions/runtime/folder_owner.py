"""Owner of a folder: a home that belongs to another account is refused with a one-line error that says what to do."""

import os
import pwd
from pathlib import Path

from definitions.errors import ConfigurationError, LandingError
from definitions.runtime.disk_space import disk_error, no_room

_HOME = "BANTAM_HOME names the folder of all local state: one that may be written to, or none yet."


def check_is_ours(path: Path) -> None:
    """Raise `ConfigurationError` if the path belongs to another account; a path that does not exist passes.

    Root is refused too: the owner of the home could not read files that root writes there.
    """
    try:
        owner = path.lstat().st_uid
    except FileNotFoundError:
        return
    except OSError as error:
        raise unusable(path, error) from None
    if owner != os.geteuid():
        raise belongs_to(path, owner)


def unusable(path: Path, error: OSError) -> ConfigurationError | LandingError:
    """Build a one-line error for a folder or file of the home that cannot be used: disk full, owner, system error."""
    if no_room(error):
        return disk_error("write it", path, error, None)
    reason, us = error.strerror or type(error).__name__, account_name(os.geteuid())
    nearest, owner = _nearest(path)
    if owner == os.geteuid() or not isinstance(error, PermissionError):
        return ConfigurationError(f"{path}: cannot be made or used ({reason}). {_HOME}")
    if nearest == path:
        return belongs_to(path, owner)
    return ConfigurationError(
        f"{path}: cannot be made or used ({reason}): {nearest} belongs to {account_name(owner)}, and this is {us}. Set "
        f"BANTAM_HOME to a folder of {us}'s own."
    )


def belongs_to(path: Path, owner: int) -> ConfigurationError:
    """Build the error for a path of another account: its owner, this account, and what to do."""
    them, us = account_name(owner), account_name(os.geteuid())
    return ConfigurationError(
        f"{path} belongs to {them}, and this is {us}. Run as {them}, or set BANTAM_HOME to a folder of {us}'s own; an "
        f"administrator can hand the home over: `chown -R {us}` on all of it."
    )


def account_name(uid: int) -> str:
    """Return the name of an account; its number where it has no name, as in many containers."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"account {uid}"


def _nearest(path: Path) -> tuple[Path, int]:
    """Return the path, or its nearest readable parent, and the owner's uid."""
    for candidate in (path, *path.parents):
        try:
            return candidate, candidate.lstat().st_uid
        except OSError:
            continue
    return path, os.geteuid()
