"""Mapping entries: the origin of one canonical field. They make up a source's mapping, in Python or in YAML.

An entry names fields of the source and their meaning; `transforms.conform.expressions` compiles it to Polars. Types are
applied later: every field is parsed by its kind, so that an unreadable value is reported with its field.
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
    """Words that a source uses in one field, and their meaning; case is ignored. "" means accepted, but no meaning.

    Words of the settings (`settings` names which) take precedence over `words`. `scope` is the canonical field whose
    word may precede a word of the settings, as `pipeline/stage`.
    """

    words: Mapping[str, str] = field(default_factory=dict)
    settings: SettingsWords | None = None
    scope: str | None = None


@dataclass(frozen=True, slots=True)
class Text:
    """Text of a field, unchanged; of several, the first that is not blank.

    `vocabulary`: a word outside it quarantines the record. `nulls`: declared placeholders of text that people typed,
    which is cleaned first; None for text that the source generates.
    """

    fields: tuple[str, ...]
    vocabulary: Vocabulary | None = None
    nulls: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Constant:
    """One value for every record."""

    value: str | bool


@dataclass(frozen=True, slots=True)
class Currency:
    """Currency code of a field; where that is blank, the currency of the source's settings."""

    field: str


@dataclass(frozen=True, slots=True)
class Words:
    """Canonical word for the source's word in a vocabulary; null where it has none. `other` replaces any other word."""

    of: "Entry"
    vocabulary: Vocabulary
    other: str | None = None


@dataclass(frozen=True, slots=True)
class Aliases:
    """Meaning of a text, matched exactly; `others` says what happens to a text without an alias."""

    of: "Entry"
    values: Mapping[str, str]
    others: Others = "keep"


@dataclass(frozen=True, slots=True)
class Reference:
    """Record key of the object that an id refers to; null where the id is blank.

    `to` is the object (`source:object` in another source), or the object for each prefix of an id; an id with another
    prefix refers to the object of "", or to none. `is_linked`: the id belongs to the linked source.
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
    """Polars expression over `source_field`s and the columns of the state, for what no other entry can express."""

    expression: pl.Expr


Entry: TypeAlias = Text | Constant | Currency | Words | Aliases | Reference | Keys | FirstOf | Computed


def source_field(name: str) -> pl.Expr:
    """Return a field of the source's record, as text."""
    return pl.col(source_column(name))


def source_column(name: str) -> str:
    """Return the name of the column that holds a field of the source's record; it equals no canonical name."""
    return _PREFIX + name


def filled(name: str) -> pl.Expr:
    """A field of the source's record without outer blanks; null where nothing is left."""
    return blank_to_null(source_field(name))


def blank_to_null(text: pl.Expr) -> pl.Expr:
    """Text without outer blanks; null where nothing is left.

    >>> pl.select(blank_to_null(pl.lit(pl.Series([" Ada ", "  "])))).to_series().to_list()
    ['Ada', None]
    """
    trimmed = text.str.strip_chars()
    return pl.when(trimmed != "").then(trimmed)


def is_true(name: str) -> pl.Expr:
    """Whether a field of the source's record is `true`; null where it is null."""
    return source_field(name).str.to_lowercase() == "true"


def text(*fields: str, vocabulary: Vocabulary | None = None) -> Text:
    """Read the text of a field; of several, the first that is not blank."""
    return Text(fields, vocabulary)


def words(of: "str | Entry", vocabulary: Vocabulary | Mapping[str, str], *, other: str | None = None) -> Words:
    """Translate the source's word to the canonical word."""
    return Words(_entry(of), vocabulary if isinstance(vocabulary, Vocabulary) else Vocabulary(vocabulary), other)


def reference(of: "str | Entry", *, to: str | Mapping[str, str]) -> Reference:
    """Build the record key of the object that an id refers to, in the same source."""
    return Reference(_entry(of), to)


def linked(**objects: str) -> Keys:
    """Build record keys in the linked source: each argument is a field and the object it refers to."""
    return Keys(tuple(Reference(text(name), to, is_linked=True) for name, to in objects.items()))


def first_of(*entries: "Entry") -> FirstOf:
    """Take the first entry that is not null."""
    return FirstOf(entries)


constant, currency, computed = Constant, Currency, Computed


def fields_of(entry: Entry) -> Iterator[str]:
    """Yield the fields of the source that an entry reads."""
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
