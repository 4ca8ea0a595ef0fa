"""Source types: what the generic code has to know of a kind of source. Each folder of the registry ends with one."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from connectors.http.client import Http
from connectors.http.rate_limit import Clock
from connectors.settings import HttpSettings
from connectors.stream import Stream
from definitions.mapping.file_stream import FileStream


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpSource:
    """A vendor: its settings in bantam.yaml, its streams in the order they are pulled, and its client.

    `open_http` makes the client of an account; that asks nothing yet, and raises `ConfigurationError` for a URL that
    cannot be right.
    """

    settings: type[HttpSettings]
    streams: tuple[Stream[Any], ...]
    open_http: Callable[[Any, Clock], Http]

    def streams_of(self, _settings: Any) -> tuple[Stream[Any], ...]:
        """All streams, whatever the settings."""
        return self.streams


@dataclass(frozen=True, slots=True, kw_only=True)
class FolderSource:
    """A folder of files, whose streams the settings declare."""

    settings: type[BaseModel]

    def streams_of(self, settings: Any) -> tuple[FileStream, ...]:
        """The declared files."""
        streams: tuple[FileStream, ...] = settings.streams
        return streams
