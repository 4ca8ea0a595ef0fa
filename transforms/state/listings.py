"""Complete listings within a fold: at the end of each, what it did not show alive becomes a tombstone.

The state after many runs is the same whether they are folded one after the other, as they come, or all at once, as when
a state that was lost is made again.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from transforms.state.delete_detection import no_longer_alive, with_tombstones
from transforms.state.versions import standing
from transforms.step import ALL, step


@dataclass(frozen=True, slots=True, kw_only=True)
class CompleteListing:
    """A listing of every record that a source has; several runs may have landed parts of it, `run_id` completed it."""

    id: str
    run_id: str


@step(partition_by=ALL, delivers=("stays", "is_latest", "is_deleted", "unlisted_by"))
def settled(files: pl.DataFrame, listings: Sequence[CompleteListing], *, keeps_versions: bool) -> pl.DataFrame:
    """Which versions stay, which are the latest of their records, and which are tombstones.

    `files` as `transforms.state.versions.filed`, in the order of landing, with `listing`: the id of the listing that
    landed the version (null: it was in the last state). `listings` are in the order in which they were completed. Gives
    `stays`, `is_latest`, `is_deleted` (Boolean) and `unlisted_by` (String) row for row with `files`. A listing takes
    effect at its last row; what was landed after that is newer than it. A listing without a row says nothing: it is
    more likely a failed one than an empty source.
    """
    places = files.with_columns(place=pl.int_range(pl.len(), dtype=pl.UInt32))
    by_listing = places.group_by(pl.col("listing").cast(pl.String)).agg(pl.col("place").max() + 1)
    ends = dict(by_listing.drop_nulls("listing").rows())
    kept, begun, waiting = places.clear(), 0, _Live()
    for listing in listings:
        if listing.id not in ends:
            continue
        part = places.slice(begun, ends[listing.id] - begun)
        of_it = places.filter(pl.col("listing").cast(pl.String) == listing.id)
        alive = of_it.filter(~pl.col("is_deleted"))["source_id"]
        waiting.add(part)
        begun = ends[listing.id]
        if not waiting.lacks_any(alive):
            # Most listings lack nothing: the whole is weighed only where something is to be taken away.
            kept = pl.concat([kept, part])
            continue
        kept = _standing(pl.concat([kept, part]), keeps_versions=keeps_versions)
        kept = with_tombstones(kept, no_longer_alive(kept, alive), listing.run_id)
        # Seen by the run that completed the listing, so that what earlier ones saw alive is older.
        kept = kept.with_columns(run=pl.coalesce("unlisted_by", "run")).drop("is_latest")
        waiting = _Live([kept])
    kept = _standing(pl.concat([kept, places.slice(begun)]), keeps_versions=keeps_versions)
    unlisted_by = pl.col("unlisted_by").cast(pl.String)
    staying = kept.select("place", "is_latest", "is_deleted", unlisted_by=unlisted_by, stays=pl.lit(value=True))
    verdict = places.select("place").join(staying, on="place", how="left", maintain_order="left")
    flags = pl.col("stays", "is_latest", "is_deleted").fill_null(value=False)
    return verdict.select(flags, "unlisted_by")


class _Live:
    """Ids of records that may be live: more than are, and never fewer."""

    def __init__(self, parts: Sequence[pl.DataFrame] = ()) -> None:
        self._ids = [part.filter(~pl.col("is_deleted"))["source_id"] for part in parts]

    def add(self, part: pl.DataFrame) -> None:
        """Take further versions."""
        self._ids.append(part.filter(~pl.col("is_deleted"))["source_id"])

    def lacks_any(self, alive: pl.Series) -> bool:
        """Whether one of them, or a version without an id, is not among the ids of the live."""
        ids = pl.concat(self._ids).unique()
        self._ids = [ids]
        return not bool(ids.is_in(alive.implode()).fill_null(value=False).all())


def _standing(files: pl.DataFrame, *, keeps_versions: bool) -> pl.DataFrame:
    verdict = standing(files, keeps_versions=keeps_versions)
    return files.with_columns(verdict["is_latest"]).filter(verdict["stays"])
