"""Superseded runs: a later run has removed their files, so that their errors are reported as that."""

from collections.abc import Iterator
from contextlib import contextmanager

from definitions.errors import AnotherRunActiveError, PublicationUnknownError
from flows.home.folders import Home
from flows.home.run_log import read_run_log


@contextmanager
def later_run_named(home: Home, run_id: str) -> Iterator[None]:
    """Raise `AnotherRunActiveError`, naming the later run, if the block fails after a later run began in this home.

    That run has removed spill, states and staging of this one; its errors would look like those of a damaged disk.
    Without a later run the error is raised unchanged.
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
