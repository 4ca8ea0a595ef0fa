"""Final states of flow runs and task runs: our message instead of a library's, and no traceback in the log.

Prefect makes the text of an exception the message of the run's state, logs the traceback and pickles the exception. The
text of a library's exception may hold values of records; ours never does. So flows and tasks return a state: failed
with the message of a typed error, cancelled if another run holds the lock, and for any other exception only its class
and our file and line. A direct call of a flow raises the typed error.
"""

import concurrent.futures
import functools
import logging
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar, cast

from prefect import State, get_run_logger
from prefect.context import FlowRunContext
from prefect.exceptions import TerminationSignal
from prefect.states import Cancelled, Failed

from definitions.errors import AnotherRunActiveError, PipelineError, TimeLimitError
from flows.orchestration.artifacts import keep_advice
from flows.orchestration.unexpected import unexpected
from flows.run.warehouse_access import home_from_environment

P = ParamSpec("P")
T = TypeVar("T")


def task_states(function: Callable[P, T]) -> Callable[P, T]:
    """Decorate a task to return its final state if it fails; `value_of` raises the typed error from it."""

    @functools.wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return function(*args, **kwargs)
        except concurrent.futures.CancelledError:
            return cast(T, Cancelled(message="The run is ending."))
        except Exception as error:
            return cast(T, final_state(typed(error)))

    return run


def flow_states(function: Callable[P, T]) -> Callable[P, T]:
    """Decorate a flow to return its final state if it fails, log the message and store an artifact.

    A direct call of the flow raises the typed error.
    """

    @functools.wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> T:
        for name in ("prefect.flow_runs", "prefect.task_runs"):
            logging.getLogger(name).addFilter(_without_traceback)
        try:
            return function(*args, **kwargs)
        except Exception as error:
            failure = typed(error)
            get_run_logger().error("%s (exit code %d)", message_of(failure), failure.exit_code)
            keep_advice(failure, message_of(failure))
            return cast(T, final_state(failure))

    return run


def value_of(state: State[T]) -> T:
    """Return the result of a task, or raise the typed error that it ended with."""
    return state.result()


def final_state(error: PipelineError) -> State[Any]:
    """Return the final state of a run: cancelled if another run is active, timed out, or failed."""
    message = message_of(error)
    if isinstance(error, AnotherRunActiveError):
        return Cancelled(message=message, data=error)
    name = "TimedOut" if isinstance(error, TimeLimitError) else "Failed"
    return Failed(name=name, message=message, data=error)


def message_of(error: PipelineError) -> str:
    """Return the message of the error with its notes."""
    return " ".join([str(error), *getattr(error, "__notes__", ())])


def typed(error: Exception) -> PipelineError:
    """Convert an exception to a typed error; raise the exception of a signal, because such a run has not failed."""
    if (ended_by := _signal_behind(error)) is not None:
        raise ended_by
    if isinstance(error, PipelineError):
        return error
    raised = unexpected(error, home_from_environment())
    # Prefect prints the causes too, which is acceptable only on the terminal of a direct call.
    if not is_deployed():
        raised.__cause__ = error
    return raised


def is_deployed() -> bool:
    """Return whether this is a run of a deployment, which has a process of its own."""
    context = FlowRunContext.get()
    return context is not None and context.flow_run is not None and context.flow_run.deployment_id is not None


def _without_traceback(record: logging.LogRecord) -> bool:
    """Drop Prefect's log records of a typed error, which repeat its state with traceback and representation."""
    raised = record.exc_info[1] if isinstance(record.exc_info, tuple) else None
    return not (isinstance(raised, PipelineError) or record.getMessage().startswith("Task run failed with state"))


def _signal_behind(error: BaseException) -> BaseException | None:
    """Return the exception of a signal during whose handling this error was raised; null if there was none."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, TerminationSignal | KeyboardInterrupt | SystemExit):
            return cause
        cause = cause.__cause__ or cause.__context__
    return None
