"""Every stream of the settings: what it follows, how it is declared, and how its landed pages are folded."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal, TypeAlias

from connectors.files.settings import FilesSource
from connectors.stream import Stream
from definitions.agreement.model import Definitions
from definitions.mapping.file_stream import FileStream
from flows.home.state_files import StreamState
from flows.run.folding import Shelf, fold_files, fold_pages
from flows.run.sources import STREAMS, VendorSource, envelope_of, meaning_of_files
from flows.settings import Settings
from transforms.conform.readings import READINGS

Place: TypeAlias = tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Configured:
    """What all streams have: `place` is source and stream, as cursors are filed by; `fold` makes the next state."""

    place: Place
    fold: Callable[[Shelf], StreamState]

    @property
    def label(self) -> str:
        """Source and stream, for messages."""
        return ".".join(self.place)


@dataclass(frozen=True, slots=True, kw_only=True)
class VendorStream(_Configured):
    """A stream of a vendor."""

    source: VendorSource
    stream: Stream[Any]

    @property
    def after(self) -> Place | None:
        """The stream of the same source whose landed ids this one asks for; null where it asks by itself."""
        return None if self.stream.after is None else (self.source.name, self.stream.after)

    @property
    def has_flag(self) -> bool:
        """Whether its state keeps since when a flag of each record is set."""
        return bool(self.stream.flag_path)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclaredFile(_Configured):
    """A file that is declared in the settings."""

    source: FilesSource
    stream: FileStream
    after: None = None
    has_flag: Literal[False] = False


ConfiguredStream: TypeAlias = VendorStream | DeclaredFile


def configured_streams(settings: Settings, definitions: Definitions) -> Iterator[ConfiguredStream]:
    """All streams of all sources, in the order of the settings."""
    for source in settings.sources:
        if isinstance(source, FilesSource):
            meaning = meaning_of_files(source, definitions)
            for file in source.streams:
                fold = partial(fold_files, stream=file, meaning=meaning)
                yield DeclaredFile(place=(source.name, file.name), fold=fold, source=source, stream=file)
        else:
            for stream in STREAMS[source.kind]:
                yield _vendor_stream(source, stream)


def _vendor_stream(source: VendorSource, stream: Stream[Any]) -> VendorStream:
    reading = READINGS[source.kind][stream.name]
    fold = partial(
        fold_pages,
        envelope=envelope_of(stream),
        keeps_versions=reading.keeps_versions,
    )
    return VendorStream(place=(source.name, stream.name), fold=fold, source=source, stream=stream)
