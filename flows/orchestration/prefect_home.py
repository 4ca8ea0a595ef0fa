"""Prefect's home folder: inside our home, not accessible to other users."""

import os
from pathlib import Path

from flows.home.folders import Home

_USER_PROFILES = Path(".prefect", "profiles.toml")
_OWNER_ONLY = 0o077


def keep_prefect_in(home: Home) -> None:
    """Set PREFECT_HOME to a folder in the home unless it is set; call it before Prefect is imported.

    Prefect profiles of the user, which may name a server, are still read from their own folder.
    """
    if os.environ.get("PREFECT_HOME"):
        return
    # The server process inherits the umask and creates its database with it.
    os.umask(_OWNER_ONLY)
    os.environ["PREFECT_HOME"] = str(home.part("prefect"))
    profiles = Path.home() / _USER_PROFILES
    if os.access(profiles, os.R_OK):
        os.environ.setdefault("PREFECT_PROFILES_PATH", str(profiles))
