"""Fields of the customer's own: one entry under `fields` of a source, and a typed column of an entity.

`fields: {deal: {custom.region_score: {from: region_score__c, kind: number}}}`
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from definitions.config.suggestions import suggestion
from definitions.config.yaml_file import FieldPath
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
from definitions.schema.entity import RecordKind

PREFIX = "custom."
_CUSTOM_NAME = re.compile(r"custom\.[a-z][a-z0-9_]*")
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
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    source_field: str = Field(alias="from", min_length=1)
    kind: Literal["text", "number", "whole", "money", "boolean", "day", "moment"] | None = None
    means: str | None = None

    @model_validator(mode="before")
    @classmethod
    def _text_is_a_name(cls, value: Any) -> Any:
        return {"from": value} if isinstance(value, str) else value

    def column(self, name: str) -> Column:
        """Return the column; a CRM's value survives before another's."""
        means = self.means or f"Field of your own, from {self.source_field}; null where the source does not say."
        return Column(name, _KINDS[self.kind or "text"], means, Source(CRM_FIRST))


def field_mistakes(
    fields: Mapping[str, Mapping[str, FieldEntry]], objects: Mapping[str, RecordKind]
) -> dict[FieldPath, str]:
    """Return the mistakes in the entries of `fields`, by field path; `objects` has the kind of each mapped object."""
    mistakes: dict[FieldPath, str] = {}
    for name, entries in fields.items():
        if name not in objects:
            mistakes[name,] = f"no object {name!r} has fields to map{suggestion(name, objects)}"
            continue
        known_names = [field for field in objects[name].names if field != "custom"]
        for field, entry in entries.items():
            if (reason := _field_mistake(name, field, entry, known_names)) is not None:
                mistakes[name, field] = reason
    return mistakes


def _field_mistake(name: str, field: str, entry: FieldEntry, known_names: Sequence[str]) -> str | None:
    """Describe the mistake in one entry of `fields`; null where there is none."""
    if field.startswith(PREFIX):
        if entry.kind is None:
            return f"say of which kind it is, too: {{from: {entry.source_field}, kind: text}}"
        if not _CUSTOM_NAME.fullmatch(field) or field == UNREADABLE.name:
            return f"a field of your own is called {PREFIX} and lower case words joined by _, and not {UNREADABLE.name}"
        return None
    if field not in known_names:
        hint = suggestion(field, known_names, most=len(known_names))
        return f"{name} has no field {field!r}{hint}. A field of your own is called {PREFIX}{field}"
    if entry.kind is not None or entry.means is not None:
        return f"{field} is a field of ours; write {field}: {entry.source_field}, or call yours {PREFIX}{field}"
    return None


def member(column: Column) -> str:
    """Return the key of the column in the JSON object `custom`, which is also its name in the view.

    >>> member(UNREADABLE)
    'unreadable'
    """
    return column.name.removeprefix(PREFIX)
