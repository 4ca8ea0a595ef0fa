"""Columns of one customer: class columns with the signed words, and custom fields.

A custom field is named `custom.<name>` wherever a column is named. Its values are stored in the column `custom`.
"""

from collections.abc import Iterable, Mapping

from definitions.schema.classified import CLASS_COLUMN, CLASS_TABLE, CLASS_WORDS, Classified
from definitions.schema.column import Column, Vocabulary
from definitions.schema.facets import Subject

OwnColumns = Mapping[Subject, Mapping[str, Column]]
Custom = Mapping[str, tuple[Column, ...]]
"""Custom fields by kind of record: person, account, opportunity."""


def own_columns(people: Iterable[str], opportunities: Iterable[str], custom: Custom) -> OwnColumns:
    """Return the columns that predicates about each subject may name in addition to the declared ones."""
    person = _class_column("person", people)
    opportunity = _class_column("opportunity", opportunities)
    of_people = {column.name: column for column in (person, *custom.get("person", ()))}
    of_deals = {column.name: column for column in (opportunity, *custom.get("opportunity", ()))}
    of_both = {name: column for name, column in of_people.items() if column == of_deals.get(name)}
    return {"person": of_people, "opportunity": of_deals, "both": of_both}


def _class_column(kind: Classified, words: Iterable[str]) -> Column:
    column = CLASS_TABLE[kind][CLASS_COLUMN[kind]]
    return column.but(vocabulary=Vocabulary(CLASS_WORDS[kind].name, dict.fromkeys(words, "")))
