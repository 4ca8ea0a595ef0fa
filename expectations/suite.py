"""A check is plain data: what must be true of one staged table, and the SQL that measures it.

Every check is measured as one number: rows that fail, or a quantity between two bounds. Only numbers leave the
database, so no result can hold a personal value.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import Enum

from definitions.errors import ConfigurationError


class Measure(Enum):
    """How the SQL of a check becomes a number."""

    FAILING_ROWS = "failing rows"  # a condition on one row: the rows that meet it fail
    FAILING_COUNT = "failing count"  # an expression that counts what fails
    NUMBER = "number"  # an expression for a quantity, which must lie between `at_least` and `at_most`


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One thing that must be true of one table, said in words.

    An expression is an aggregate over the table's rows (`count(*)`) or a query in brackets; all conditions and
    aggregates of one table are worked out in one scan.
    `tolerance` is the share of rows that may fail: of all rows, or of those that meet the condition `among`.
    `explain` is a query asked only when the check fails; its answer is published, so it must give names of columns or
    the like, never values. A check with `accepted_because` is measured and recorded, but no longer blocks.
    A check whose SQL cannot be run, or gives null, has failed.
    """

    name: str
    table: str
    measure: Measure
    sql: str
    is_blocking: bool = True
    tolerance: float = 0.0
    among: str | None = None
    at_least: float | None = None
    at_most: float | None = None
    unit: str = "rows"
    explain: str | None = None
    accepted_because: str | None = None

    def __post_init__(self) -> None:
        """Refuse a check that could not fail, or whose bounds would be read by nobody."""
        is_bounded = self.at_least is not None or self.at_most is not None
        if is_bounded is not (self.measure is Measure.NUMBER):
            raise ConfigurationError(f"check {self.name!r}: a number needs a bound, and nothing else has one")
        if not 0 <= self.tolerance < 1 or (self.tolerance and self.measure is Measure.NUMBER):
            raise ConfigurationError(f"check {self.name!r}: tolerance is a share of rows, from 0 to below 1")

    @property
    def stops_publication(self) -> bool:
        """Whether a failure stops the publication."""
        return self.is_blocking and self.accepted_because is None


@dataclass(frozen=True, slots=True)
class Gathered:
    """One row of aggregates over several tables, each counted in the scan of its table's own checks.

    `columns` has, by name, the staged table and the aggregate over its rows.
    """

    columns: Mapping[str, tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Suite:
    """Checks that belong together; a name stands for one check.

    `relations` says what a check's table stands for where it is none that is staged.
    """

    name: str
    checks: tuple[Check, ...]
    relations: Mapping[str, Gathered] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse two checks of one name: one result would hide the other."""
        doubled = [name for name, count in Counter(check.name for check in self.checks).items() if count > 1]
        if doubled:
            raise ConfigurationError(f"suite {self.name!r} has two checks called {doubled[0]!r}")


def identifier(name: str) -> str:
    """Quote a name of a table or column for PostgreSQL.

    >>> print(identifier('a"b'))
    "a""b"
    """
    return '"' + name.replace('"', '""') + '"'


def literal(value: str | float | date) -> str:
    r"""Write a constant for PostgreSQL, whatever characters it holds.

    >>> print(literal("O'Hara"), literal("a\\b"), literal(0.5), literal(date(2026, 1, 31)))
    'O''Hara' E'a\\b' 0.5 date '2026-01-31'
    """
    if isinstance(value, date):
        return f"date '{value.isoformat()}'"
    if not isinstance(value, str):
        return repr(value)
    quoted = "'" + value.replace("'", "''") + "'"
    return "E" + quoted.replace("\\", "\\\\") if "\\" in value else quoted


def one_of(column: str, values: tuple[str, ...]) -> str:
    """Write the condition that the column holds one of the words; never true where it is null.

    >>> print(one_of("stage_phase", ("lead", "closed")))
    "stage_phase" IN ('lead', 'closed')
    """
    return f"{identifier(column)} IN ({', '.join(literal(value) for value in values)})" if values else "false"
