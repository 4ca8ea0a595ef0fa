"""Polars expressions of mapping entries, over the fields of a source record."""

from collections.abc import Mapping

import polars as pl

from definitions.mapping.entries import (
    Aliases,
    Computed,
    Constant,
    Currency,
    Entry,
    FirstOf,
    Keys,
    Reference,
    Text,
    Vocabulary,
    Words,
    filled,
    source_field,
)
from definitions.mapping.ids import canonical_id
from definitions.mapping.source_mapping import SourceMapping
from transforms.conform.typed import translated
from transforms.values.placeholders import without_placeholders
from transforms.values.text import clean


def expression(entry: Entry, source: SourceMapping) -> pl.Expr:  # noqa: PLR0911 - one case an entry
    """Compile an entry to text; `Keys` to a list of text, `Computed` to its own type."""
    match entry:
        case Text():
            return _text(entry)
        case Constant(value=value):
            return pl.lit(value)
        case Currency(field=name):
            return pl.coalesce(filled(name), pl.lit(source.currency))
        case Words():
            return _shared_word(entry, source)
        case Aliases(of=of):
            return _aliased(expression(of, source), entry)
        case Reference():
            return _record_key(entry, source)
        case Keys(references=references):
            return pl.concat_list(_record_key(one, source) for one in references).list.drop_nulls()
        case FirstOf(entries=entries):
            return pl.coalesce(expression(one, source) for one in entries)
        case Computed(expression=computed):
            return computed


def meanings(vocabulary: Vocabulary, source: SourceMapping) -> Mapping[str, str]:
    """Merge the words of a vocabulary with those of the settings, which take precedence."""
    return {**vocabulary.words, **source.words(vocabulary.settings)}


def _aliased(text: pl.Expr, aliases: Aliases) -> pl.Expr:
    if not aliases.values:
        return text
    if aliases.others == "keep":
        resolved = text.replace(aliases.values)
    else:
        resolved = text.replace_strict(aliases.values, default=None, return_dtype=pl.String)
    return pl.when(resolved != "").then(resolved)


def _text(entry: Text) -> pl.Expr:
    if entry.nulls is not None:
        return without_placeholders(clean(source_field(entry.fields[0])), entry.nulls)
    if len(entry.fields) > 1:
        return pl.coalesce(filled(name) for name in entry.fields)
    return source_field(entry.fields[0])


def _shared_word(entry: Words, source: SourceMapping) -> pl.Expr:
    text = expression(entry.of, source)
    word = translated(text, meanings(entry.vocabulary, source))
    shared = pl.when(word != "").then(word)
    if entry.other is None:
        return shared
    return pl.when(text.str.strip_chars() != "").then(pl.coalesce(shared, pl.lit(entry.other)))


def _record_key(entry: Reference, source: SourceMapping) -> pl.Expr:
    where = source.linked_source if entry.is_linked else source.source
    if where is None:
        return pl.lit(None, pl.String)
    identity = canonical_id(expression(entry.of, source))
    if isinstance(entry.to, str):
        target = entry.to if ":" in entry.to else f"{where}:{entry.to}"
        return pl.concat_str(pl.lit(f"{target}:"), identity)
    to = pl.lit(entry.to.get(""), pl.String)
    for beginning, name in entry.to.items():
        if beginning:
            to = pl.when(identity.str.starts_with(beginning)).then(pl.lit(name)).otherwise(to)
    return pl.concat_str(pl.lit(f"{where}:"), to, pl.lit(":"), identity)
