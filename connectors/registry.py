"""Registry of source types: one line each. The package of that name exports its `SOURCE`."""

from collections.abc import Mapping
from importlib import import_module

from connectors.source_type import FolderSource, HttpSource

SourceType = HttpSource | FolderSource

_FOLDERS = (
    "hubspot",
    "salesforce",
    "files",
)
SOURCE_TYPES: Mapping[str, SourceType] = {name: import_module(f"connectors.{name}").SOURCE for name in _FOLDERS}
"""Source types by their `kind` in bantam.yaml."""
