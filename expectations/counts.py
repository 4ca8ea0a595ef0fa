"""From the checks of one table to one row of numbers, counted by PostgreSQL in one scan.

A staged table is read once, whatever the number of suites. Great Expectations then judges each number by name. Left to
count by itself, it asks three questions for each native expectation and makes a scan for each
`UnexpectedRowsExpectation`, and it doubles every per-cent sign in a query it is given.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import psycopg
from sqlalchemy.engine import URL

from definitions.schema.tables import Table
from expectations.session import counting, row_of, run
from expectations.structure import HISTORY, Filled
from expectations.suite import Check, Gathered, Measure, Suite, identifier

_LONGEST_NAME = 63  # bytes PostgreSQL keeps of a name
_WIDEST = 800  # columns of a table of numbers: a row of a thousand does not fit on a page of PostgreSQL


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """One check with its number, the column that stands in, and the most rows that may fail.

    `limit` is null for a number between bounds, and where the number is missing: then `why_not` tells why, without any
    value of a row. `scope` is the number of rows that the tolerance and the words "of 1000 rows" refer to.
    """

    check: Check
    column: str
    number: int | float | None
    scope: int | None
    limit: int | None
    why_not: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """One row of numbers, of every check on one table: together, the one row of each of `counts_tables`.

    `measured` has the checks by suite; `columns` the column of each expression; `broken` why one could not be counted.
    """

    counts_tables: tuple[str, ...]
    measured: Mapping[str, tuple[Measured, ...]]
    columns: Mapping[str, str]
    broken: Mapping[str, str]


def count(connection: psycopg.Connection, suites: Sequence[Suite]) -> dict[str, Counted]:
    """Count the checks of all suites, by table; `drop` removes the numbers when they have been judged.

    A check whose SQL fails gets null, and so fails; the others are counted all the same.
    """
    tables = dict.fromkeys(check.table for suite in suites for check in suite.checks)
    relations = {name: one for suite in suites for name, one in suite.relations.items() if name in tables}
    wanted: dict[str, list[str]] = {name: [] for name in tables if name not in relations}
    for relation in relations.values():
        for table, sql in relation.columns.values():
            wanted.setdefault(table, []).append(sql)
    counted = {
        name: _count(connection, name, _of(suites, name), rows=identifier(name), more=more)
        for name, more in wanted.items()
    }
    for name, relation in relations.items():
        reasons = (counted[table].broken.get(sql) for table, sql in relation.columns.values())
        why = next((reason for reason in reasons if reason), None)
        rows = _rows_of(relation, counted)
        counted[name] = _count(connection, name, _of(suites, name), rows=rows, why_not=why)
    return counted


def _of(suites: Sequence[Suite], table: str) -> dict[str, list[Check]]:
    """Checks of one table, by suite."""
    return {suite.name: [check for check in suite.checks if check.table == table] for suite in suites}


def _rows_of(relation: Gathered, counted: Mapping[str, Counted]) -> str:
    """A query for the gathered row, from the tables of numbers in which its columns were counted."""
    columns = ", ".join(
        f"{identifier(table)}.{identifier(counted[table].columns[sql])} AS {identifier(name)}"
        for name, (table, sql) in relation.columns.items()
    )
    tables = dict.fromkeys(table for table, _ in relation.columns.values())
    rows = ", ".join(f"(SELECT * {from_all(counted[table])}) AS {identifier(table)}" for table in tables)
    return f"(SELECT {columns} FROM {rows})"


def from_all(counted: Counted, schema: str | None = None) -> str:
    """The FROM of a query for the row of numbers, of `schema` where one is given, else of the one that is searched."""
    place = "" if schema is None else f"{identifier(schema)}."
    return f"FROM {', '.join(place + identifier(name) for name in counted.counts_tables)}"


def _count(
    connection: psycopg.Connection,
    table: str,
    by_suite: Mapping[str, Sequence[Check]],
    *,
    rows: str,
    more: Iterable[str] = (),
    why_not: str | None = None,
) -> Counted:
    """Count the checks and some `more` aggregates over the `rows`; none where it is known `why_not`."""
    columns = _columns([check for checks in by_suite.values() for check in checks], more)
    broken = dict.fromkeys(columns, why_not) if why_not else {}
    numbers: dict[str, int | float | None] = {}
    counts_tables = []
    for start in range(0, len(columns), _WIDEST):
        some = dict(list(columns.items())[start : start + _WIDEST])
        counts_tables.append(f"audit_{table}_{start}")
        broken |= _create(connection, counts_tables[-1], f"{rows} AS counted_rows", some, broken)
        row = row_of(connection, f"SELECT * FROM {identifier(counts_tables[-1])}")
        numbers |= dict(zip(some, row, strict=True))
    return Counted(
        counts_tables=tuple(counts_tables),
        measured={
            suite: tuple(_measured(check, columns, numbers, broken) for check in checks)
            for suite, checks in by_suite.items()
        },
        columns=columns,
        broken=broken,
    )


def drop(connection: psycopg.Connection, counted: Counted) -> None:
    """Remove the tables of numbers."""
    run(connection, f"DROP TABLE IF EXISTS {', '.join(identifier(name) for name in counted.counts_tables)}")


def explained(connection: psycopg.Connection, check: Check) -> str | None:
    """Ask the `explain` query of a failed check; None where it has none, or cannot tell."""
    if check.explain is None:
        return None
    try:
        return str(row_of(connection, check.explain)[0])
    except psycopg.Error as error:
        return f"no explanation ({type(error).__name__})"


def filled(url: str | URL, schema: str, tables: Iterable[Table], *, seconds: float) -> dict[str, Filled]:
    """How full the published tables are, by name: one scan a table, none of which may take longer than `seconds`.

    Left out are tables that do not exist yet, and histories, whose number of rows is held against nothing.
    """
    found: dict[str, Filled] = {}
    with counting(url, schema, "the look at the published tables", seconds=seconds) as connection:
        for table in tables:
            if table.name in HISTORY:
                continue
            existing = _existing_columns(connection, schema, table.name)
            optional = [name for name in table.names if name in existing and name not in table.required]
            if existing:
                counts = ", ".join(["count(*)", *(f"count({identifier(name)})" for name in optional)])
                rows, *values = row_of(connection, f"SELECT {counts} FROM {identifier(table.name)}")
                found[table.name] = Filled(rows, dict(zip(optional, values, strict=True)))
    return found


def _existing_columns(connection: psycopg.Connection, schema: str, table: str) -> set[str]:
    asked = "SELECT column_name FROM information_schema.columns WHERE table_schema = %s AND table_name = %s"
    return {name for (name,) in connection.execute(asked, (schema, table))}


def _columns(checks: Sequence[Check], more: Iterable[str]) -> dict[str, str]:
    """Name of a column for each expression to count, each once."""
    named: dict[str, str] = {}
    for check in checks:
        named.setdefault(_expression(check), check.name)
    for check in checks:
        named.setdefault(_scope(check), f"rows {check.among or 'staged'}")
    for sql in more:
        named.setdefault(sql, sql)
    return {sql: _column(said, number) for number, (sql, said) in enumerate(named.items(), 1)}


def _column(said: str, number: int) -> str:
    """A plain name that tells the check; numbered, because PostgreSQL cuts names off."""
    words = re.sub(r"[^a-z0-9]+", "_", said.lower()).strip("_")
    return f"{words[: _LONGEST_NAME - 5]}_{number:03}"


def _expression(check: Check) -> str:
    if check.measure is Measure.FAILING_ROWS:
        return f"count(*) FILTER (WHERE {check.sql})"
    return f"({check.sql})::{'bigint' if check.measure is Measure.FAILING_COUNT else 'double precision'}"


def _scope(check: Check) -> str:
    return f"count(*) FILTER (WHERE {check.among})" if check.among else "count(*)"


def _create(
    connection: psycopg.Connection,
    counts_table: str,
    rows: str,
    columns: Mapping[str, str],
    broken: Mapping[str, str],
) -> dict[str, str]:
    """Make the table of numbers, with nulls for what is `broken`; give that with what else turned out to be."""
    found = dict(broken)
    # Planning finds a column that is not there at once; only what fails on a value has to be tried row by row.
    for trying in ("EXPLAIN SELECT", "SELECT"):
        try:
            _fill(connection, counts_table, rows, columns, found)
        except psycopg.OperationalError:
            raise  # the server, its disk or its locks: no check is to blame
        except psycopg.Error:
            asked = {sql: f"{trying} {sql} FROM {rows}" for sql in columns if sql not in found}
            found |= {sql: why for sql, query in asked.items() if (why := _why_not(connection, query))}
        else:
            return found
    _fill(connection, counts_table, rows, columns, found)
    return found


def _fill(
    connection: psycopg.Connection,
    counts_table: str,
    rows: str,
    columns: Mapping[str, str],
    broken: Mapping[str, str],
) -> None:
    wanted = ", ".join(
        f"{'NULL::bigint' if sql in broken else sql} AS {identifier(column)}" for sql, column in columns.items()
    )
    source = f" FROM {rows}" if any(sql not in broken for sql in columns) else ""
    run(connection, f"DROP TABLE IF EXISTS {identifier(counts_table)}")
    run(connection, f"CREATE UNLOGGED TABLE {identifier(counts_table)} AS SELECT {wanted}{source}")


def _why_not(connection: psycopg.Connection, query: str) -> str | None:
    """Tell why an expression cannot be counted, by the kind of error only: its text may quote a value."""
    try:
        run(connection, query)
    except psycopg.OperationalError:
        raise
    except psycopg.Error as error:
        return type(error).__name__
    return None


def _measured(
    check: Check, columns: Mapping[str, str], numbers: Mapping[str, int | float | None], broken: Mapping[str, str]
) -> Measured:
    expression, scope = _expression(check), numbers[_scope(check)]
    rows = None if scope is None else int(scope)
    is_number = check.measure is Measure.NUMBER
    return Measured(
        check=check,
        column=columns[expression],
        number=numbers[expression],
        scope=rows,
        limit=None if is_number or rows is None else int(check.tolerance * rows),
        why_not=broken.get(expression) or broken.get(_scope(check)),
    )
