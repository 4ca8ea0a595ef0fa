"""Envelope: paths of id, change time, deletion mark and flag in a vendor's record."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """Paths of id, change time and deletion mark in a vendor's record; a dot goes one level down.

    Without `version` the record landed later is newer; without `deleted` no record marks a deletion. `flag` is a field
    for which the time of its first value matters and is missing in the source.
    """

    id: str
    version: str | None = None
    deleted: str | None = None
    flag: str | None = None

    def paths(self) -> dict[str, tuple[str, str]]:
        """Map each role to its field in the record and the field one level down; "" where there is none."""
        paths = {"id": self.id, "version": self.version, "deleted": self.deleted, "flag": self.flag}
        split_paths = {name: path.partition(".") for name, path in paths.items() if path is not None}
        return {name: (outer, inner) for name, (outer, _, inner) in split_paths.items()}

    def fields(self) -> tuple[str, ...]:
        """Return the top-level fields of the record that are read."""
        return tuple(outer for outer, _ in self.paths().values())
