"""File stream: the declared format of one file, and the meaning of its columns, as written in the settings.

Nothing is guessed: a date order, a decimal mark, a placeholder, an alias or a unit applies only where it is declared.
"""

import codecs
import unicodedata
from collections.abc import Mapping
from decimal import Decimal
from pathlib import PurePosixPath
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from definitions.config.mistakes import raise_mistakes
from definitions.config.suggestions import suggestion
from definitions.config.yaml_file import FieldPath
from definitions.mapping.custom_fields import PREFIX, OwnKind, own_column, own_hint, own_mistake
from definitions.mapping.file_format import Format, format_from_path
from definitions.mapping.source_mapping import OnUnreadable
from definitions.schema.column import Column as CanonicalField
from definitions.schema.column import Kind
from definitions.schema.records import RECORD_KINDS, RecordKind

DateOrder = Literal["iso", "day_first", "month_first"]
DecimalMark = Literal[".", ","]

# Derived from the stream itself, or, for a list of keys, not available from one cell.
NOT_MAPPED = frozenset({"record_key", "source_system", "source_object", "source_id", "same_as_keys", "custom"})
# Values of required flags that no column maps; `is_active` has no default: it must be mapped.
DEFAULTS = {"is_queue": False, "is_inferred": False, "is_primary": False, "is_deleted": False}


def header_name(text: str) -> str:
    """Normalise a column name for comparison: strip blanks and invisible marks, compose accents; keep the case."""
    return unicodedata.normalize("NFC", text).strip(" \t\r\n\u00a0\u200b\ufeff")


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Column(_Strict):
    """Origin of one canonical field; the description of each option documents it."""

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


class FileStream(_Strict):
    """One file whose rows are records of one kind; the description of each option documents it."""

    name: str = Field(
        pattern=r"^[a-z][a-z0-9_]*$",
        description="Name of the stream, in lower case; part of every record key: `source:name:id`. Do not change it.",
    )
    kind: str = Field(description=f"What a row is: {', '.join(f'`{kind}`' for kind in RECORD_KINDS)}.")
    path: str = Field(
        description="The file, below the data folder (`--data`, or the folder of the settings). `.gz` and `.zst` are "
        "unpacked."
    )
    format: Format = Field(
        default="csv", description="How rows are written; follows the ending of `path` unless given."
    )
    encoding: str = Field(
        default="utf-8", description="Text encoding, such as `utf-8`, `cp1252` (Windows), `latin-1` or `utf-16`."
    )
    delimiter: str = Field(
        default=",",
        min_length=1,
        max_length=1,
        description="What parts the cells of a `csv`, such as `';'`; of a `tsv` it is `\"\\t\"` unless given.",
    )
    quote: str | None = Field(
        default='"', min_length=1, max_length=1, description="What quotes a cell; `null` where nothing does."
    )
    dates: DateOrder = Field(
        default="iso",
        description="Order of dates in figures that are not ISO, such as 03/04/2026; under `iso` they are refused. A "
        "month by name is read under any order.",
    )
    decimal: DecimalMark = Field(default=".", description="Decimal mark of numbers and amounts.")
    nulls: tuple[str, ...] = Field(
        default=(), strict=False, description="Placeholders that mean nothing was filled in, such as `N/A` or `-`."
    )
    id: str = Field(description="The column that identifies a row; every row has one, and no two share one.")
    complete: bool = Field(
        default=True,
        description="The file always holds every record, so that one that is no longer in it is gone. `false`: it "
        "holds changes only.",
    )
    unpacked_limit_mb: int = Field(
        default=512,
        ge=1,
        description="Megabytes that the file may have, unpacked; a larger one is refused. A run needs several times as "
        "much memory.",
    )
    columns: Mapping[str, Column] = Field(
        description="Where each canonical field comes from: the name of a column, or a mapping as described below."
    )

    @model_validator(mode="before")
    @classmethod
    def _short_forms(cls, value: object) -> object:
        """A bare column name stands for `{column: name}`; format and delimiter follow the path."""
        if not isinstance(value, dict):
            return value
        content = dict(value)
        if isinstance(columns := content.get("columns"), Mapping):
            content["columns"] = {k: {"column": v} if isinstance(v, str) else v for k, v in columns.items()}
        if "format" not in content and isinstance(content.get("path"), str):
            content["format"] = format_from_path(content["path"])
        if "delimiter" not in content and content.get("format") == "tsv":
            content["delimiter"] = "\t"
        return content

    @field_validator("id")
    @classmethod
    def _as_compared(cls, column: str) -> str:
        return header_name(column)

    @field_validator("path")
    @classmethod
    def _stays_inside(cls, path: str) -> str:
        if PurePosixPath(path).is_absolute() or ".." in PurePosixPath(path).parts:
            raise ValueError("the path is relative to the data folder and stays inside it")
        return path

    @field_validator("encoding")
    @classmethod
    def _is_known(cls, encoding: str) -> str:
        try:
            "".encode(encoding)
        except LookupError:
            raise ValueError(f"no text encoding is called {encoding!r}; try utf-8, utf-16, latin-1 or cp1252") from None
        return codecs.lookup(encoding).name

    @model_validator(mode="after")
    def _fits_its_kind(self) -> "FileStream":
        if self.kind not in RECORD_KINDS:
            raise_mistakes({("kind",): f"no records are of this kind{suggestion(self.kind, RECORD_KINDS)}"})
        mistakes: dict[FieldPath, str] = {}
        for name, column in self.columns.items():
            mistakes |= _mistakes(self.record_kind, name, column)
        missing = sorted(self.record_kind.required - NOT_MAPPED - DEFAULTS.keys() - self.columns.keys())
        if missing:
            mistakes["columns",] = f"{self.kind} needs {', '.join(missing)}: name a column or a constant"
        raise_mistakes(mistakes)
        return self

    @property
    def record_kind(self) -> RecordKind:
        """Kind of record that the rows are conformed to."""
        return RECORD_KINDS[self.kind]

    @property
    def custom(self) -> tuple[CanonicalField, ...]:
        """Columns of the customer's own fields, in the order of the settings."""
        return tuple(column.own_field(name) for name, column in self.columns.items() if name.startswith(PREFIX))

    @property
    def on_unreadable(self) -> Mapping[str, OnUnreadable]:
        """What an unreadable value costs, by field."""
        return {name: column.on_unreadable for name, column in self.columns.items()}

    @property
    def version(self) -> str | None:
        """Column with the time of a record's last change; null where the stream maps none."""
        column = self.columns.get("source_updated_at")
        return None if column is None else column.column

    @property
    def needed_columns(self) -> tuple[str, ...]:
        """Names of the columns that the file must have, sorted."""
        return tuple(sorted({self.id, *(column.column for column in self.columns.values() if column.column)}))


def _mistakes(kind: RecordKind, name: str, column: Column) -> dict[FieldPath, str]:
    """What is wrong with the declaration of one field, by field path in the stream."""
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
