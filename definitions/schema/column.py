"""Column, declared once: name, type, meaning, origin of its values, and the step that computes it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import Enum, IntEnum
from typing import Any, Self


class Kind(Enum):
    """Type of a column's values. Polars and PostgreSQL types are derived from it in one place each."""

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


TEXT, INTEGER, COUNT, REAL, MONEY = Kind.TEXT, Kind.INTEGER, Kind.COUNT, Kind.REAL, Kind.MONEY
BOOLEAN, DAY, MOMENT, TEXTS, JSON = Kind.BOOLEAN, Kind.DAY, Kind.MOMENT, Kind.TEXTS, Kind.JSON


class Sensitivity(Enum):
    """Whether a value is personal data, and so must be masked outside curated tables."""

    NONE = "none"
    PERSONAL = "personal"


PERSONAL = Sensitivity.PERSONAL


class Step(IntEnum):
    """Steps of the computation, in order. A column exists after its step; predicates may name it from then on."""

    RECORD = 1  # read from the source record
    GOLDEN = 2  # records normalised and resolved to one row an entity
    FACETS = 3  # links, days, engagement, stages
    FIT = 4  # the ideal customer profile
    CRITERIA = 5  # qualification criteria, and columns that no criterion may depend on
    CLASS = 6  # the class, and columns that depend on it
    HISTORY = 7  # differences from the published row; no predicate may name them
    RUN = 8  # which run wrote the row; filled in when the row is staged


class Rule(Enum):
    """Ranking of the records of one entity; ties are broken by latest update, then source priority, then key."""

    CRM_FIRST = "crm_first"  # records of CRM systems before others
    MARKETING_FIRST = "marketing_first"  # records of marketing systems before others
    LATEST = "latest"  # by source_updated_at
    EARLIEST = "earliest"  # by source_created_at
    HIGHEST = "highest"  # by the value: the latest moment, the largest number, true before false
    LOWEST = "lowest"  # by the value: the earliest moment, the smallest number


CRM_FIRST, MARKETING_FIRST, LATEST = Rule.CRM_FIRST, Rule.MARKETING_FIRST, Rule.LATEST
EARLIEST, HIGHEST, LOWEST = Rule.EARLIEST, Rule.HIGHEST, Rule.LOWEST


@dataclass(frozen=True, slots=True)
class Survival:
    """Survivorship of columns that need more than a rule.

    Columns with the same survival come from one record, which `field_winners` names by `together`: the first by `rule`
    of the records that have the first of `wanted` (empty: `together`), else of those that have the second, and so on.
    `about` names a column that this one describes: records whose value of it differs from the entity's are ignored.
    `of` is the name of the column in the record, where it differs.
    """

    rule: Rule
    together: str
    wanted: tuple[str, ...] = ()
    about: str | None = None
    of: str | None = None


@dataclass(frozen=True, slots=True)
class Source:
    """Read from the source record by the mapping of its source; `required`: a record without it is quarantined.

    `survives` selects the record of an entity that provides the value; null where records are not merged into
    entities, or where only identity resolution reads it.
    """

    survives: Rule | Survival | None = None
    required: bool = False


@dataclass(frozen=True, slots=True)
class Normalised:
    """Computed from the values of one source record before the records of an entity are merged."""

    survives: Rule | Survival


@dataclass(frozen=True, slots=True)
class Computed:
    """Computed by this step."""

    step: Step = Step.FACETS


Origin = Source | Normalised | Computed


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """A closed list of words with their meanings, in order of rank.

    If `agreed` is set, the words are those of the signed definitions, and `words` is empty.
    """

    name: str
    words: Mapping[str, str] = field(hash=False)
    agreed: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        """The words, in order of rank."""
        return tuple(self.words)


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a record, a table, or both; columns of one name have the same type in every table.

    `means` is the column comment; null always means "the source did not say" unless `means` says otherwise.
    `vocabulary` is the closed list of words; `low` and `high` are inclusive bounds. In a table: `required` is never
    null, `refers_to` is the `table.column` of a reference, `indexed` has its own index. `published=False`: a column of
    the record or of an intermediate frame, of no table.
    """

    name: str
    kind: Kind
    means: str
    origin: Origin = Computed()
    unit: str | None = None
    sensitivity: Sensitivity = Sensitivity.NONE
    vocabulary: Vocabulary | None = None
    low: float | None = None
    high: float | None = None
    required: bool = False
    refers_to: str | None = None
    indexed: bool = False
    published: bool = True

    @property
    def is_personal(self) -> bool:
        """Whether the value must be masked in logs, audit results and reports."""
        return self.sensitivity is Sensitivity.PERSONAL

    @property
    def values(self) -> tuple[str, ...]:
        """Words the column may hold; empty where any text is possible, or the words come from the definitions."""
        return self.vocabulary.names if self.vocabulary else ()

    @property
    def step(self) -> Step:
        """The step that computes the column."""
        match self.origin:
            case Source():
                return Step.RECORD
            case Normalised():
                return Step.GOLDEN
            case Computed(step):
                return step

    def but(self, **changes: Any) -> Self:
        """Return a copy with changed attributes, for use in one table."""
        return replace(self, **changes)
