"""Interruption: SIGTERM and Ctrl-C end a run at any moment, within ten seconds.

The run works in a thread of its own while the main thread, in which Python handles signals, only waits. So a signal
raises nothing inside the work, where a destructor or a library could swallow it (as weak reference callbacks did with
Prefect's exception), and a long native call delays nothing. `at_interruption` registers what must be done at the end.
"""

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import wraps
from types import FrameType
from typing import Any, ParamSpec, TypeVar

from definitions.errors import TimeLimitError
from definitions.runtime.commit_gate import GATE, CommitState, Publication
from flows.orchestration.work_thread import WorkThread

_P = ParamSpec("_P")
_T = TypeVar("_T")

EXIT_CODES = {signal.SIGINT: 130, signal.SIGTERM: 143}
_WORDS = {signal.SIGINT: "interrupted", signal.SIGTERM: "terminated", None: "ended by its time limit"}
# Time to wait for the response to COMMIT, and for a published run to write its report and the like.
_ANSWER_SECONDS, _FINISH_SECONDS = 60.0, 3.0
# After that: time for the report, for cleaning up, and for all of it, whatever hangs.
_REPORT_SECONDS, _CLEAN_SECONDS, _LAST_SECONDS = 2.0, 4.0, 6.5

_acts: dict[object, Callable[[], object]] = {}
_first_acts: dict[object, Callable[[], object]] = {}
_reporters: list[Callable[[int, str, CommitState], object]] = []
_received: list[int] = []


@contextmanager
def at_interruption(act: Callable[[], object], *, first: bool = False) -> Iterator[None]:
    """Call `act` if a signal ends the process inside the block; the newest act is called first.

    Acts run in a thread of their own, concurrently with the work; their errors are ignored, because the process ends.
    With `first` the act is called before the line on stderr is written: for other output to the terminal.
    """
    acts, key = (_first_acts if first else _acts), object()
    acts[key] = act
    try:
        yield
    finally:
        del acts[key]


@contextmanager
def interruption_reported(report: Callable[[int, str, CommitState], object]) -> Iterator[None]:
    """Call `report` with exit code, message and commit state if a signal ends the process inside the block."""
    _reporters.append(report)
    try:
        yield
    finally:
        _reporters.remove(report)


def run_until_signal(work: Callable[[], _T]) -> _T:
    """Do the work of a command and return its result; SIGTERM or Ctrl-C ends the process with its exit code.

    Call it in the main thread. The signals also end the process after the work, until `ignore_signals`.
    """
    doing, is_begun = WorkThread(work), threading.Event()

    def end(number: int, _frame: FrameType | None) -> None:
        _received.append(number)
        # Not while the thread is being started: starting it holds a lock that the end needs too.
        if is_begun.is_set() and len(_received) == 1:
            _end_process(number, doing)

    earlier = [*_received]
    _received.clear()
    for number in EXIT_CODES:
        signal.signal(number, end)
    # A signal received while modules were imported, where its exception was lost.
    _received.extend(earlier)
    if not _received:
        doing.start()
    is_begun.set()
    if _received:
        _end_process(_received[0], doing)
    doing.wait()
    return doing.result()


def ignore_signals() -> None:
    """Ignore signals from now on, because the process is about to write its last line and end."""
    for number in EXIT_CODES:
        signal.signal(number, signal.SIG_IGN)


def raise_on_signals() -> None:
    """Let both signals raise in the main thread, SIGTERM as `SystemExit`, for commands that do not run a pipeline.

    A signal is recorded too, so that `run_until_signal` handles one whose exception was swallowed.
    """

    def end(number: int, _frame: FrameType | None) -> None:
        _received.append(number)
        if number == signal.SIGINT:
            raise KeyboardInterrupt
        sys.stderr.write(f"{exit_message(number, None)}\n")
        sys.exit(EXIT_CODES[signal.SIGTERM])

    for number in EXIT_CODES:
        signal.signal(number, end)


def interruptible(body: Callable[_P, _T]) -> Callable[_P, _T]:
    """Decorate a flow so that signals, which Prefect or the caller converts to exceptions, end its body.

    In a command, whose main thread already waits, the flow run is only marked as crashed at the end. In a worker, the
    exception is raised only in the main thread, which waits here.
    """

    @wraps(body)
    def guarded(*args: _P.args, **kwargs: _P.kwargs) -> _T:
        if threading.current_thread() is not threading.main_thread():
            with at_interruption(_mark_crashed(_flow_run_id())):
                return body(*args, **kwargs)
        doing = WorkThread(lambda: body(*args, **kwargs))
        doing.start()
        try:
            doing.wait()
        except BaseException as raised:  # a signal or the time limit: nothing else is raised in a thread that waits
            if not _ended_run(_reason_of(raised), doing):
                raise
        return doing.result()

    return guarded


def exit_code_of(number: int | None) -> int:
    """Return the exit code of a process that was ended by a signal, or by its time limit (null)."""
    return TimeLimitError.exit_code if number is None else EXIT_CODES[signal.Signals(number)]


def exit_message(number: int | None, decided: CommitState | None) -> str:
    """Return the message that a signal, or the time limit (null), ended the process, and what is published.

    `decided` is null if no run was started.

    >>> exit_message(signal.SIGTERM, CommitState(Publication.PUBLISHED, "000007"))
    'bantam: terminated after run 000007 was published: its tables stand, and nothing is left to do.'
    """
    word = _WORDS[None if number is None else signal.Signals(number)]
    if decided is None:
        return f"bantam: {word}; what is published stands, the next run goes on from there."
    if decided.publication is Publication.PUBLISHED:
        return f"bantam: {word} after run {decided.run_id} was published: its tables stand, and nothing is left to do."
    if decided.publication is Publication.NOT_SENT:
        return f"bantam: {word}; this run published nothing: what is published stands, the next run goes on from there."
    return (
        f"bantam: {word} while PostgreSQL had not answered the COMMIT of run {decided.run_id}: whether it is published "
        "is not known here. `bantam status` shows it, and the next run goes on from what is true."
    )


def _end_process(number: int, doing: WorkThread[Any]) -> None:
    """End the process: determine what is published, write report and message, clean up, and exit."""
    decided = _decide(number, doing)
    code, line = exit_code_of(number), exit_message(number, decided)
    is_written = threading.Event()
    _arm_last_resort(code, line, is_written)
    _in_time([*_first_acts.values(), lambda: _report(code, line, decided)], _REPORT_SECONDS)
    _write_line(line, is_written)
    # Errors that threads and libraries print from now on are caused by the end itself.
    with suppress(OSError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.__stderr__.fileno() if sys.__stderr__ else 2)
    _in_time([*reversed(_acts.values())], _CLEAN_SECONDS)
    with suppress(OSError, ValueError):
        sys.stdout.flush()
    os._exit(code)


def _reason_of(raised: BaseException) -> int | None:
    """Return the signal behind the exception; null for the time limit of the run."""
    if isinstance(raised, TimeoutError):
        return None
    return signal.SIGINT if isinstance(raised, KeyboardInterrupt) else signal.SIGTERM


def _ended_run(number: int | None, doing: WorkThread[Any]) -> bool:
    """End the run inside a worker's process; return whether it succeeded: it was published and has ended."""
    decided: list[CommitState] = []

    def end() -> None:
        decided.append(_decide(number, doing))
        if decided[0].publication is Publication.PUBLISHED and doing.has_ended(0):
            return
        code, line = exit_code_of(number), exit_message(number, decided[0])
        is_written = threading.Event()
        if number is not None:
            # The time limit has a last resort of its own, which reports to Prefect first.
            _arm_last_resort(code, line, is_written)
        _in_time([lambda: _report(code, line, decided[0])], _REPORT_SECONDS)
        _write_line(line, is_written)
        _in_time([*reversed(_acts.values())], _CLEAN_SECONDS)

    ending = threading.Thread(target=end, name="ending the run", daemon=True)
    ending.start()
    while ending.is_alive():
        # A second signal changes nothing: the first is being handled.
        with suppress(BaseException):
            ending.join()
    return decided[0].publication is Publication.PUBLISHED and doing.has_ended(0)


def _decide(number: int | None, doing: WorkThread[Any]) -> CommitState:
    """Close the commit gate; a published run gets some seconds for its report and the like."""
    if number is not None:
        _received.append(number)
    decided = GATE.close(_ANSWER_SECONDS)
    if decided.publication is Publication.PUBLISHED:
        doing.has_ended(_FINISH_SECONDS)
    return decided


def _report(code: int, line: str, decided: CommitState) -> None:
    for report in _reporters[-1:]:
        report(code, line.removeprefix("bantam: "), decided)


def _in_time(acts: list[Callable[[], object]], seconds: float) -> None:
    """Call the acts one after the other, for at most so many seconds."""

    def do() -> None:
        for act in acts:
            with suppress(Exception):
                act()

    doing = threading.Thread(target=do, daemon=True)
    doing.start()
    doing.join(seconds)


def _write_line(line: str, is_written: threading.Event) -> None:
    if not is_written.is_set():
        is_written.set()
        # Not through `sys.stderr`: the work may hold its lock.
        with suppress(OSError):
            os.write(2, f"{line}\n".encode())


def _arm_last_resort(code: int, line: str, is_written: threading.Event) -> None:
    """End the process after some seconds, whatever hangs; PostgreSQL rolls back an open transaction."""

    def leave() -> None:
        _write_line(line, is_written)
        os._exit(code)

    last = threading.Timer(_LAST_SECONDS, leave)
    last.daemon = True
    last.start()


def _flow_run_id() -> Any:
    from prefect.runtime import flow_run  # noqa: PLC0415 - only flows need it, and it is slow

    return flow_run.get_id()


def _mark_crashed(flow_run_id: Any) -> Callable[[], None]:
    """Return the act that marks the flow run as crashed, because its own engine will not be able to."""
    from prefect.client.orchestration import get_client  # noqa: PLC0415
    from prefect.settings import PREFECT_API_URL  # noqa: PLC0415
    from prefect.states import Crashed  # noqa: PLC0415

    def mark() -> None:
        if flow_run_id is not None and PREFECT_API_URL.value():
            with get_client(sync_client=True, httpx_settings={"timeout": 2.0}) as client:
                client.set_flow_run_state(flow_run_id, Crashed(message="Ended by a signal."), force=True)

    return mark
