"""Declared expectations: expectations of Great Expectations that a customer declares in `bantam.yaml`.

Checks that do not need Great Expectations are made here, whenever the settings are read; importing it takes seconds,
so that the other checks wait for a command that audits (`expectations.validate.mistakes_in`).
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, model_validator

from definitions.config.mistakes import raise_mistakes
from definitions.config.suggestions import suggestion
from definitions.config.yaml_file import FieldPath
from definitions.schema.tables import CURATED
from expectations.check import Severity

# Arguments that name columns of the table.
_COLUMN_ARGUMENTS = ("column", "column_A", "column_B", "column_list")
_TABLES = {table.name: table for table in CURATED}


class DeclaredExpectation(BaseModel):
    """One expectation on one curated table: class name, arguments, and severity of a failure."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    table: str
    expectation: str
    severity: Severity
    arguments: Mapping[str, Any] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _table_has_the_columns(self) -> "DeclaredExpectation":
        table = _TABLES.get(self.table)
        if table is None:
            raise_mistakes({("table",): f"there is no curated table {self.table!r}{suggestion(self.table, _TABLES)}"})
            return self
        mistakes: dict[FieldPath, str] = {}
        conditions = ("row_condition", list(_columns_of(self.arguments.get("row_condition"))))
        for argument, names in (*self._columns(), conditions):
            for name in names:
                if name not in table.names:
                    guess = suggestion(name, table.names, most=0)
                    mistakes["arguments", argument] = f"{table.name} has no column {name!r}{guess}"
        raise_mistakes(mistakes)
        return self

    def _columns(self) -> Iterator[tuple[str, list[str]]]:
        """Yield the column names of each argument; Great Expectations refuses names that are not text."""
        for argument in _COLUMN_ARGUMENTS:
            value = self.arguments.get(argument)
            names = value if isinstance(value, list) else [value]
            if texts := [name for name in names if isinstance(name, str)]:
                yield argument, texts

    def in_words(self) -> str:
        """Return its description, else its class, columns and numbers: other arguments may hold personal values.

        >>> arguments = {"column": "country", "value_set": ["DE"], "mostly": 0.9}
        >>> DeclaredExpectation(
        ...     table="dim_account", expectation="ExpectColumnValuesToBeInSet", severity="warning", arguments=arguments
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
    """Yield the names of the columns in a condition, which is made of mappings and lists."""
    if isinstance(condition, list):
        for item in condition:
            yield from _columns_of(item)
    elif isinstance(condition, dict):
        column = condition.get("column")
        if isinstance(column, dict) and isinstance(column.get("name"), str):
            yield column["name"]
        yield from _columns_of(condition.get("conditions"))


def names_of(declared: Sequence[DeclaredExpectation]) -> list[str]:
    """Return the names of declared expectations; equal names are numbered."""
    occurrences: Counter[str] = Counter()
    names = []
    for declaration in declared:
        name = declaration.in_words()
        occurrences[name] += 1
        names.append(name if occurrences[name] == 1 else f"{name} ({occurrences[name]})")
    return names
