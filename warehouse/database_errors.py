"""Database errors without values: SQLSTATE, table, column and constraint say enough; DETAIL may repeat a person."""

import re
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

import psycopg
from adbc_driver_manager import Error as BulkError
from sqlalchemy.exc import DBAPIError

from definitions.errors import ConfigurationError, NeedsPersonError, PublishError

_P = ParamSpec("_P")
_T = TypeVar("_T")

DATABASE_ERRORS = (DBAPIError, psycopg.Error, BulkError)

# Classes whose primary message speaks of the server, its objects or its disk, and never repeats a row or a parameter.
_PLAIN_CLASSES = frozenset({"08", "3F", "42", "53", "54", "55", "57", "58"})
_PASSING = frozenset({"25P03", "40001", "40P01", "55P03", "57P01", "57P02", "57P03", "57P05"})
# The client library gives no SQLSTATE for a refused connection; these are the words of a wrong setting.
_WRONG_SETTING = ("authentication failed", "does not exist", "no pg_hba.conf entry", "resolve host")
_NEXT_STEPS = {
    "23505": "Two rows share one key: the audit should have stopped them; report it.",
    "42501": "Grant the missing privilege to the account of the warehouse URL.",
    "53100": "Free space on the warehouse's disk, then run again.",
    "53300": "Close other sessions or raise max_connections, then run again.",
    "55P03": "Another session holds the table; end it, then run again.",
}
_COPIED_COLUMN = re.compile(r"COPY (?P<table>\w+), line \d+, column (?P<column>\w+)")


def without_values(doing: str) -> Callable[[Callable[_P, _T]], Callable[_P, _T]]:
    """Let a function raise database errors only as ours; `doing` begins the message ("Publishing").

    The driver's error is not chained: whoever prints the traceback would print the values in it.
    """

    def decorate(function: Callable[_P, _T]) -> Callable[_P, _T]:
        @wraps(function)
        def guarded(*args: _P.args, **kwargs: _P.kwargs) -> _T:
            try:
                return function(*args, **kwargs)
            except DATABASE_ERRORS as error:
                told = told_of(error, doing)
            raise told

        return guarded

    return decorate


def told_of(error: BaseException, doing: str) -> NeedsPersonError:
    """Say what the database refused, where, and what to do, in words that hold no value of a row."""
    source = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
    state = sqlstate(error)
    if state is None:
        return _told_of_connection(_first_line(source), doing)
    facts = _facts(source)
    name = psycopg.errors.lookup(state).__name__ if _is_known(state) else "Error"
    told = f"{doing}: PostgreSQL refused: {name} (SQLSTATE {state})"
    if place := ", ".join(f"{what} {facts[what]}" for what in ("table", "column", "constraint") if facts.get(what)):
        told += f", {place}"
    if state[:2] in _PLAIN_CLASSES and facts.get("message"):
        told += f": {facts['message']}"
    if state in {"22021", "22P05"}:
        told += ". The text holds a character that PostgreSQL cannot keep, such as NUL; replace it before staging"
    step = _NEXT_STEPS.get(state, "")
    kind = ConfigurationError if state == "42501" else PublishError
    return kind(f"{told}. {step}".rstrip())


def sqlstate(error: BaseException) -> str | None:
    """Give PostgreSQL's code of the error; None where the server never answered."""
    source = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
    state = getattr(source, "sqlstate", None)
    return str(state) if state else None


def is_passing(error: BaseException) -> bool:
    """Whether the same work may succeed a moment later: connection lost, server restarting, serialisation, lock.

    So may that of a process which the server found idle for too long: it was stopped, and goes on.
    """
    state = sqlstate(error)
    if state is None:
        source = error.orig if isinstance(error, DBAPIError) else error
        return isinstance(source, psycopg.OperationalError | BulkError)
    return state in _PASSING or state.startswith("08")


def _told_of_connection(reason: str, doing: str) -> NeedsPersonError:
    if any(words in reason for words in _WRONG_SETTING):
        return ConfigurationError(f"{doing}: {reason}. Check user, password, host and database of the warehouse URL.")
    return PublishError(f"{doing}: PostgreSQL does not answer: {reason}. Check that it runs, then run again.")


def _facts(source: BaseException) -> dict[str, str]:
    """What the server said of the place; the primary message is included and must be filtered by its class."""
    if isinstance(source, psycopg.Error):
        said = source.diag
        table = ".".join(part for part in (said.schema_name, said.table_name) if part)
        facts = {
            "table": table,
            "column": said.column_name,
            "constraint": said.constraint_name,
            "message": said.message_primary,
        }
        return {name: fact for name, fact in facts.items() if fact}
    details = {key: bytes(value).decode(errors="replace") for key, value in getattr(source, "details", [])}
    by_name = {str(key, "ascii") if isinstance(key, bytes) else str(key): value for key, value in details.items()}
    found = _COPIED_COLUMN.match(by_name.get("PG_DIAG_CONTEXT", ""))
    facts = {
        "table": found["table"] if found else by_name.get("PG_DIAG_TABLE_NAME"),
        "column": found["column"] if found else by_name.get("PG_DIAG_COLUMN_NAME"),
        "constraint": by_name.get("PG_DIAG_CONSTRAINT_NAME"),
        "message": by_name.get("PG_DIAG_MESSAGE_PRIMARY"),
    }
    return {name: fact for name, fact in facts.items() if fact}


def _is_known(state: str) -> bool:
    try:
        psycopg.errors.lookup(state)
    except KeyError:
        return False
    return True


def _first_line(source: BaseException) -> str:
    """The client library's own words: host, port and reason; it has not seen a row."""
    return (str(source).strip().splitlines() or [type(source).__name__])[0]
