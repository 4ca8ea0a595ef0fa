"""Checks as data: a condition on one staged table, and the SQL that measures it.

Every check is measured as one number: rows that fail, or a quantity between two bounds. Only numbers, times of the
last change and column names leave the database, so that no result holds a personal value.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, Literal, NamedTuple

from definitions.errors import ConfigurationError
from definitions.sql_text import identifier, literal

# A failed critical check refuses the publication; a failed warning is reported with the run.
Severity = Literal["critical", "warning"]


class Measure(Enum):
    """How the SQL of a check becomes a number."""

    FAILING_ROWS = "failing rows"  # a condition on one row: the rows that meet it fail
    FAILING_COUNT = "failing count"  # an aggregate that counts what fails
    NUMBER = "number"  # an aggregate for a quantity, which must lie between `at_least` and `at_most`


class Aggregate(NamedTuple):
    """One SQL aggregate over the rows of one staged table."""

    table: str
    sql: str


class CrossTableMetric(NamedTuple):
    """A number from aggregates of several tables; `combine` takes their values in order, and returns null for none."""

    aggregates: tuple[Aggregate, ...]
    combine: Callable[[Sequence[Any]], float | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One condition that must hold for one table, with its description.

    `sql` is a condition on one row, or an aggregate over the table's rows (`count(*)`, or a query in brackets); all
    aggregates of one table are computed in one scan. `across` replaces `sql` where the number needs more than one
    table. `tolerance` is the share of rows that may fail: of all rows, or of those that meet the condition `among`.
    `explain` is an aggregate whose text is reported when the check fails: column names or the like, never values. A
    check with `accepted_because` is measured and recorded, but does not stop the publication. A check fails if its SQL
    cannot be run, or returns null.
    """

    name: str
    table: str
    measure: Measure
    sql: str = ""
    across: CrossTableMetric | None = None
    severity: Severity = "critical"
    tolerance: float = 0.0
    among: str | None = None
    at_least: float | None = None
    at_most: float | None = None
    unit: str = "rows"
    explain: str | None = None
    accepted_because: str | None = None

    def __post_init__(self) -> None:
        """Refuse a check that could not fail, or whose bounds would be ignored."""
        is_bounded = self.at_least is not None or self.at_most is not None
        if is_bounded is not (self.measure is Measure.NUMBER):
            raise ConfigurationError(f"check {self.name!r}: a number needs a bound, and nothing else has one")
        if not 0 <= self.tolerance < 1 or (self.tolerance and self.measure is Measure.NUMBER):
            raise ConfigurationError(f"check {self.name!r}: tolerance is a share of rows, from 0 to below 1")
        if bool(self.sql) is (self.across is not None):
            raise ConfigurationError(f"check {self.name!r}: needs either SQL or aggregates of several tables")

    @property
    def stops_publication(self) -> bool:
        """Whether a failure stops the publication."""
        return self.severity == "critical" and self.accepted_because is None


@dataclass(frozen=True, slots=True)
class Suite:
    """A named group of checks; names of checks are unique within it."""

    name: str
    checks: tuple[Check, ...]

    def __post_init__(self) -> None:
        """Refuse two checks with one name: one result would hide the other."""
        doubled = [name for name, count in Counter(check.name for check in self.checks).items() if count > 1]
        if doubled:
            raise ConfigurationError(f"suite {self.name!r} has two checks called {doubled[0]!r}")


def failing_rows(table: str, description: str, condition: str, **more: Any) -> Check:
    """Check that no row meets the condition; `more` are further fields of the check."""
    return Check(name=f"{table}: {description}", table=table, measure=Measure.FAILING_ROWS, sql=condition, **more)


def failing_count(table: str, description: str, aggregate: str, **more: Any) -> Check:
    """Check that the aggregate, which counts what fails, is 0; `more` are further fields of the check."""
    return Check(name=f"{table}: {description}", table=table, measure=Measure.FAILING_COUNT, sql=aggregate, **more)


def number(table: str, description: str, aggregate: str, **more: Any) -> Check:
    """Check that the aggregate lies between `at_least` and `at_most`; `more` are further fields of the check."""
    return Check(name=f"{table}: {description}", table=table, measure=Measure.NUMBER, sql=aggregate, **more)


def one_of(column: str, values: tuple[str, ...]) -> str:
    """Write the condition that the column holds one of the words; never true where it is null.

    >>> print(one_of("stage_phase", ("lead", "closed")))
    "stage_phase" IN ('lead', 'closed')
    """
    return f"{identifier(column)} IN ({', '.join(literal(value) for value in values)})" if values else "false"
