"""Fields of the customer's own: one entry in the settings of a source, and a typed column of an entity.

`fields: {deal: {custom.region_score: {from: region_score__c, kind: number}}}`, and of a file
`columns: {custom.region_score: {column: Region score, kind: number}}`.
"""

import re
from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from definitions.config.suggestions import suggestion
from definitions.config.yaml_file import FieldPath
from definitions.mapping.source_mapping import OnUnreadable
from definitions.schema.column import (
    BOOLEAN,
    COUNT,
    CRM_FIRST,
    DAY,
    LATEST,
    MOMENT,
    MONEY,
    REAL,
    TEXT,
    Column,
    Kind,
    Source,
)
from definitions.schema.records import RECORD_KINDS, RecordKind
from definitions.schema.shared import CUSTOM

PREFIX = "custom."
_CUSTOM_NAME = re.compile(r"custom\.[a-z][a-z0-9_]*")
OwnKind = Literal["text", "number", "whole", "money", "boolean", "day", "moment"]
_KINDS: Mapping[str, Kind] = {
    "text": TEXT, "number": REAL, "whole": COUNT, "money": MONEY, "boolean": BOOLEAN, "day": DAY, "moment": MOMENT,
}  # fmt: skip

# Lists the custom fields with unreadable values, so that rules and reports can name it.
UNREADABLE = Column(
    f"{PREFIX}unreadable",
    TEXT,
    "Fields of your own whose value in the source is not of their kind, comma separated; null if none.",
    Source(LATEST),
)


class FieldEntry(BaseModel):
    """Origin of a field: `from` is its name in the source; a plain text is short for that name.

    A field of the customer's own has a `kind`, and perhaps `means`, which becomes the comment of its column.
    `on_unreadable` says what an unreadable value costs; with it alone, the field stays mapped as the vendor's folder
    maps it.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    source_field: str | None = Field(default=None, alias="from", min_length=1)
    kind: OwnKind | None = None
    means: str | None = None
    on_unreadable: OnUnreadable = None

    @model_validator(mode="before")
    @classmethod
    def _text_is_a_name(cls, value: Any) -> Any:
        return {"from": value} if isinstance(value, str) else value

    def column(self, name: str) -> Column:
        """Return the column of this field."""
        return own_column(name, self.kind, self.means, of=self.source_field or "the settings")


def own_column(name: str, kind: OwnKind | None, means: str | None, *, of: str) -> Column:
    """Return the column of a customer's own field; a CRM's value survives before another's. `of`: what feeds it."""
    meaning = means or f"Field of your own, from {of}; null where the source does not say."
    return Column(name, _KINDS[kind or "text"], meaning, Source(CRM_FIRST))


def field_mistakes(
    fields: Mapping[str, Mapping[str, FieldEntry]], objects: Mapping[str, RecordKind]
) -> dict[FieldPath, str]:
    """Return the mistakes in the entries of `fields`, by field path; `objects` has the kind of each mapped object."""
    mistakes: dict[FieldPath, str] = {}
    for name, entries in fields.items():
        if name not in objects:
            mistakes[name,] = f"no object {name!r} has fields to map{suggestion(name, objects)}"
            continue
        for field, entry in entries.items():
            if (reason := _field_mistake(name, field, entry, objects[name])) is not None:
                mistakes[name, field] = reason
    return mistakes


def _field_mistake(name: str, field: str, entry: FieldEntry, record: RecordKind) -> str | None:
    """Describe the mistake in one entry of `fields`; null where it is right."""
    if entry.source_field is None and (field.startswith(PREFIX) or "on_unreadable" not in entry.model_fields_set):
        return f"say which field of the source it comes from: {field}: {{from: NAME}}"
    if field.startswith(PREFIX):
        return own_mistake(field, entry.kind, record, example=f"{{from: {entry.source_field}, kind: text}}")
    known_names = [one for one in record.names if one != CUSTOM.name]
    if field not in known_names:
        hint = suggestion(field, known_names, most=len(known_names)) + own_hint(field, record)
        return f"{name} has no field {field!r}{hint}"
    if entry.kind is not None or entry.means is not None:
        return f"{field} is a field of ours; write {field}: {entry.source_field}, or call yours {PREFIX}{field}"
    return None


def own_mistake(name: str, kind: OwnKind | None, record: RecordKind, *, example: str) -> str | None:
    """Describe the mistake in the entry of a customer's own field; null if none. `example` is a correct entry."""
    if CUSTOM.name not in record.names:
        having = ", ".join(one.name for one in RECORD_KINDS.values() if CUSTOM.name in one.names)
        return f"{record.name} has no fields of your own; these have: {having}"
    if kind is None:
        return f"say of which kind it is, too: {example}"
    if not _CUSTOM_NAME.fullmatch(name) or name == UNREADABLE.name:
        return f"a field of your own is called {PREFIX} and lower case words joined by _, and not {UNREADABLE.name}"
    return None


def own_hint(name: str, record: RecordKind) -> str:
    """Suggest the name of the field as a customer's own; empty text if records of the kind have no own fields."""
    return f". A field of your own is called {PREFIX}{name}" if CUSTOM.name in record.names else ""


def member(column: Column) -> str:
    """Return the key of the column in the JSON object `custom`, which is also its name in the view.

    >>> member(UNREADABLE)
    'unreadable'
    """
    return column.name.removeprefix(PREFIX)
