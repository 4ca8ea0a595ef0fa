"""Signals: how SIGTERM and Ctrl-C end a run, at any moment, within ten seconds.

The run is done in a thread of its own while the main thread, where Python handles signals, only waits. So a signal
raises nothing inside the work, where a destructor or a library could swallow it (Prefect's exception was, in weak
reference callbacks), and a long native call delays nothing. What the end has to do is registered by `at_interruption`.
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
# So long the answer to COMMIT is waited for, and a run that is published may write its report and the like.
_ANSWER_SECONDS, _FINISH_SECONDS = 60.0, 3.0
# From then on: for the report, for what is cleaned up, and for all of it, whatever hangs.
_REPORT_SECONDS, _CLEAN_SECONDS, _LAST_SECONDS = 2.0, 4.0, 6.5

_acts: dict[object, Callable[[], object]] = {}
_first_acts: dict[object, Callable[[], object]] = {}
_reporters: list[Callable[[int, str, CommitState], object]] = []
_seen: list[int] = []


@contextmanager
def at_interruption(act: Callable[[], object], *, first: bool = False) -> Iterator[None]:
    """Have `act` done when a signal ends the process inside the block; the newest act is done first.

    Acts run in a thread of their own, beside the work, and what they raise is dropped: the process ends anyway. With
    `first` the act is done before the line on stderr is written, as for what else writes to the terminal.
    """
    acts, key = (_first_acts if first else _acts), object()
    acts[key] = act
    try:
        yield
    finally:
        del acts[key]


@contextmanager
def interruption_reported(report: Callable[[int, str, CommitState], object]) -> Iterator[None]:
    """Have `report` called with exit code, words and publication when a signal ends the process inside the block."""
    _reporters.append(report)
    try:
        yield
    finally:
        _reporters.remove(report)


def until_signalled(work: Callable[[], _T]) -> _T:
    """Do the work of a command and give its result; SIGTERM or Ctrl-C ends the process meanwhile, with its exit code.

    To be called in the main thread. The signals go on ending the process after the work, until `too_late`.
    """
    doing, is_begun = WorkThread(work), threading.Event()

    def end(number: int, _frame: FrameType | None) -> None:
        _seen.append(number)
        # Not while the thread is being started: that holds a lock which the end needs too.
        if is_begun.is_set() and len(_seen) == 1:
            _end_process(number, doing)

    earlier = [*_seen]
    _seen.clear()
    for number in EXIT_CODES:
        signal.signal(number, end)
    # It came while modules were imported, and its exception was lost there.
    _seen.extend(earlier)
    if not _seen:
        doing.start()
    is_begun.set()
    if _seen:
        _end_process(_seen[0], doing)
    doing.wait()
    return doing.result()


def too_late() -> None:
    """Ignore signals from now on: the last line is about to be written and the process about to end."""
    for number in EXIT_CODES:
        signal.signal(number, signal.SIG_IGN)


def raise_on_signals() -> None:
    """Have both signals raise in the main thread, SIGTERM as `SystemExit`, for commands that do not run a pipeline.

    That one came is noted too, so that `until_signalled` knows of one whose exception was swallowed.
    """

    def end(number: int, _frame: FrameType | None) -> None:
        _seen.append(number)
        if number == signal.SIGINT:
            raise KeyboardInterrupt
        sys.stderr.write(f"{line_of(number, None)}\n")
        sys.exit(EXIT_CODES[signal.SIGTERM])

    for number in EXIT_CODES:
        signal.signal(number, end)


def interruptible(body: Callable[_P, _T]) -> Callable[_P, _T]:
    """Let the body of a flow be ended by the signals that Prefect, or whoever runs the flow, turns into exceptions.

    In a command, whose main thread waits already, the flow run is only marked as crashed at the end. Where a worker
    runs the flow, its exception is raised in the main thread, which waits here, and nowhere else.
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
    """Return the exit code of a process that a signal ended; null: its time limit did."""
    return TimeLimitError.exit_code if number is None else EXIT_CODES[signal.Signals(number)]


def line_of(number: int | None, decided: CommitState | None) -> str:
    """Say that a signal, or the time limit (null), ended the process, and what is published.

    `decided` is null where nothing was run.

    >>> line_of(signal.SIGTERM, CommitState(Publication.PUBLISHED, "000007"))
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
    """End the process: decide what is published, write the report and the line, clean up, and leave."""
    decided = _decide(number, doing)
    code, line = exit_code_of(number), line_of(number, decided)
    said = threading.Event()
    _arm_last_resort(code, line, said)
    _in_time([*_first_acts.values(), lambda: _report(code, line, decided)], _REPORT_SECONDS)
    _say(line, said)
    # Whatever threads and libraries complain of from now on is of the end itself.
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
    """End the run inside a worker's process; whether it was published and has ended, so that it is a success."""
    decided: list[CommitState] = []

    def end() -> None:
        decided.append(_decide(number, doing))
        if decided[0].publication is Publication.PUBLISHED and doing.has_ended(0):
            return
        code, line = exit_code_of(number), line_of(number, decided[0])
        said = threading.Event()
        if number is not None:
            # The time limit has a last resort of its own, which tells Prefect first.
            _arm_last_resort(code, line, said)
        _in_time([lambda: _report(code, line, decided[0])], _REPORT_SECONDS)
        _say(line, said)
        _in_time([*reversed(_acts.values())], _CLEAN_SECONDS)

    ending = threading.Thread(target=end, name="ending the run", daemon=True)
    ending.start()
    while ending.is_alive():
        # A second signal changes nothing: the first is being obeyed.
        with suppress(BaseException):
            ending.join()
    return decided[0].publication is Publication.PUBLISHED and doing.has_ended(0)


def _decide(number: int | None, doing: WorkThread[Any]) -> CommitState:
    """Close the gate; a run that is published has some seconds for its report and the like."""
    if number is not None:
        _seen.append(number)
    decided = GATE.close(_ANSWER_SECONDS)
    if decided.publication is Publication.PUBLISHED:
        doing.has_ended(_FINISH_SECONDS)
    return decided


def _report(code: int, line: str, decided: CommitState) -> None:
    for report in _reporters[-1:]:
        report(code, line.removeprefix("bantam: "), decided)


def _in_time(acts: list[Callable[[], object]], seconds: float) -> None:
    """Do the acts one after the other, as far as they come in so many seconds."""

    def do() -> None:
        for act in acts:
            with suppress(Exception):
                act()

    doing = threading.Thread(target=do, daemon=True)
    doing.start()
    doing.join(seconds)


def _say(line: str, said: threading.Event) -> None:
    if not said.is_set():
        said.set()
        # Not through `sys.stderr`: the work may hold its lock.
        with suppress(OSError):
            os.write(2, f"{line}\n".encode())


def _arm_last_resort(code: int, line: str, said: threading.Event) -> None:
    """End the process some seconds from now, whatever hangs; PostgreSQL rolls back what has not committed."""

    def leave() -> None:
        _say(line, said)
        os._exit(code)

    last = threading.Timer(_LAST_SECONDS, leave)
    last.daemon = True
    last.start()


def _flow_run_id() -> Any:
    from prefect.runtime import flow_run  # noqa: PLC0415 - only flows need it, and it is slow

    return flow_run.get_id()


def _mark_crashed(flow_run_id: Any) -> Callable[[], None]:
    """Make the act that tells Prefect's server of the end: the flow's own engine will not come to it."""
    from prefect.client.orchestration import get_client  # noqa: PLC0415
    from prefect.settings import PREFECT_API_URL  # noqa: PLC0415
    from prefect.states import Crashed  # noqa: PLC0415

    def mark() -> None:
        if flow_run_id is not None and PREFECT_API_URL.value():
            with get_client(sync_client=True, httpx_settings={"timeout": 2.0}) as client:
                client.set_flow_run_state(flow_run_id, Crashed(message="Ended by a signal."), force=True)

    return mark
