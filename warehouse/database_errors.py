"""Database errors without values: SQLSTATE, table, column and constraint only; DETAIL may hold personal data."""

import re
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

import psycopg
from adbc_driver_manager import Error as BulkError
from sqlalchemy.exc import DBAPIError

from definitions.errors import ConfigurationError, NeedsPersonError, PublishError
from warehouse.next_steps import is_of_settings, next_step, state_of_refusal

_P = ParamSpec("_P")
_T = TypeVar("_T")

DATABASE_ERRORS = (DBAPIError, psycopg.Error, BulkError)

# Classes whose primary message is about the server, its objects or its disk, and never holds a row or a parameter.
_PLAIN_CLASSES = frozenset({"08", "0A", "25", "28", "2B", "3D", "3F", "42", "53", "54", "55", "57", "58"})
_PASSING = frozenset({"25P03", "40001", "40P01", "55P03", "57P01", "57P02", "57P03", "57P05"})
_COPIED_COLUMN = re.compile(r"COPY (?P<table>\w+), line \d+, column (?P<column>\w+)")
# The trigger function begins the context, where a statement or a row may follow it.
_NAMED_BY_SERVER = re.compile(r'(role|database) "([^"]*)"')
_RAISED_IN = re.compile(r"PL/pgSQL function (?P<function>[\w.\"]+)\(")


def without_values(doing: str) -> Callable[[Callable[_P, _T]], Callable[_P, _T]]:
    """Decorate a function to translate database errors to ours; `doing` begins the message ("Publishing").

    The driver's error is not chained: its traceback would print values.
    """

    def decorate(function: Callable[_P, _T]) -> Callable[_P, _T]:
        @wraps(function)
        def guarded(*args: _P.args, **kwargs: _P.kwargs) -> _T:
            try:
                return function(*args, **kwargs)
            except DATABASE_ERRORS as error:
                translated = told_of(error, doing)
            raise translated

        return guarded

    return decorate


def told_of(error: BaseException, doing: str) -> NeedsPersonError:
    """Translate a database error: what was refused, where, and the next step; without values of rows."""
    source = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
    state = sqlstate(error)
    if state is None:
        return _connection_failure(_first_line(source), doing)
    facts = _facts(source)
    name = psycopg.errors.lookup(state).__name__ if _is_known(state) else "Error"
    message = f"{doing}: PostgreSQL refused: {name} (SQLSTATE {state})"
    location_kinds = ("table", "column", "constraint", "function")
    if location := ", ".join(f"{what} {facts[what]}" for what in location_kinds if facts.get(what)):
        message += f", {location}"
    if state[:2] in _PLAIN_CLASSES and facts.get("message"):
        message += f": {facts['message']}"
    if state in {"22021", "22P05"}:
        message += ". The text holds a character that PostgreSQL cannot keep, such as NUL; replace it before staging"
    kind = ConfigurationError if is_of_settings(state) else PublishError
    return kind(f"{message}. {next_step(state, facts)}".rstrip())


def sqlstate(error: BaseException) -> str | None:
    """Return the SQLSTATE of the error; None where the server never responded."""
    source = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
    state = getattr(source, "sqlstate", None)
    return str(state) if state else None


def is_passing(error: BaseException) -> bool:
    """Whether a retry may succeed: connection lost, server restarting, serialisation failure, lock not available.

    An idle time-out counts too: the process was suspended, and has resumed.
    """
    state = sqlstate(error)
    if state is None:
        source = error.orig if isinstance(error, DBAPIError) else error
        return isinstance(source, psycopg.OperationalError | BulkError)
    return state in _PASSING or state.startswith("08")


def _connection_failure(reason: str, doing: str) -> NeedsPersonError:
    state = state_of_refusal(reason)
    if state is not None:
        kind = ConfigurationError if is_of_settings(state) else PublishError
        step = next_step(state, dict(_NAMED_BY_SERVER.findall(reason)))
        return kind(f"{doing}: PostgreSQL refused: {reason} (SQLSTATE {state}). {step}")
    if "resolve host" in reason:
        return ConfigurationError(f"{doing}: {reason}. Check the host of BANTAM_WAREHOUSE_URL.")
    return PublishError(
        f"{doing}: PostgreSQL does not answer: {reason}. Check host and port of BANTAM_WAREHOUSE_URL, and that the "
        "server runs and can be reached from here; then run again."
    )


def _facts(source: BaseException) -> dict[str, str]:
    """Extract table, column, constraint and function; the primary message too, to be filtered by its class."""
    if isinstance(source, psycopg.Error):
        diagnostics = source.diag
        table = ".".join(part for part in (diagnostics.schema_name, diagnostics.table_name) if part)
        facts = {
            "table": table,
            "column": diagnostics.column_name,
            "constraint": diagnostics.constraint_name,
            "message": diagnostics.message_primary,
            "function": _function(diagnostics.context),
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
        "function": _function(by_name.get("PG_DIAG_CONTEXT")),
    }
    return {name: fact for name, fact in facts.items() if fact}


def _is_known(state: str) -> bool:
    try:
        psycopg.errors.lookup(state)
    except KeyError:
        return False
    return True


def _function(context: str | None) -> str | None:
    found = _RAISED_IN.match(context or "")
    return found["function"] if found else None


def _first_line(source: BaseException) -> str:
    """Return the message of the client library: host, port and reason, never a value of a row.

    A host with several addresses has one line for each; they are joined.
    """
    lines = str(source).strip().splitlines() or [type(source).__name__]
    tried = [line.removeprefix("- ") for line in lines if line.startswith("- host: ")]
    return "; ".join(tried) if tried else lines[0]
