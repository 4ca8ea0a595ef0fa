"""What bantam.yaml says of a folder of files: its name, its zone and currency, its stages, and one stream a file."""

from collections.abc import Mapping
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from definitions.file_stream import FileStream
from definitions.vocabulary import CANONICAL_STAGE


class FilesSource(BaseModel):
    """A folder of files; each option says what it means in its description."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(
        pattern=r"^[a-z][a-z0-9_]*$",
        description="Name of the source, in lower case; part of every record key. Do not change it.",
    )
    kind: Literal["files"] = Field(description="That this source is files.")
    role: Literal["crm", "marketing"] = Field(
        default="crm", description="Whose word counts where sources differ: the CRM's before marketing's."
    )
    time_zone: str | None = Field(
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
    stages: Mapping[str, str] = Field(
        default={},
        description="Canonical stage of each stage label, or of `pipeline/label`, in the order of the funnel: "
        f"{', '.join(f'`{stage}`' for stage in CANONICAL_STAGE)}.",
    )
    streams: tuple[FileStream, ...] = Field(min_length=1, description="The files, one stream each.")

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
