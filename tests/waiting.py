"""Wait for what another process or thread is about to do."""

import os
import time
from collections.abc import Callable


def until(is_so: Callable[[], bool], *, seconds: float = 60, every: float = 0) -> None:
    """Wait for it; give up after a minute, so that what never comes fails instead of hanging.

    Who asks a server looks once in a while: asked without a pause it would have no time to do what is waited for.
    """
    last = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < last, "it never came"
        time.sleep(every) if every else os.sched_yield()
