"""Where Prefect keeps what it writes in a process of ours: in the home, closed to others like all of it."""

import os
from pathlib import Path

from flows.home.folders import Home

_THEIR_PROFILES = Path(".prefect", "profiles.toml")
_CLOSED_TO_OTHERS = 0o077


def keep_prefect_in(home: Home) -> None:
    """Have Prefect write into the home, unless PREFECT_HOME says where; to be called before Prefect is imported.

    The profiles of a person, which may name a Prefect server of theirs, are read from where they are.
    """
    if os.environ.get("PREFECT_HOME"):
        return
    # The server that Prefect starts, a process of its own, inherits it and makes its database with it.
    os.umask(_CLOSED_TO_OTHERS)
    os.environ["PREFECT_HOME"] = str(home.part("prefect"))
    profiles = Path.home() / _THEIR_PROFILES
    if os.access(profiles, os.R_OK):
        os.environ.setdefault("PREFECT_PROFILES_PATH", str(profiles))
