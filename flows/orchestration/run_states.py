"""Final states of flow runs and task runs: our message instead of a library's, and no traceback in the log.

Prefect makes the text of an exception the message of the run's state, logs the traceback and pickles the exception. The
text of a foreign exception may hold values of records; ours is written for people and names none. So flows and tasks
return a state: failed with the message of a typed error, cancelled where another run holds the lock, and for a foreign
exception its class and our file and line only. Who calls a flow directly gets the typed error raised.
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
from flows.run.warehouse_access import home_here

P = ParamSpec("P")
T = TypeVar("T")


def task_states(function: Callable[P, T]) -> Callable[P, T]:
    """Let the function of a task return its final state where it fails; `value_of` raises the typed error from it."""

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
    """Let the function of a flow return its final state where it fails, log the message and keep an artifact.

    The flow raises the typed error in whoever called it directly.
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
    """Return what a task returned, or raise the typed error that it ended with."""
    return state.result()


def final_state(error: PipelineError) -> State[Any]:
    """Return the state a run ends in: cancelled behind another run, timed out, else failed."""
    message = message_of(error)
    if isinstance(error, AnotherRunActiveError):
        return Cancelled(message=message, data=error)
    name = "TimedOut" if isinstance(error, TimeLimitError) else "Failed"
    return Failed(name=name, message=message, data=error)


def message_of(error: PipelineError) -> str:
    """Return the message with the notes that were added on the way."""
    return " ".join([str(error), *getattr(error, "__notes__", ())])


def typed(error: Exception) -> PipelineError:
    """Return the typed error to end with; raise what a signal started, because such a run has not failed."""
    if (ended_by := _signal_behind(error)) is not None:
        raise ended_by
    if isinstance(error, PipelineError):
        return error
    raised = unexpected(error, home_here())
    # Prefect prints the causes too. Who called the flow on a terminal may have them printed.
    if not is_deployed():
        raised.__cause__ = error
    return raised


def is_deployed() -> bool:
    """Whether this is a run of a deployment, which has a process of its own."""
    context = FlowRunContext.get()
    return context is not None and context.flow_run is not None and context.flow_run.deployment_id is not None


def _without_traceback(record: logging.LogRecord) -> bool:
    """Drop what Prefect logs of a typed error beside its state: the traceback and the representation."""
    raised = record.exc_info[1] if isinstance(record.exc_info, tuple) else None
    return not (isinstance(raised, PipelineError) or record.getMessage().startswith("Task run failed with state"))


def _signal_behind(error: BaseException) -> BaseException | None:
    """Return the signal while whose handling this error was raised, if there was one."""
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, TerminationSignal | KeyboardInterrupt | SystemExit):
            return seen
        seen = seen.__cause__ or seen.__context__
    return None
