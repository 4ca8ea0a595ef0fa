"""Envelope: where a record keeps its id, its change time, its deletion mark and its flag."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """Where a vendor's record keeps its id, its change time and its deletion mark; a dot goes one level down.

    Without `version` whatever landed later is newer; without `deleted` no record says that it is deleted. `flag`: a
    field of which it matters since when it is filled, and whose time the source does not give.
    """

    id: str
    version: str | None = None
    deleted: str | None = None
    flag: str | None = None

    def paths(self) -> dict[str, tuple[str, str]]:
        """What is told, with the name it has in the record, and the name a level down; "" where there is none."""
        told = {"id": self.id, "version": self.version, "deleted": self.deleted, "flag": self.flag}
        parted = {ours: path.partition(".") for ours, path in told.items() if path is not None}
        return {ours: (outer, inner) for ours, (outer, _, inner) in parted.items()}

    def fields(self) -> tuple[str, ...]:
        """Names that the record has for what is told."""
        return tuple(outer for outer, _ in self.paths().values())
