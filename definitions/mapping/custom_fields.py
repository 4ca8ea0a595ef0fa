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

# What tells of values that cannot be read, so that a rule or a report may name it.
UNREADABLE = Column(
    f"{PREFIX}unreadable",
    TEXT,
    "Fields of your own whose value in the source is not of their kind, comma separated; null if none.",
    Source(LATEST),
)


class FieldEntry(BaseModel):
    """Where the value of a field comes from (`from`, as the source names it); text alone is that name.

    A field of the customer's own has a `kind`, and perhaps `means`, which becomes the comment of its column.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    source_field: str = Field(alias="from", min_length=1)
    kind: Literal["text", "number", "whole", "money", "boolean", "day", "moment"] | None = None
    means: str | None = None

    @model_validator(mode="before")
    @classmethod
    def _text_is_a_name(cls, given: Any) -> Any:
        return {"from": given} if isinstance(given, str) else given

    def column(self, name: str) -> Column:
        """Give the column; a CRM's value survives before another's."""
        said = self.means or f"Field of your own, from {self.source_field}; null where the source does not say."
        return Column(name, _KINDS[self.kind or "text"], said, Source(CRM_FIRST))


def field_mistakes(
    fields: Mapping[str, Mapping[str, FieldEntry]], objects: Mapping[str, RecordKind]
) -> dict[FieldPath, str]:
    """Say what is wrong with the entries of `fields`, by place; `objects` are those that have any, with their kind."""
    mistakes: dict[FieldPath, str] = {}
    for name, chosen in fields.items():
        if name not in objects:
            mistakes[name,] = f"no object {name!r} has fields to map{suggestion(name, objects)}"
            continue
        known = [field for field in objects[name].names if field != "custom"]
        for field, given in chosen.items():
            if (said := _field_mistake(name, field, given, known)) is not None:
                mistakes[name, field] = said
    return mistakes


def _field_mistake(name: str, field: str, given: FieldEntry, known: Sequence[str]) -> str | None:
    """What is wrong with one entry of `fields`; null where it is right."""
    if field.startswith(PREFIX):
        if given.kind is None:
            return f"say of which kind it is, too: {{from: {given.source_field}, kind: text}}"
        if not _CUSTOM_NAME.fullmatch(field) or field == UNREADABLE.name:
            return f"a field of your own is called {PREFIX} and lower case words joined by _, and not {UNREADABLE.name}"
        return None
    if field not in known:
        hint = suggestion(field, known, most=len(known))
        return f"{name} has no field {field!r}{hint}. A field of your own is called {PREFIX}{field}"
    if given.kind is not None or given.means is not None:
        return f"{field} is a field of ours; write {field}: {given.source_field}, or call yours {PREFIX}{field}"
    return None


def member(column: Column) -> str:
    """Name of the column's value in the JSON object `custom`, and in the view of it.

    >>> member(UNREADABLE)
    'unreadable'
    """
    return column.name.removeprefix(PREFIX)
