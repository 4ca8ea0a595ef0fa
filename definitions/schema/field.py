"""The shape of a field: what a column is called, what it holds, and who may read it."""

from dataclasses import dataclass
from enum import Enum


class Kind(Enum):
    """What a field holds. Polars and PostgreSQL types are chosen from this in one place each."""

    TEXT = "text"
    INTEGER = "integer"  # 32 bits
    COUNT = "count"  # 64 bits, never negative
    REAL = "real"
    MONEY = "money"  # decimal, two places
    BOOLEAN = "boolean"
    DAY = "day"  # a calendar date in the reporting time zone
    MOMENT = "moment"  # an aware UTC time, microseconds
    TEXTS = "texts"  # a list of text
    JSON = "json"  # a JSON object, as text in a frame


class Sensitivity(Enum):
    """Whether a value says something of a living person, and so must be masked outside curated tables."""

    NONE = "none"
    PERSONAL = "personal"


@dataclass(frozen=True, slots=True)
class Field:
    """One column, the same in every table that has it.

    `means` is the column comment; null always means "the source did not say" unless `means` says otherwise.
    `values` closes the vocabulary; `low` and `high` bound a number, both ends allowed.
    """

    name: str
    kind: Kind
    means: str
    unit: str | None = None
    sensitivity: Sensitivity = Sensitivity.NONE
    values: tuple[str, ...] = ()
    low: float | None = None
    high: float | None = None

    @property
    def is_personal(self) -> bool:
        """Whether the value must be masked in logs, audit results and reports."""
        return self.sensitivity is Sensitivity.PERSONAL
