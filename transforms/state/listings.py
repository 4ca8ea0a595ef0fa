"""Whole listings within a fold: each ends a part of the history, for what it does not list is gone from there on.

The state after many runs is the same whether they are folded one after the other, as they come, or all at once, as when
a state that was lost is made again.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from transforms.state.delete_detection import no_longer_listed
from transforms.state.versions import standing


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """A run that listed every record its source has; the tombstones it makes are found at `place` (`run/page:0`)."""

    run_id: str
    place: str


def settled(
    files: pl.DataFrame, listings: Sequence[Listing], *, keeps_versions: bool, revives: bool = False
) -> pl.DataFrame:
    """Which versions stay, which are the latest of their records, and which a listing made tombstones.

    `files` as `transforms.state.versions.filed`, in the order of landing; `listings` in the order of their runs. Gives
    `stays`, `is_latest` (Boolean) and `swept_at` (the listing's place; null where the version is no tombstone of one)
    row for row with it. A listing without a row says nothing: it is more likely a failed one than an empty source.
    Needs all versions of all records together.
    """
    places = files.with_columns(place=pl.int_range(pl.len(), dtype=pl.UInt32), swept_at=pl.lit(None, pl.String))
    ends = dict(places.group_by(pl.col("run").cast(pl.String)).agg(pl.col("place").max() + 1).rows())
    kept, begun, waiting = places.clear(), 0, _Live()
    for listing in listings:
        if listing.run_id not in ends:
            continue
        part = places.slice(begun, ends[listing.run_id] - begun)
        listed = part.filter(pl.col("run").cast(pl.String) == listing.run_id)["source_id"]
        waiting.add(part)
        begun = ends[listing.run_id]
        if not waiting.lacks_any(listed):
            # Most listings lack nothing: the whole is weighed only where something is to be taken away.
            kept = pl.concat([kept, part])
            continue
        kept = _standing(pl.concat([kept, part]), keeps_versions=keeps_versions, revives=revives)
        kept = _without_unlisted(kept, listed, listing)
        waiting = _Live([kept])
    kept = _standing(pl.concat([kept, places.slice(begun)]), keeps_versions=keeps_versions, revives=revives)
    staying = kept.select("place", "is_latest", "swept_at", stays=pl.lit(value=True))
    verdict = places.select("place").join(staying, on="place", how="left", maintain_order="left")
    return verdict.select(pl.col("stays", "is_latest").fill_null(value=False), "swept_at")


class _Live:
    """Ids of records that may be live: more than are, and never fewer."""

    def __init__(self, parts: Sequence[pl.DataFrame] = ()) -> None:
        self._ids = [part.filter(~pl.col("is_deleted"))["source_id"] for part in parts]

    def add(self, part: pl.DataFrame) -> None:
        """Take the versions of further runs."""
        self._ids.append(part.filter(~pl.col("is_deleted"))["source_id"])

    def lacks_any(self, listed: pl.Series) -> bool:
        """Whether one of them, or a version without an id, is not in the list."""
        ids = pl.concat(self._ids).unique()
        self._ids = [ids]
        return not bool(ids.is_in(listed.implode()).fill_null(value=False).all())


def _standing(files: pl.DataFrame, *, keeps_versions: bool, revives: bool) -> pl.DataFrame:
    verdict = standing(files, keeps_versions=keeps_versions, revives=revives)
    return files.with_columns(verdict["is_latest"]).filter(verdict["stays"])


def _without_unlisted(kept: pl.DataFrame, listed: pl.Series, listing: Listing) -> pl.DataFrame:
    """`kept` with the versions that the listing takes away as tombstones of its run."""
    gone = no_longer_listed(kept, listed)
    run = pl.lit(listing.run_id).cast(kept.schema["run"])
    return kept.with_columns(
        is_deleted=pl.col("is_deleted") | gone,
        run=pl.when(gone).then(run).otherwise("run"),
        swept_at=pl.when(gone).then(pl.lit(listing.place)).otherwise("swept_at"),
    ).drop("is_latest")
