"""Configured streams: how each stream of the settings is pulled, compacted and conformed, and which it follows."""

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
from flows.settings import Settings
from flows.streams.compaction import StateStore, compact_file_stream, compact_vendor_stream
from flows.streams.conform_stream import conform_file_stream, conform_vendor_stream
from flows.streams.extraction import ExtractContext, pull_file_stream, pull_vendor_stream
from flows.streams.source_connection import SourceConnection
from transforms.pipeline.gathering import ConformedStream

StreamKey: TypeAlias = tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Configured:
    """A stream with the settings and the mapping of its source.

    `limit` bounds the values of a column of a file that may differ from its declared type; that of any field follows.
    """

    source: SourceSettings
    source_mapping: SourceMapping
    stream: Any
    limit: FaultLimit

    @property
    def name(self) -> str:
        """Name of the stream."""
        return str(self.stream.name)

    @property
    def key(self) -> StreamKey:
        """Source and stream; the key of cursors and state versions."""
        return self.source.name, self.name

    @property
    def label(self) -> str:
        """Source and stream, for messages."""
        return ".".join(self.key)


@dataclass(frozen=True, slots=True, kw_only=True)
class VendorStream(_Configured):
    """A stream of a vendor, pulled by its changes: its state is compacted from pages of many runs."""

    stream: Stream[Any]
    asks_for_changes = True
    increment = None
    path = None

    @property
    def object(self) -> str:
        """Object type in the vendor's own word; part of every record key."""
        return self.stream.object

    @property
    def after(self) -> StreamKey | None:
        """Parent stream of the same source, whose landed ids this one pulls; None if it has none."""
        return None if self.stream.after is None else (self.source.name, self.stream.after)

    @property
    def is_required(self) -> bool:
        """Whether the run fails if the source refuses the stream."""
        return self.stream.is_required

    @property
    def has_flag(self) -> bool:
        """Whether its state keeps flag history."""
        return self.stream.envelope.flag is not None

    def pull(self, context: ExtractContext, source: SourceConnection, progress: Callable[[int], None]) -> PullResult:
        """Land the records that changed."""
        return pull_vendor_stream(context, source, self.stream, progress, self.eraser(context.erased))

    def eraser(self, erased: ErasedList) -> StreamEraser | None:
        """What the list takes out of its records; None where the list is empty."""
        return eraser_of_vendor(self.stream, self.source_mapping, erased)

    def compact(self, store: StateStore) -> StreamState:
        """Compact the pages landed since the last state."""
        return compact_vendor_stream(store, self.stream.envelope, keeps_versions=self.stream.mapping.keeps_versions)

    def is_reread(self, pulled: PullResult | None) -> bool:
        """Return whether this run pulled every record of the stream."""
        return pulled is not None and pulled.is_full

    def conform(self, state: StreamState, spill: Spill, *, pulled: int, rejected: pl.DataFrame) -> ConformedStream:
        """Conform a state to canonical records; `rejected` are the records rejected before landing."""
        return conform_vendor_stream(
            self.source_mapping, self.stream, state, spill, limit=self.limit, pulled=pulled, rejected=rejected
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclaredFile(_Configured):
    """A file declared in the settings. Each pull reads all of it."""

    stream: FileStream
    asks_for_changes = False
    is_required = True
    after = None
    has_flag = False

    @property
    def path(self) -> str:
        """Path of the file below the data folder."""
        return self.stream.path

    @property
    def object(self) -> str:
        """Object type in its record keys: the name of the stream."""
        return self.stream.name

    @property
    def increment(self) -> FileStream | None:
        """The file, if it is an increment whose earlier rows no source can supply again; None if it is complete."""
        return None if self.stream.complete else self.stream

    def pull(self, context: ExtractContext, source: SourceConnection, progress: Callable[[int], None]) -> PullResult:
        """Land the file if it changed."""
        return pull_file_stream(context, source, self.stream, progress, self.eraser(context.erased))

    def eraser(self, erased: ErasedList) -> StreamEraser | None:
        """What the list takes out of its rows; None where the list is empty."""
        return eraser_of_file(self.stream, self.source_mapping, erased)

    def compact(self, store: StateStore) -> StreamState:
        """Compact the pages landed since the last state."""
        return compact_file_stream(store, self.stream, self.source_mapping)

    def is_reread(self, pulled: PullResult | None) -> bool:
        """Return whether this run pulled every record of the stream."""
        return self.stream.complete and pulled is not None and bool(pulled.pages)

    def conform(self, state: StreamState, spill: Spill, *, pulled: int, rejected: pl.DataFrame) -> ConformedStream:
        """Conform a state to canonical records; `rejected` are the records rejected before landing."""
        return conform_file_stream(
            self.source_mapping, self.stream, state, spill, limit=self.limit, pulled=pulled, rejected=rejected
        )


ConfiguredStream: TypeAlias = VendorStream | DeclaredFile


def configured_streams(settings: Settings, definitions: Definitions) -> Iterator[ConfiguredStream]:
    """Yield all streams of all sources, in the order of the settings."""
    for source in settings.sources:
        yield from streams_of(source, definitions, settings.value_limit)


def streams_of(
    source: SourceSettings, definitions: Definitions, limit: FaultLimit = VALUES
) -> Iterator[ConfiguredStream]:
    """Yield the streams of one source, each after its parent; `limit` as of `_Configured`."""
    source_mapping = source.mapping(definitions)
    for stream in SOURCE_TYPES[source.kind].streams_of(source):
        if isinstance(stream, FileStream):
            yield DeclaredFile(source=source, source_mapping=source_mapping, stream=stream, limit=limit)
        else:
            yield VendorStream(source=source, source_mapping=source_mapping, stream=stream, limit=limit)


def configured_stream_keys(settings: Settings) -> list[StreamKey]:
    """Return the key of every configured stream, in the order of the settings."""
    return [
        (source.name, stream.name)
        for source in settings.sources
        for stream in SOURCE_TYPES[source.kind].streams_of(source)
    ]
