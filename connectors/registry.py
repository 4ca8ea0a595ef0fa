"""The kinds of source there are: one line each. The folder of that name ends with its `SOURCE`."""

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
"""By `kind`, as bantam.yaml says it."""
