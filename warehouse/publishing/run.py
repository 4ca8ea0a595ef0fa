"""The run that is being staged and published, and what it wrote."""

from dataclasses import dataclass
from datetime import date, datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One refresh: its id is in every row it writes, and `started_at` is their `loaded_at`."""

    run_id: str
    as_of: date
    started_at: datetime
    definitions_version: str
    is_draft: bool


@dataclass(frozen=True, slots=True)
class TableChange:
    """Rows of one table that a publication changed."""

    inserted: int = 0
    updated: int = 0
    deleted: int = 0

    @property
    def total(self) -> int:
        """All rows changed."""
        return self.inserted + self.updated + self.deleted
