"""Rows that a publication wrote, counted by table."""

from dataclasses import dataclass


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
