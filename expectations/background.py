"""Background audit: runs in a thread beside its caller, with a time limit.

The caller merges the tables meanwhile: for 300,000 people both take 10 s instead of 12.5 s.
"""

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, InvalidStateError
from contextlib import contextmanager

import psycopg
from sqlalchemy.engine import URL

from definitions.errors import AuditRefusedError
from definitions.foreign_errors import kind_and_location
from definitions.runtime.socket_abort import SocketAbort
from expectations.audit import audit
from expectations.check import Suite
from expectations.declared import DeclaredExpectation
from expectations.report import ValidationResults
from expectations.validate import import_great_expectations

# How long an interrupted run waits for its audit to end.
_END_SECONDS = 3.0


class _AtLimitError(AuditRefusedError):
    def __init__(self, run_id: str, seconds: float) -> None:
        super().__init__(
            f"the audit of run {run_id} did not end within {seconds / 60:g} minutes (audit_minutes in bantam.yaml); "
            "the published tables stay as they were. Look in pg_stat_activity at what the sessions of bantam wait for, "
            "or raise audit_minutes; run again."
        )


class _Connections:
    """Open connections of one audit; another thread can shut all of them down, which ends every wait on them."""

    def __init__(self, run_id: str) -> None:
        self._run_id = run_id
        self._open: list[SocketAbort] = []
        self._is_over = False
        self._changing = threading.Lock()

    def watch(self, connection: psycopg.Connection) -> None:
        with self._changing:
            if self._is_over:
                raise AuditRefusedError(f"the audit of run {self._run_id} was ended.")
            self._open.append(SocketAbort(connection.fileno()))

    def shut_down(self) -> None:
        with self._changing:
            self._is_over = True
            for connection in self._open:
                connection.abort()
                connection.close()
            self._open.clear()


@contextmanager
def auditing(
    url: str | URL,
    suites: Iterable[Suite],
    declared: Sequence[DeclaredExpectation] = (),
    *,
    run_id: str,
    seconds: float,
    at_limit: Callable[[], object],
) -> Iterator[Future[ValidationResults]]:
    """Audit the staged tables, as `audit` does, while the block runs; yield a future of the results.

    `at_limit` is called, in another thread, when the audit has not ended after `seconds`: it ends what the block may be
    waiting for. Whatever the block raises then is replaced by `AuditRefusedError`. If the block fails, the audit is not
    awaited: its connections are shut down, and the server ends its statements within seconds. Its thread is a daemon,
    so that a blocked audit, in the database or in a library, does not keep the process alive.
    """
    outcome: Future[ValidationResults] = Future()
    connections, may_judge = _Connections(run_id), threading.Event()

    def work() -> None:
        watch, imported = connections.watch, may_judge.wait
        try:
            results = audit(url, suites, declared, run_id=run_id, seconds=seconds, watch=watch, imported=imported)
        except BaseException as error:
            _settle(outcome, error)
        else:
            _settle(outcome, results)
        clock.cancel()

    def stop() -> None:
        if _settle(outcome, _AtLimitError(run_id, seconds)):
            connections.shut_down()
            at_limit()

    clock = threading.Timer(seconds, stop)
    thread = threading.Thread(target=work, name="audit", daemon=True)
    clock.daemon = True
    clock.start()
    thread.start()
    try:
        _import(run_id, may_judge)
        yield outcome
    except Exception:
        if not isinstance(outcome.exception() if outcome.done() else None, _AtLimitError):
            raise
    else:
        return
    finally:
        clock.cancel()
        connections.shut_down()
        thread.join(_END_SECONDS)
    outcome.result()


def _settle(outcome: Future[ValidationResults], result: ValidationResults | BaseException) -> bool:
    """Set the result of the future; return false if it already has one."""
    try:
        if isinstance(result, BaseException):
            outcome.set_exception(result)
        else:
            outcome.set_result(result)
    except InvalidStateError:
        return False
    return True


def _import(run_id: str, may_judge: threading.Event) -> None:
    """Import Great Expectations while PostgreSQL counts, before any other code uses SQLAlchemy.

    Code that used SQLAlchemy during the import would see partially imported modules.
    """
    try:
        import_great_expectations()
    except Exception as error:
        error_kind = kind_and_location(error)
    else:
        return
    finally:
        may_judge.set()
    raise AuditRefusedError(
        f"the audit of run {run_id} could not import Great Expectations ({error_kind}); the published tables stay as "
        "they were. Install it as requirements.lock says; run again."
    )
