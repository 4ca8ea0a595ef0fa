"""All persons, some thousands at a time: what the wide tables of people need of memory does not grow with them."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import polars as pl

# A part of so many persons takes about half a gigabyte while it is computed, and each reads all records once more.
PART_PERSONS = 60_000


@dataclass(frozen=True, slots=True)
class Part:
    """Persons whose ids are in [`first`, `end`); null is no limit. `tied` is the bridge of their records."""

    tied: pl.DataFrame
    first: str | None
    end: str | None

    def holds(self, column: str) -> pl.Expr:
        """Whether an id lies in the part: ids of persons who are gone do so too."""
        is_in = pl.lit(value=True)
        if self.first is not None:
            is_in &= pl.col(column) >= self.first
        if self.end is not None:
            is_in &= pl.col(column) < self.end
        return is_in


def parts_of(tied: pl.DataFrame, persons: int = PART_PERSONS) -> Iterator[Part]:
    """Cut the persons of a bridge (record_key, entity_id) by id; at least one part, and every id lies in exactly one.

    Needs all rows together.
    """
    ids = tied["entity_id"].unique().sort()
    limits = [None, *ids.gather_every(persons)[1:], None]
    for first, end in pairwise(limits):
        part = Part(tied, first, end)
        yield Part(tied.filter(part.holds("entity_id")), first, end)
