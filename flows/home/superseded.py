"""Runs that a later one has overtaken: their files are cleared away, and every error they meet comes from that."""

from collections.abc import Iterator
from contextlib import contextmanager

from definitions.errors import AnotherRunActiveError, PublicationUnknownError
from flows.home.folders import Home
from flows.home.run_log import read_run_log


@contextmanager
def later_run_named(home: Home, run_id: str) -> Iterator[None]:
    """Raise `AnotherRunActiveError`, naming the later run, where the block fails after a later run began in this home.

    That run has cleared away spill, states and staging of this one, which can only be told from a full or damaged disk
    by knowing of it. Without a later run the error passes as it is.
    """
    try:
        yield
    except (AnotherRunActiveError, PublicationUnknownError):
        raise
    except Exception:
        later = read_run_log(home).newest_run_id
        if later is None or later <= run_id:
            raise
    else:
        return
    raise AnotherRunActiveError(
        f"Run {later} has cleared away the files of run {run_id}: it began while this one was at work, which had lost "
        f"the run lock. Nothing of run {run_id} was published. Nothing is to be done: run {later} does its work."
    )
