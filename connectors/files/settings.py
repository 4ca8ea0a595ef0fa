"""Settings of a folder of files in bantam.yaml: name, time zone, currency, stages, and one stream per file."""

from collections.abc import Iterator, Mapping
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from connectors.settings import source_mapping
from definitions.agreement.model import Definitions
from definitions.config.mistakes import raise_mistakes
from definitions.config.suggestions import suggestion
from definitions.config.yaml_file import FieldPath
from definitions.mapping.file_stream import FileStream
from definitions.mapping.source_mapping import SourceMapping
from definitions.mapping.source_words import FileStageWord, TimeZone
from definitions.schema.column import Column
from definitions.schema.vocabulary import CANONICAL_STAGE


class FilesSource(BaseModel):
    """A folder of files; each option is documented in its description."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(
        pattern=r"^[a-z][a-z0-9_]*$",
        description="Name of the source, in lower case; part of every record key. Do not change it.",
    )
    kind: Literal["files"] = Field(description="That this source is files.")
    role: Literal["crm", "marketing"] = Field(
        default="crm", description="Whose word counts where sources differ: the CRM's before marketing's."
    )
    time_zone: TimeZone | None = Field(
        default=None,
        description="Zone of times without an offset, such as `Europe/Berlin`; none: that of the reports, so that a "
        "day in a file is that day in every report.",
    )
    currency: str | None = Field(
        default=None,
        pattern=r"^[A-Z]{3}$",
        description="Currency of amounts that name none, ISO 4217; none: that of the reports.",
    )
    region: str | None = Field(
        default=None,
        pattern=r"^[A-Z]{2}$",
        description="Country of telephone numbers without one, ISO 3166 alpha-2; none: only those with a country code "
        "are read.",
    )
    stages: Mapping[str, FileStageWord] = Field(
        default={},
        description="Canonical stage of each stage label, or of `pipeline/label`, in the order of the funnel: "
        f"{', '.join(f'`{stage}`' for stage in CANONICAL_STAGE.names)}.",
    )
    streams: tuple[FileStream, ...] = Field(min_length=1, description="The files, one stream each.")

    @model_validator(mode="after")
    def _is_coherent(self) -> "FilesSource":
        names = [stream.name for stream in self.streams]
        mistakes: dict[FieldPath, str] = {}
        for number, stream in enumerate(self.streams):
            field_path: FieldPath = ("streams", number)
            if stream.name in names[:number]:
                mistakes[*field_path, "name"] = f"two streams are called {stream.name!r}; give each a name of its own"
            if "source_stage" in stream.columns and not self.stages:
                mistakes[*field_path, "columns", "source_stage"] = "a source with a stage column needs `stages`"
            mistakes |= _references(stream, field_path, names)
        raise_mistakes(mistakes)
        return self

    @property
    def sweep_every(self) -> None:
        """Return None: each file is read whole."""

    def custom_columns(self) -> Iterator[tuple[FieldPath, str, Column]]:
        """Each entry of a customer's own field: its place in the source, the kind of record, its column."""
        for number, stream in enumerate(self.streams):
            for column in stream.custom:
                yield ("streams", number, "columns", column.name), stream.kind, column

    def account(self) -> None:
        """Return None: a folder has no account."""

    def mapping(self, definitions: Definitions) -> SourceMapping:
        """What the source means by its words, under these definitions."""
        return source_mapping(self, definitions)


def _references(stream: FileStream, field_path: FieldPath, names: list[str]) -> dict[FieldPath, str]:
    """Return the columns that refer to a missing stream, by field path."""
    return {
        (*field_path, "columns", field, "refers_to"): f"{field}: no stream is called so{suggestion(named, names)}"
        for field, column in stream.columns.items()
        if (named := column.refers_to) is not None and ":" not in named and named not in names
    }
