"""Wait for what another process or thread is about to do."""

import os
import time
from collections.abc import Callable


def until(is_so: Callable[[], bool], *, seconds: float = 60) -> None:
    """Wait for it; give up after a minute, so that what never comes fails instead of hanging."""
    last = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < last, "it never came"
        os.sched_yield()
