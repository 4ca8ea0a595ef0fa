"""Source type: what the generic code needs of a kind of source. Each package of the registry exports one."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from pydantic import BaseModel

from connectors.http.client import Http
from connectors.http.rate_limit import Clock
from connectors.settings import HttpSettings, StreamUse
from connectors.stream import Stream
from definitions.mapping.file_stream import FileStream


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpSource:
    """A vendor's API: its settings in bantam.yaml, its streams in the order they are pulled, and its client.

    `open_http` builds the client of an account without sending anything; it raises `ConfigurationError` for an invalid
    URL.
    """

    settings: type[HttpSettings]
    streams: tuple[Stream[Any], ...]
    open_http: Callable[[Any, Clock], Http]

    def streams_of(self, settings: Any) -> tuple[Stream[Any], ...]:
        """Return the streams to pull: not those that the settings switch off, nor those that follow one of these."""
        use: Mapping[str, StreamUse] = settings.streams
        return tuple(
            replace(stream, is_required=use[stream.name] == "required") if stream.name in use else stream
            for stream in self.streams
            if "off" not in (use.get(stream.name), use.get(stream.after or ""))
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class FolderSource:
    """A folder of files; the settings declare its streams."""

    settings: type[BaseModel]

    def streams_of(self, settings: Any) -> tuple[FileStream, ...]:
        """Return the declared files."""
        streams: tuple[FileStream, ...] = settings.streams
        return streams
