"""Mapping entries: where one canonical field comes from. A source's mapping is made of them, in Python or in YAML.

An entry names fields of the source and says what they mean; `transforms.conform.expressions` makes Polars of it. Types
come later: every field is read by its kind, so that a value which cannot be read is told by its field.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

import polars as pl

from definitions.mapping.source_mapping import SettingsWords

Others: TypeAlias = Literal["keep", "ignore", "refuse"]
_PREFIX = "source field "


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Words that a source uses in one field, matched without case, and what they mean; "" is known and says nothing.

    Words of the settings (`settings` names which) count before `words`. `scope` is the canonical field whose word may
    stand before a word of the settings, as `pipeline/stage`.
    """

    words: Mapping[str, str] = field(default_factory=dict)
    settings: SettingsWords | None = None
    scope: str | None = None


@dataclass(frozen=True, slots=True)
class Text:
    """Text of a field as it stands; of several, the first that is not blank.

    `known`: a word that is not in this vocabulary sets the record aside. `nulls`: declared placeholders, given for text
    that people typed, which is cleaned first; None: the source's own machine writes it.
    """

    fields: tuple[str, ...]
    known: Vocabulary | None = None
    nulls: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Constant:
    """One value for every record."""

    value: str | bool


@dataclass(frozen=True, slots=True)
class Currency:
    """Code of a field; where that is blank, the currency of the source's settings."""

    field: str


@dataclass(frozen=True, slots=True)
class Words:
    """Shared word of the source's word in a vocabulary; null where it has none. `other` stands for any other word."""

    of: "Entry"
    vocabulary: Vocabulary
    other: str | None = None


@dataclass(frozen=True, slots=True)
class Aliases:
    """What a text means, letter for letter; `others` says what a text without an alias is."""

    of: "Entry"
    values: Mapping[str, str]
    others: Others = "keep"


@dataclass(frozen=True, slots=True)
class Reference:
    """Record key of the object that an id points to; null where the id is blank.

    `to` is the object (`source:object` in another source), or the object of each beginning an id may have; an id that
    begins otherwise points to what "" names, or nowhere. `is_linked`: the id is one of the linked source.
    """

    of: "Entry"
    to: str | Mapping[str, str]
    is_linked: bool = False


@dataclass(frozen=True, slots=True)
class Keys:
    """List of the record keys that are not null."""

    references: tuple[Reference, ...]


@dataclass(frozen=True, slots=True)
class FirstOf:
    """The first entry that is not null."""

    entries: tuple["Entry", ...]


@dataclass(frozen=True, slots=True, eq=False)
class Computed:
    """What no other entry can say: an expression over `source_field`s and the columns of the state."""

    expression: pl.Expr


Entry: TypeAlias = Text | Constant | Currency | Words | Aliases | Reference | Keys | FirstOf | Computed


def source_field(name: str) -> pl.Expr:
    """A field of the source's record, as text."""
    return pl.col(source_column(name))


def source_column(name: str) -> str:
    """Name of the column that holds a field of the source's record, apart from all canonical names."""
    return _PREFIX + name


def filled(name: str) -> pl.Expr:
    """A field of the source's record without outer blanks; null where nothing is left."""
    return blank_to_null(source_field(name))


def blank_to_null(text: pl.Expr) -> pl.Expr:
    """Text without outer blanks; null where nothing is left. Row by row.

    >>> pl.select(blank_to_null(pl.lit(pl.Series([" Ada ", "  "])))).to_series().to_list()
    ['Ada', None]
    """
    trimmed = text.str.strip_chars()
    return pl.when(trimmed != "").then(trimmed)


def is_true(name: str) -> pl.Expr:
    """Whether a field of the source's record says true; null where it says nothing."""
    return source_field(name).str.to_lowercase() == "true"


def text(*fields: str, known: Vocabulary | None = None) -> Text:
    """Text of a field; of several, the first that is not blank."""
    return Text(fields, known)


def words(of: "str | Entry", vocabulary: Vocabulary | Mapping[str, str], *, other: str | None = None) -> Words:
    """Shared word of the source's word."""
    return Words(_entry(of), vocabulary if isinstance(vocabulary, Vocabulary) else Vocabulary(vocabulary), other)


def reference(of: "str | Entry", *, to: str | Mapping[str, str]) -> Reference:
    """Record key of the object that an id points to, in the same source."""
    return Reference(_entry(of), to)


def linked(**objects: str) -> Keys:
    """Record keys in the linked source: a field each, and the object that it points to."""
    return Keys(tuple(Reference(text(name), to, is_linked=True) for name, to in objects.items()))


def first_of(*entries: "Entry") -> FirstOf:
    """The first entry that is not null."""
    return FirstOf(entries)


constant, currency, computed = Constant, Currency, Computed


def fields_of(entry: Entry) -> Iterator[str]:
    """Fields of the source that an entry reads."""
    match entry:
        case Text(fields=fields):
            yield from fields
        case Currency(field=name):
            yield name
        case Words(of=of) | Aliases(of=of) | Reference(of=of):
            yield from fields_of(of)
        case Keys(references=parts) | FirstOf(entries=parts):
            for part in parts:
                yield from fields_of(part)
        case Computed(expression=expression):
            yield from (name.removeprefix(_PREFIX) for name in expression.meta.root_names() if name.startswith(_PREFIX))
        case Constant():
            return


def _entry(of: "str | Entry") -> Entry:
    return text(of) if isinstance(of, str) else of
