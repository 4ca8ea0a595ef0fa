"""A column, declared once: its name, type and meaning, where its values come from, and from when on they are there."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import Enum, IntEnum
from typing import Any, Self


class Kind(Enum):
    """What a column holds. Polars and PostgreSQL types are chosen from this in one place each."""

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
    """Whether a value says something of a living person, and so must be masked outside curated tables."""

    NONE = "none"
    PERSONAL = "personal"


PERSONAL = Sensitivity.PERSONAL


class Step(IntEnum):
    """Steps of the computation, in order. A column is there after its step; a predicate may name it from then on."""

    RECORD = 1  # read from the source record
    GOLDEN = 2  # records normalised and resolved to one row an entity
    FACETS = 3  # links, days, engagement, stages
    FIT = 4  # the ideal customer profile
    CRITERIA = 5  # qualification criteria, and what no criterion may be decided by
    CLASS = 6  # the class, and what follows from it
    HISTORY = 7  # how the row differs from the published one; no predicate may name it
    RUN = 8  # which run wrote the row; filled in when the row is staged


class Rule(Enum):
    """How records of one entity rank; of equals the one updated last is first, then source priority, then the key."""

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
    """Which record gives the value where a rule alone does not say it.

    Columns with the same survival come from one record, which `field_winners` names by `together`: the first by `rule`
    of the records that have the first of `wanted` (null: `together`), else of those that have the second, and so on.
    `about` names a column whose value this one tells something of: a record that holds another value than the entity
    has no say. `of` names the column of the record where that has another name.
    """

    rule: Rule
    together: str
    wanted: tuple[str, ...] = ()
    about: str | None = None
    of: str | None = None


@dataclass(frozen=True, slots=True)
class Source:
    """Read from the source record by the mapping of its source; `required`: a record without it is set aside.

    `survives` says which record of an entity gives the value; null where records are not put together, or where
    identity alone reads it.
    """

    survives: Rule | Survival | None = None
    required: bool = False


@dataclass(frozen=True, slots=True)
class Normalised:
    """Worked out from the values of one source record before the records of an entity are put together."""

    survives: Rule | Survival


@dataclass(frozen=True, slots=True)
class Computed:
    """Worked out by this step of the computation."""

    step: Step = Step.FACETS


Origin = Source | Normalised | Computed


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """A closed list of words and what each means, in order of rank.

    Where `agreed` is set, the words are those of the signed definitions, and `words` is empty.
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
    """One column of a record, a table, or both; the type is the same in every table that has a column of the name.

    `means` is the column comment; null always means "the source did not say" unless `means` says otherwise.
    `vocabulary` closes the words; `low` and `high` bound a number, both ends allowed. In a table: `required` is never
    null, `refers_to` the `table.column` it points to, `indexed` has an index of its own. `published=False`: only in the
    record or on the way, in no table.
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
        """The words the column may hold; empty where any text is possible, or the definitions say which."""
        return self.vocabulary.names if self.vocabulary else ()

    @property
    def step(self) -> Step:
        """The step after which the column is there."""
        match self.origin:
            case Source():
                return Step.RECORD
            case Normalised():
                return Step.GOLDEN
            case Computed(step):
                return step

    def but(self, **changes: Any) -> Self:
        """The same column, used otherwise in one table."""
        return replace(self, **changes)
