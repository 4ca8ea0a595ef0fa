"""Time limit of a deployed run: an orderly end at the limit, and the end of the process a minute later.

Prefect's `timeout_seconds` belongs to a flow, not to a deployment. It raises once in the main thread, and the process
then still waits for every thread that hangs. So the limit is a parameter of the deployment: at the limit the same
exception is raised, and after the grace period the process is ended like by SIGKILL, which is safe at any moment.
"""

import functools
import inspect
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import ParamSpec, TypeVar
from uuid import UUID

from prefect import get_client
from prefect.context import FlowRunContext
from prefect.exceptions import TerminationSignal
from prefect.utilities.timeout import timeout

from definitions.errors import TimeLimitError
from flows.orchestration.run_states import final_state, is_deployed

P = ParamSpec("P")
T = TypeVar("T")

_GRACE_SECONDS = 60
# Seconds to wait for Prefect's server to store the last state before the process ends anyway.
_REPORT_SECONDS = 10


@contextmanager
def time_limit(
    minutes: float | None, *, grace_seconds: float = _GRACE_SECONDS, owns_process: bool | None = None
) -> Iterator[None]:
    """Raise `TimeLimitError` if the block takes longer than so many minutes; null: no limit.

    If a thread of a deployed run does not end within the grace period, the process is ended with exit code 124 and the
    run is marked as timed out. A process that the run does not own is never ended (`owns_process`).
    """
    if minutes is None:
        yield
        return
    error = TimeLimitError(
        f"The run was at work for longer than its time limit of {minutes:g} minute{'' if minutes == 1 else 's'} and "
        "was ended. What was published before stands."
    )
    last_resort = threading.Timer(minutes * 60 + grace_seconds, _end_process, [_flow_run_id(), error])
    last_resort.daemon = True
    if is_deployed() if owns_process is None else owns_process:
        last_resort.start()
    deadline = time.monotonic() + minutes * 60
    try:
        with timeout(minutes * 60):
            yield
    except (TerminationSignal, KeyboardInterrupt):
        raise
    except BaseException:
        # An error raised while the run is being ended is a consequence of the limit.
        if time.monotonic() < deadline:
            raise
        raise error from None
    finally:
        # After the limit it stays armed: hanging threads keep the process from ending.
        if time.monotonic() < deadline:
            last_resort.cancel()


def time_limited(body: Callable[P, T]) -> Callable[P, T]:
    """Decorate a flow with the time limit in its parameter `time_limit_minutes`; null: no limit."""

    @functools.wraps(body)
    def limited(*args: P.args, **kwargs: P.kwargs) -> T:
        minutes = inspect.signature(body).bind(*args, **kwargs).arguments.get("time_limit_minutes")
        with time_limit(minutes):
            return body(*args, **kwargs)

    return limited


def _flow_run_id() -> UUID | None:
    context = FlowRunContext.get()
    return context.flow_run.id if context is not None and context.flow_run is not None else None


def _end_process(flow_run_id: UUID | None, error: TimeLimitError) -> None:
    if flow_run_id is not None:
        reporter = threading.Thread(target=_report, args=[flow_run_id, error], daemon=True)
        reporter.start()
        reporter.join(_REPORT_SECONDS)
    os._exit(error.exit_code)


def _report(flow_run_id: UUID, error: TimeLimitError) -> None:
    # The server refuses a new state for a run that already has a final one.
    with get_client(sync_client=True) as client:
        client.set_flow_run_state(flow_run_id, final_state(error))
