"""Delete detection during compaction: at the end of each complete listing, missing records become tombstones.

The state after many runs is the same whether they are compacted one after the other, as they come, or all at once, as
when a lost state is rebuilt.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from transforms.state.delete_detection import missing_from_listing, with_tombstones
from transforms.state.versions import select_current
from transforms.step import ALL, step


@dataclass(frozen=True, slots=True, kw_only=True)
class CompleteListing:
    """A listing of every record that a source has; several runs may have landed parts of it, `run_id` completed it.

    `live_ids` are given for a sweep, during which changes were listed too: the source_id of every record that any page
    showed as live since the sweep began. Null: those of the listing's own rows.
    """

    id: str
    run_id: str
    live_ids: pl.Series | None = None


@step(partition_by=ALL, delivers=("stays", "is_latest", "is_deleted", "unlisted_by"))
def apply_listings(files: pl.DataFrame, listings: Sequence[CompleteListing], *, keeps_versions: bool) -> pl.DataFrame:
    """Decide which versions stay, which are the latest of their records, and which are tombstones.

    `files` as from `transforms.state.versions.version_index`, in the order of landing, with `listing`: the id of the
    listing that landed the version (null: it was in the last state). `listings` are in the order of completion. Returns
    `stays`, `is_latest`, `is_deleted` (Boolean) and `unlisted_by` (String), one row per row of `files`, same order. A
    listing takes effect at its last row, a sweep at the last row of the run that completed it; rows landed later are
    newer than it. A listing without rows has no effect: it more likely failed than found an empty source.
    """
    positions = files.with_columns(position=pl.int_range(pl.len(), dtype=pl.UInt32))
    by_listing = positions.group_by(pl.col("listing").cast(pl.String)).agg(pl.col("position").max() + 1)
    ends = dict(by_listing.drop_nulls("listing").rows())
    current, start, pending = positions.clear(), 0, _LiveIds()
    for listing in listings:
        live_ids = listing.live_ids
        if live_ids is not None:
            of_later_run = (pl.col("run").cast(pl.String) > listing.run_id).fill_null(value=False)
            end = max(start, positions.height - positions.filter(of_later_run).height)
        elif listing.id in ends:
            of_it = positions.filter(pl.col("listing").cast(pl.String) == listing.id)
            live_ids, end = of_it.filter(~pl.col("is_deleted"))["source_id"], ends[listing.id]
        else:
            continue
        landed = positions.slice(start, end - start)
        pending.add(landed)
        start = end
        if not pending.has_missing(live_ids):
            # Most listings miss no record: all versions are compared only where one has to be marked.
            current = pl.concat([current, landed])
            continue
        current = _keep_current(pl.concat([current, landed]), keeps_versions=keeps_versions)
        current = with_tombstones(current, missing_from_listing(current, live_ids), listing.run_id)
        # Observed by the run that completed the listing, so that what earlier runs saw as live is older.
        current = current.with_columns(run=pl.coalesce("unlisted_by", "run")).drop("is_latest")
        pending = _LiveIds([current])
    current = _keep_current(pl.concat([current, positions.slice(start)]), keeps_versions=keeps_versions)
    unlisted_by = pl.col("unlisted_by").cast(pl.String)
    retained = current.select("position", "is_latest", "is_deleted", unlisted_by=unlisted_by, stays=pl.lit(value=True))
    decision = positions.select("position").join(retained, on="position", how="left", maintain_order="left")
    flags = pl.col("stays", "is_latest", "is_deleted").fill_null(value=False)
    return decision.select(flags, "unlisted_by")


class _LiveIds:
    """Superset of the ids of live records."""

    def __init__(self, versions: Sequence[pl.DataFrame] = ()) -> None:
        self._ids = [frame.filter(~pl.col("is_deleted"))["source_id"] for frame in versions]

    def add(self, landed: pl.DataFrame) -> None:
        """Add the ids of further versions."""
        self._ids.append(landed.filter(~pl.col("is_deleted"))["source_id"])

    def has_missing(self, live_ids: pl.Series) -> bool:
        """Return whether one of them, or a version without an id, is missing from `live_ids`."""
        ids = pl.concat(self._ids).unique()
        self._ids = [ids]
        return not bool(ids.is_in(live_ids.implode()).fill_null(value=False).all())


def _keep_current(files: pl.DataFrame, *, keeps_versions: bool) -> pl.DataFrame:
    decision = select_current(files, keeps_versions=keeps_versions)
    return files.with_columns(decision["is_latest"]).filter(decision["stays"])
