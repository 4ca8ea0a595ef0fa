"""Columns of a file: where each canonical field comes from, and how its values are written."""

import unicodedata
from collections.abc import Mapping
from decimal import Decimal
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from definitions.config.suggestions import suggestion
from definitions.config.yaml_file import FieldPath
from definitions.mapping.custom_fields import PREFIX, OwnKind, own_column, own_hint, own_mistake
from definitions.mapping.source_mapping import OnUnreadable
from definitions.schema.column import Column as CanonicalField
from definitions.schema.column import Kind
from definitions.schema.records import RecordKind

DateOrder = Literal["iso", "day_first", "month_first", "excel"]
DecimalMark = Literal[".", ","]

# Derived from the stream itself, or, for a list of keys, not available from one cell.
NOT_MAPPED = frozenset({"record_key", "source_system", "source_object", "source_id", "same_as_keys", "custom"})
# Values of required flags that no column maps; `is_active` has no default: it must be mapped.
DEFAULTS = {"is_queue": False, "is_inferred": False, "is_primary": False, "is_deleted": False}


def header_name(text: str) -> str:
    """Normalise a column name for comparison: strip blanks and invisible marks, compose accents; keep the case."""
    return unicodedata.normalize("NFC", text).strip(" \t\r\n\u00a0\u200b\ufeff")


class Column(BaseModel):
    """Origin of one canonical field; the description of each option documents it."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    column: str | None = Field(
        default=None, description="Name of the column in the file; outer blanks are ignored, case counts."
    )
    constant: str | bool | int | None = Field(
        default=None, description="A value that holds for every row, where the file has no column for it."
    )
    values: Mapping[str, str] = Field(
        default={}, description="Aliases: what a word of the file means, letter for letter after trimming."
    )
    others: Literal["keep", "ignore", "refuse"] = Field(
        default="keep",
        description="What a word without an alias is: itself (`keep`), nothing (`ignore`), a value that cannot be read "
        "(`refuse`).",
    )
    refers_to: str | None = Field(
        default=None,
        pattern=r"^[a-z][a-z0-9_]*(:[a-z][a-z0-9_]*)?$",
        description="The stream whose `id` the column holds, or `source:object` of another source.",
    )
    nulls: tuple[str, ...] | None = Field(
        default=None, strict=False, description="Placeholders of this column, in place of those of the stream."
    )
    times: Decimal | None = Field(
        default=None,
        gt=0,
        strict=False,
        description="Unit in which the column counts, a power of ten: 1000 where it is in thousands.",
    )
    dates: DateOrder | None = Field(default=None, description="As `dates` of the stream, for this column.")
    decimal: DecimalMark | None = Field(default=None, description="As `decimal` of the stream, for this column.")
    # Out of `repr`, of which the digest of a way of reading is made: how a file is read does not depend on them.
    on_unreadable: OnUnreadable = Field(
        default=None,
        repr=False,
        description="What a value that cannot be read costs: itself (`null`: the row stays), its row (`quarantine`), "
        "or the run (`stop`).",
    )
    kind: OwnKind | None = Field(
        default=None,
        repr=False,
        description="What a field of your own, `custom.<name>`, holds; required there, and only there.",
    )
    means: str | None = Field(
        default=None,
        repr=False,
        description="What a field of your own means; the comment of its column in the warehouse.",
    )

    @field_validator("column")
    @classmethod
    def _as_compared(cls, column: str | None) -> str | None:
        return None if column is None else header_name(column)

    @field_validator("times")
    @classmethod
    def _is_power_of_ten(cls, times: Decimal | None) -> Decimal | None:
        if times is not None and times.normalize().as_tuple().digits != (1,):
            raise ValueError("must be a power of ten, such as 1000 or 1000000")
        return times

    @property
    def power(self) -> int:
        """Exponent of the unit the column counts in, a power of ten; 0 for ones."""
        return 0 if self.times is None else self.times.adjusted()

    def own_field(self, name: str) -> CanonicalField:
        """Give the column of a customer's own field that this one feeds."""
        return own_column(name, self.kind, self.means, of=f"column {self.column}" if self.column else "the settings")

    @model_validator(mode="after")
    def _has_one_origin(self) -> "Column":
        if (self.column is None) == (self.constant is None):
            raise ValueError("write either `column` or `constant`, not both and not neither")
        return self


def mapping_mistakes(kind: RecordKind, name: str, column: Column) -> dict[FieldPath, str]:
    """Return what is wrong with the declaration of one field, by field path in the stream."""
    field_path: FieldPath = ("columns", name)
    is_own, example = name.startswith(PREFIX), f"{{column: {column.column or name}, kind: text}}"
    if is_own and (reason := own_mistake(name, column.kind, kind, example=example)) is not None:
        return {field_path: reason}
    fields = (column.own_field(name),) if is_own else kind.fields
    field = next((field for field in fields if field.name == name), None)
    if field is None or name in NOT_MAPPED:
        mapped = [one for one in kind.names if one not in NOT_MAPPED]
        reason = suggestion(name, mapped, most=len(mapped)) + own_hint(name, kind)
        return {field_path: f"{kind.name} has no field {name!r} to map{reason}"}
    if not is_own and (column.kind is not None or column.means is not None):
        return {field_path: f"{name} is a field of ours; leave out `kind` and `means`, or call yours {PREFIX}{name}"}
    if (column.refers_to is not None) != name.endswith("_key"):
        return {field_path: f"{name}: `refers_to` belongs to fields that end in _key, and they need it"}
    return _option_mistakes(field, column, field_path) | _words_outside(field, column, field_path)


def _option_mistakes(field: CanonicalField, column: Column, field_path: FieldPath) -> dict[FieldPath, str]:
    """Return the options of a column that its field cannot have, by field path."""
    mistakes: dict[FieldPath, str] = {}
    if column.times is not None and field.kind not in {Kind.MONEY, Kind.REAL, Kind.INTEGER, Kind.COUNT}:
        mistakes[*field_path, "times"] = f"{field.name}: `times` needs a number"
    if column.on_unreadable is not None and field.name == "is_deleted":
        mistakes[*field_path, "on_unreadable"] = "a deletion mark that cannot be read always sets its row aside"
    return mistakes


def _words_outside(field: CanonicalField, column: Column, field_path: FieldPath) -> dict[FieldPath, str]:
    """Return a mistake for each word outside the field's vocabulary, by field path; a free text has none."""
    if not field.values:
        return {}
    declared: dict[FieldPath, str] = {(*field_path, "values", word): meaning for word, meaning in column.values.items()}
    if column.constant is not None:
        declared[*field_path, "constant"] = str(column.constant)
    return {
        path: f"this is no {field.name}{suggestion(word, field.values)}"
        for path, word in declared.items()
        if word not in {*field.values, ""}
    }
