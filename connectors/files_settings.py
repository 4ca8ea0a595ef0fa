"""What bantam.yaml says of a folder of files: its name, its zone and currency, its stages, and one stream a file."""

from collections.abc import Mapping
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from definitions.file_stream import FileStream
from definitions.mistakes import refuse
from definitions.source_words import FileStageWord, TimeZone
from definitions.suggestions import suggestion
from definitions.yaml_file import Place


class FilesSource(BaseModel):
    """A folder of files. `time_zone` null: the reporting zone, so that a day in a file is that day in every report.

    `stages` maps a stage label, or `pipeline/label`, to a canonical stage, in the order of the funnel.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    kind: Literal["files"]
    role: Literal["crm", "marketing"] = "crm"
    time_zone: TimeZone | None = None
    currency: str | None = Field(default=None, pattern=r"^[A-Z]{3}$")
    region: str | None = Field(default=None, pattern=r"^[A-Z]{2}$")
    stages: Mapping[str, FileStageWord] = {}
    streams: tuple[FileStream, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _is_coherent(self) -> "FilesSource":
        names = [stream.name for stream in self.streams]
        mistakes: dict[Place, str] = {}
        for number, stream in enumerate(self.streams):
            place: Place = ("streams", number)
            if stream.name in names[:number]:
                mistakes[*place, "name"] = f"two streams are called {stream.name!r}; give each a name of its own"
            if "source_stage" in stream.columns and not self.stages:
                mistakes[*place, "columns", "source_stage"] = "a source with a stage column needs `stages`"
            mistakes |= _references(stream, place, names)
        refuse(mistakes)
        return self


def _references(stream: FileStream, place: Place, names: list[str]) -> dict[Place, str]:
    """Columns that hold the id of a stream that is not there, by their place."""
    return {
        (*place, "columns", field, "refers_to"): f"{field}: no stream is called so{suggestion(named, names)}"
        for field, column in stream.columns.items()
        if (named := column.refers_to) is not None and ":" not in named and named not in names
    }
