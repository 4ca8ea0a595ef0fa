"""Every stream of the settings: what it follows, and how it is pulled, folded and conformed."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

import polars as pl

from connectors.extract import PullResult
from connectors.landing.erased import ErasedList, StreamEraser
from connectors.registry import SOURCE_TYPES
from connectors.settings import SourceSettings
from connectors.stream import Stream
from definitions.agreement.model import Definitions
from definitions.fault_limit import VALUES, FaultLimit
from definitions.mapping.file_stream import FileStream
from definitions.mapping.source_mapping import SourceMapping
from flows.erasure.stream_eraser import eraser_of_file, eraser_of_vendor
from flows.home.spill import Spill
from flows.home.state_files import StreamState
from flows.run.extraction import ExtractContext, pull_file_stream, pull_vendor_stream
from flows.run.folding import StateStore, fold_files, fold_pages
from flows.run.reading import heard_file, heard_vendor
from flows.run.sources import OpenedSource
from flows.settings import Settings
from transforms.pipeline.gathering import ConformedStream

StreamKey: TypeAlias = tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Configured:
    """What all streams have: the settings of their source, and what it means by its words."""

    source: SourceSettings
    meaning: SourceMapping

    stream: Any

    @property
    def name(self) -> str:
        """Name of the stream."""
        return str(self.stream.name)

    @property
    def place(self) -> StreamKey:
        """Source and stream, as cursors are filed by."""
        return self.source.name, self.name

    @property
    def label(self) -> str:
        """Source and stream, for messages."""
        return ".".join(self.place)


@dataclass(frozen=True, slots=True, kw_only=True)
class VendorStream(_Configured):
    """A stream of a vendor. It is asked for changes, so that its state is made of pages of many runs."""

    stream: Stream[Any]
    asks_for_changes = True
    increment = None
    path = None

    @property
    def object(self) -> str:
        """What the source calls an object of the stream; part of every record key."""
        return self.stream.object

    @property
    def after(self) -> StreamKey | None:
        """The stream of the same source whose landed ids this one asks for; null where it asks by itself."""
        return None if self.stream.after is None else (self.source.name, self.stream.after)

    @property
    def has_flag(self) -> bool:
        """Whether its state keeps since when a flag of each record is set."""
        return self.stream.envelope.flag is not None

    def pull(self, context: ExtractContext, source: OpenedSource, progress: Callable[[int], None]) -> PullResult:
        """Land what changed."""
        return pull_vendor_stream(context, source, self.stream, progress, self.eraser(context.erased))

    def eraser(self, erased: ErasedList) -> StreamEraser | None:
        """What the list takes out of its records; None where the list is empty."""
        return eraser_of_vendor(self.stream, self.meaning, erased)

    def fold(self, shelf: StateStore) -> StreamState:
        """Make the next state."""
        return fold_pages(shelf, self.stream.envelope, keeps_versions=self.stream.mapping.keeps_versions)

    def is_reread(self, pulled: PullResult | None) -> bool:
        """Whether this run was told of every record of the stream."""
        return pulled is not None and pulled.is_full

    def conform(self, state: StreamState, spill: Spill, *, pulled: int, aside: pl.DataFrame) -> ConformedStream:
        """Canonical records of a state."""
        return heard_vendor(self.meaning, self.stream, state, spill, pulled=pulled, aside=aside)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclaredFile(_Configured):
    """A file that is declared in the settings. It is read whole.

    `limit` says how many values of a column may not be what it is declared to hold.
    """

    stream: FileStream
    limit: FaultLimit
    asks_for_changes = False
    after = None
    has_flag = False

    @property
    def path(self) -> str:
        """The file, below the data folder."""
        return self.stream.path

    @property
    def object(self) -> str:
        """Name of its records in record keys."""
        return self.stream.name

    @property
    def increment(self) -> FileStream | None:
        """The file whose every landing adds to those before it: what one of them told, no source can give again."""
        return None if self.stream.complete else self.stream

    def pull(self, context: ExtractContext, source: OpenedSource, progress: Callable[[int], None]) -> PullResult:
        """Land the file if it changed."""
        return pull_file_stream(context, source, self.stream, progress, self.eraser(context.erased))

    def eraser(self, erased: ErasedList) -> StreamEraser | None:
        """What the list takes out of its rows; None where the list is empty."""
        return eraser_of_file(self.stream, self.meaning, erased)

    def fold(self, shelf: StateStore) -> StreamState:
        """Make the next state."""
        return fold_files(shelf, self.stream, self.meaning)

    def is_reread(self, pulled: PullResult | None) -> bool:
        """Whether this run was told of every record of the stream."""
        return self.stream.complete and pulled is not None and bool(pulled.pages)

    def conform(self, state: StreamState, spill: Spill, *, pulled: int, aside: pl.DataFrame) -> ConformedStream:
        """Canonical records of a state."""
        return heard_file(self.meaning, self.stream, state, spill, limit=self.limit, pulled=pulled, aside=aside)


ConfiguredStream: TypeAlias = VendorStream | DeclaredFile


def configured_streams(settings: Settings, definitions: Definitions) -> Iterator[ConfiguredStream]:
    """All streams of all sources, in the order of the settings."""
    for source in settings.sources:
        yield from streams_of(source, definitions, settings.value_limit)


def streams_of(
    source: SourceSettings, definitions: Definitions, limit: FaultLimit = VALUES
) -> Iterator[ConfiguredStream]:
    """The streams of one source, each after the one it follows; `limit` is that of a `DeclaredFile`."""
    meaning = source.mapping(definitions)
    for stream in SOURCE_TYPES[source.kind].streams_of(source):
        if isinstance(stream, FileStream):
            yield DeclaredFile(source=source, meaning=meaning, stream=stream, limit=limit)
        else:
            yield VendorStream(source=source, meaning=meaning, stream=stream)


def configured_places(settings: Settings) -> list[StreamKey]:
    """Source and stream of all that is pulled."""
    return [
        (source.name, stream.name)
        for source in settings.sources
        for stream in SOURCE_TYPES[source.kind].streams_of(source)
    ]
