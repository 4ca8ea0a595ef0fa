"""Files as a source: CSV, TSV, JSON lines and Parquet."""

from connectors.files.settings import FilesSource
from connectors.source_type import FolderSource

SOURCE = FolderSource(settings=FilesSource)
