"""File stream: the declared format of one file, and the meaning of its columns, as written in the settings.

Nothing is guessed: a date order, a placeholder, an alias or a unit applies only where it is declared, a decimal mark
where it is declared or no value of a column can have the other one.
"""

import codecs
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from definitions.config.mistakes import raise_mistakes
from definitions.config.suggestions import suggestion
from definitions.config.yaml_file import FieldPath
from definitions.mapping.custom_fields import PREFIX
from definitions.mapping.file_columns import (
    DEFAULTS,
    NOT_MAPPED,
    Column,
    DateOrder,
    DecimalMark,
    header_name,
    mapping_mistakes,
)
from definitions.mapping.file_formats import TABLES, Format, format_from_path
from definitions.mapping.source_mapping import OnUnreadable
from definitions.schema.column import Column as CanonicalField
from definitions.schema.records import RECORD_KINDS, RecordKind


class FileStream(BaseModel):
    """One file whose rows are records of one kind; the description of each option documents it."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    name: str = Field(
        pattern=r"^[a-z][a-z0-9_]*$",
        description="Name of the stream, in lower case; part of every record key: `source:name:id`. Do not change it.",
    )
    kind: str = Field(description=f"What a row is: {', '.join(f'`{kind}`' for kind in RECORD_KINDS)}.")
    path: str = Field(
        description="The file, below the data folder (`--data`, or the folder of the settings). `.gz` and `.zst` are "
        "unpacked. A folder, or a pattern such as `exports/*.csv`: each new file is read once, the earliest first."
    )
    dated: Literal["modified", "name"] = Field(
        default="modified",
        description="How fresh a file is: as of when it was `modified`, or of the day in its `name`, "
        "such as `deals-2026-11-28.csv`, to its end in UTC.",
    )
    format: Format = Field(
        default="csv", description="How rows are written; follows the ending of `path` unless given."
    )
    sheet: str | int | None = Field(
        default=None,
        description="Sheet of a workbook, by name or by number from 1; none: the first that is not hidden.",
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
    header_line: int | None = Field(
        default=None,
        ge=1,
        description="Number of the line with the column names, from 1, where others stand before it; none: the first "
        "line that has every column named here.",
    )
    skip_last: int = Field(
        default=0,
        ge=0,
        description="How many of the last lines, blank ones not counted, are no rows; a footer of totals or remarks "
        "after a blank line is known without it.",
    )
    dates: DateOrder = Field(
        default="iso",
        description="Order of dates in figures that are not ISO, such as 03/04/2026; under `iso` they are refused. A "
        "month by name is read under any order. `excel`: day numbers of a spreadsheet, such as 46418 (1900 system).",
    )
    decimal: DecimalMark = Field(
        default=".",
        description="Decimal mark of numbers and amounts. Where none is declared, a column is read with the comma if "
        "some of its values can only be read so (`12,90`) and all the others can.",
    )
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
            mistakes |= mapping_mistakes(self.record_kind, name, column)
        missing = sorted(self.record_kind.required - NOT_MAPPED - DEFAULTS.keys() - self.columns.keys())
        if missing:
            mistakes["columns",] = f"{self.kind} needs {', '.join(missing)}: name a column or a constant"
        mistakes |= {
            (option,): f"{option} needs a table of lines: leave it out for {self.format}"
            for option in ("header_line", "skip_last")
            if getattr(self, option) and self.format not in TABLES
        }
        if self.sheet is not None and self.format != "xlsx":
            mistakes["sheet",] = f"sheet is of workbooks: leave it out for {self.format}"
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

    def declared_mark(self, column: Column) -> DecimalMark | None:
        """Return the decimal mark declared for a column, or for all; None where none is."""
        return column.decimal or (self.decimal if "decimal" in self.model_fields_set else None)

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
