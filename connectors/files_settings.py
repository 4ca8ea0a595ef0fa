"""What bantam.yaml says of a folder of files: its name, its zone and currency, its stages, and one stream a file."""

from collections.abc import Mapping
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from definitions.file_stream import FileStream
from definitions.vocabulary import CANONICAL_STAGE


class FilesSource(BaseModel):
    """A folder of files. `time_zone` null: the reporting zone, so that a day in a file is that day in every report.

    `stages` maps a stage label, or `pipeline/label`, to a canonical stage, in the order of the funnel.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    kind: Literal["files"]
    role: Literal["crm", "marketing"] = "crm"
    time_zone: str | None = None
    currency: str | None = Field(default=None, pattern=r"^[A-Z]{3}$")
    region: str | None = Field(default=None, pattern=r"^[A-Z]{2}$")
    stages: Mapping[str, str] = {}
    streams: tuple[FileStream, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _is_coherent(self) -> "FilesSource":
        names = [stream.name for stream in self.streams]
        doubled = sorted({name for name in names if names.count(name) > 1})
        if doubled:
            raise ValueError(f"stream names used twice: {', '.join(doubled)}")
        strangers = sorted(set(self.stages.values()) - set(CANONICAL_STAGE))
        if strangers:
            raise ValueError(f"stages: {', '.join(strangers)} is none of {', '.join(CANONICAL_STAGE)}")
        for stream in self.streams:
            _check_references(stream, names)
            if "source_stage" in stream.columns and not self.stages:
                raise ValueError(f"{stream.name}: a source with a stage column needs `stages`")
        return self


def _check_references(stream: FileStream, names: list[str]) -> None:
    for field, column in stream.columns.items():
        if column.refers_to is not None and ":" not in column.refers_to and column.refers_to not in names:
            raise ValueError(f"{stream.name}.{field}: refers_to {column.refers_to!r} is none of {', '.join(names)}")
