"""Declared expectations: expectations of Great Expectations that a customer names in `bantam.yaml`.

What can be checked without Great Expectations is checked here, whenever the settings are read; importing it takes
seconds, so that the rest waits for a command that audits (`expectations.validate.mistakes_in`).
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, model_validator

from definitions.config.mistakes import refuse
from definitions.config.suggestions import suggestion
from definitions.config.yaml_file import FieldPath
from definitions.schema.tables import CURATED
from expectations.check import Severity

# Arguments that name columns of the table.
_COLUMN_ARGUMENTS = ("column", "column_A", "column_B", "column_list")
_TABLES = {table.name: table for table in CURATED}


class DeclaredExpectation(BaseModel):
    """One expectation on one curated table: the class's name, its arguments, and what a failure does."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    table: str
    expectation: str
    severity: Severity
    arguments: Mapping[str, Any] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _table_has_the_columns(self) -> "DeclaredExpectation":
        table = _TABLES.get(self.table)
        if table is None:
            refuse({("table",): f"there is no curated table {self.table!r}{suggestion(self.table, _TABLES)}"})
            return self
        mistakes: dict[FieldPath, str] = {}
        conditions = ("row_condition", list(_columns_of(self.arguments.get("row_condition"))))
        for argument, names in (*self._columns(), conditions):
            for name in names:
                if name not in table.names:
                    guess = suggestion(name, table.names, most=0)
                    mistakes["arguments", argument] = f"{table.name} has no column {name!r}{guess}"
        refuse(mistakes)
        return self

    def _columns(self) -> Iterator[tuple[str, list[str]]]:
        """Names of columns by argument; what is no text is left to Great Expectations to refuse."""
        for argument in _COLUMN_ARGUMENTS:
            given = self.arguments.get(argument)
            names = given if isinstance(given, list) else [given]
            if texts := [name for name in names if isinstance(name, str)]:
                yield argument, texts

    def in_words(self) -> str:
        """Say it by its description, else by class, columns and numbers: other arguments may hold personal values.

        >>> given = {"column": "country", "value_set": ["DE"], "mostly": 0.9}
        >>> DeclaredExpectation(
        ...     table="dim_account", expectation="ExpectColumnValuesToBeInSet", severity="warning", arguments=given
        ... ).in_words()
        'dim_account: ExpectColumnValuesToBeInSet, column country, mostly 0.9'
        """
        if description := self.arguments.get("description"):
            return f"{self.table}: {description}"
        columns = [f"{argument} {' and '.join(names)}" for argument, names in self._columns()]
        numbers = [
            f"{name} {value}"
            for name, value in self.arguments.items()
            if isinstance(value, int | float) and not isinstance(value, bool)
        ]
        return f"{self.table}: {', '.join([self.expectation, *columns, *numbers])}"


def _columns_of(condition: object) -> Iterator[str]:
    """Names of the columns in a condition, which is made of mappings and lists."""
    if isinstance(condition, list):
        for one in condition:
            yield from _columns_of(one)
    elif isinstance(condition, dict):
        column = condition.get("column")
        if isinstance(column, dict) and isinstance(column.get("name"), str):
            yield column["name"]
        yield from _columns_of(condition.get("conditions"))


def names_of(declared: Sequence[DeclaredExpectation]) -> list[str]:
    """Name each in words, numbered where several would be called the same."""
    seen: Counter[str] = Counter()
    names = []
    for one in declared:
        name = one.in_words()
        seen[name] += 1
        names.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    return names
