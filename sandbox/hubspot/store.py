"""HubSpot's records, prepared for listing and searching: tables by object type, in order of id."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import polars as pl

from sandbox.company.chance import Ids

CHUNK = 2_000
MAX_CACHED_CHUNKS = 400
LONGEST_ID = 18
MODIFIED = {"contacts": "lastmodifieddate", "companies": "hs_lastmodifieddate", "deals": "hs_lastmodifieddate"}
TYPES = {
    "contact": "contacts",
    "company": "companies",
    "deal": "deals",
    "0-1": "contacts",
    "0-2": "companies",
    "0-3": "deals",
}

Chunk = tuple[str, bool, tuple[str, ...], int]


@dataclass(slots=True)
class ObjectTable:
    """The records of one type, ordered by id: live and archived records separately, as HubSpot lists them."""

    kind: str
    live: pl.DataFrame
    archived: pl.DataFrame
    ranks: dict[bool, Ids] = field(default_factory=dict)
    survivors: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, kind: str, table: pl.DataFrame) -> "ObjectTable":
        """Split the table into live and archived records; merged records are in neither."""
        ordered = table.sort("_rank")
        modified = MODIFIED[kind]
        ordered = ordered.with_columns(
            hs_object_id=pl.col("_rank"), createdate=pl.col("_created"), **{modified: pl.col("_modified")}
        )
        live, archived = (ordered.filter(pl.col("_state") == state) for state in ("live", "archived"))
        merged = table.select("_id", old=pl.col("hs_merged_object_ids").str.split(";")).drop_nulls().explode("old")
        survivors = dict(merged.select("old", "_id").iter_rows())
        return cls(
            kind, live, archived, {False: live["_rank"].to_numpy(), True: archived["_rank"].to_numpy()}, survivors
        )

    def records(self, *, archived: bool) -> pl.DataFrame:
        """Return the records of one of the two lists."""
        return self.archived if archived else self.live

    def position(self, after: int, *, archived: bool) -> int:
        """Return the index of the first record with an id above `after`."""
        return int(np.searchsorted(self.ranks[archived], after, side="right"))

    def rows_of(self, ids: Sequence[str], *, archived: bool) -> list[int]:
        """Return the indexes of ids, without those that do not exist; the id of a merged record finds its survivor."""
        ids = [self.survivors.get(identity, identity) for identity in ids]
        ranks = self.ranks[archived]
        wanted = np.unique(np.array([int(i) for i in ids if i.isdigit() and len(i) <= LONGEST_ID], dtype=np.int64))
        indexes = np.searchsorted(ranks, wanted)
        inside = indexes < len(ranks)
        found = inside.copy()
        found[inside] = ranks[indexes[inside]] == wanted[inside]
        return [int(index) for index in indexes[found]]
