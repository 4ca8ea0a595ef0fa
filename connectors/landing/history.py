"""History of a stream's landing: the runs that a cursor depends on, and the damaged files in them."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from connectors.landing.durable import append_line, sync_folder
from connectors.landing.reader import MANIFEST, QUARANTINED_PAGES, LandedPage, QuarantinedPage, damage_of
from connectors.landing.writer import UNFINISHED, Landing
from definitions.errors import LandingError

QUARANTINED_PREFIX = "aside-"


@dataclass(frozen=True, slots=True, kw_only=True)
class CompletedListing:
    """A listing that a run completed.

    `runs` landed its parts; `previous` is the listing it continues (null: it depends on nothing landed before).
    `is_whole`: a record that it does not contain is deleted. `is_chained` is false where the predecessor is not
    recorded: for a file, or in the manifest of an older Bantam. `is_sweep`: other listings were made meanwhile.
    """

    id: str
    runs: tuple[str, ...]
    previous: str | None = None
    is_whole: bool = False
    is_chained: bool = True
    is_sweep: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class LandedRun:
    """One run's landing of one stream: the lines of its manifest, in order; none where the manifest is damaged."""

    run_id: str
    folder: Path
    pages: Sequence[LandedPage]
    is_manifest_damaged: bool = False

    @property
    def last(self) -> LandedPage | None:
        """Last page that completed a pull; None where none did."""
        return next((page for page in reversed(self.pages) if page.is_last), None)

    @property
    def cursor(self) -> dict[str, Any] | None:
        """Cursor of the complete pull; None where the run did not complete it."""
        return None if self.last is None else self.last.cursor

    @property
    def completed(self) -> list[CompletedListing]:
        """Listings that the run completed, in order."""
        return [_completed(page) for page in self.pages if page.is_last]


def _completed(page: LandedPage) -> CompletedListing:
    """Return the listing that a page completed."""
    listing, end = page.listing, page.end
    if listing is not None:
        previous = None if listing.is_whole else listing.previous
        return CompletedListing(
            id=listing.id,
            runs=tuple(listing.runs),
            previous=previous,
            is_whole=listing.is_whole,
            is_sweep=listing.is_sweep,
        )
    if end is not None:
        return CompletedListing(id=page.run_id, runs=(page.run_id,), previous=end.previous_run, is_whole=end.is_whole)
    return CompletedListing(id=page.run_id, runs=(page.run_id,), is_chained=False)


def landed_runs(
    landing: Landing,
    source: str,
    stream: str,
    *,
    after: str | None = None,
    until: str | None = None,
    newest: int | None = None,
) -> list[LandedRun]:
    """Return the runs that landed pages of a stream, in order; only ids after `after`, up to and including `until`.

    At most the `newest` ones, if given: each costs the reading of its manifest.
    """
    run_ids = landing.run_ids(source, stream, after=after, until=until)
    return [_landed_run(landing, source, stream, run_id) for run_id in run_ids[-(newest or 0) :]]


def _landed_run(landing: Landing, source: str, stream: str, run_id: str) -> LandedRun:
    folder = landing.folder(source, stream, run_id)
    try:
        pages = landing.read_manifest(source, stream, run_id)
    except LandingError:
        return LandedRun(run_id=run_id, folder=folder, pages=(), is_manifest_damaged=True)
    return LandedRun(run_id=run_id, folder=folder, pages=pages)


def needed_for(runs: Sequence[LandedRun], run_id: str) -> frozenset[str] | None:
    """Return the runs that the cursor of `run_id` depends on, back to a full listing.

    Earlier runs hold only what the source no longer returns: older versions and deleted records. None where one of the
    runs is missing, did not complete its listing, or has a damaged manifest: then landing does not cover the cursor.
    Where the predecessor of a listing is not recorded, every earlier run counts.
    """
    by_id = {run.run_id: run for run in runs if run.run_id <= run_id}
    completed = {listing.id: listing for run in by_id.values() for listing in run.completed}
    last = by_id[run_id].completed if run_id in by_id else []
    if not last:
        return None
    listing_id: str | None = last[-1].id
    needed: set[str] = set()
    while listing_id is not None:
        if listing_id not in completed:
            return None
        listing = completed[listing_id]
        needed.update(listing.runs if listing.is_chained else (run for run in by_id if run <= max(listing.runs)))
        listing_id = listing.previous
    is_lost = any(run not in by_id or by_id[run].is_manifest_damaged for run in needed)
    return None if is_lost else frozenset(needed)


@dataclass(frozen=True, slots=True, kw_only=True)
class DamagedFile:
    """One landed file that is missing or was changed; `page` is null for a manifest."""

    run: LandedRun
    path: Path
    reason: str
    page: LandedPage | None


def damages(runs: Iterable[LandedRun]) -> Iterator[DamagedFile]:
    """Verify every landed file of the runs, and yield the damaged ones: pages, rejected records, manifests."""
    for run in runs:
        if run.is_manifest_damaged:
            yield DamagedFile(run=run, path=run.folder / MANIFEST, reason="a line is damaged", page=None)
        for page in run.pages:
            if (found := damage_of_page(page)) is not None:
                yield DamagedFile(run=run, path=found[0], reason=found[1], page=page)


def damage_of_page(page: LandedPage) -> tuple[Path, str] | None:
    """Return the damaged file of a page and its damage; None where the page is intact."""
    for path, digest in ((page.path, page.sha256), (page.rejected_path, page.rejected_sha256)):
        if path is not None and (reason := damage_of(path, digest)) is not None:
            return path, reason
    return None


def quarantine_damaged(damage: DamagedFile) -> None:
    """Exclude a damaged page, or all pages of a damaged manifest; the files are renamed, not removed.

    Safe to repeat. Raises `LandingError` where the folder cannot be written.
    """
    folder = damage.run.folder
    try:
        if damage.page is None:
            # Without the mark no later run cleans the folder, so its pages stay for inspection.
            (folder / UNFINISHED).unlink(missing_ok=True)
            _rename(folder / MANIFEST)
        else:
            for path in filter(None, (damage.page.path, damage.page.rejected_path)):
                _rename(path)
        sync_folder(folder)
    except OSError as error:
        raise LandingError(
            f"{damage.path}: is damaged and cannot be put aside ({error.strerror}). Mend the rights, run again."
        ) from None
    if damage.page is not None:
        line = QuarantinedPage(seq=damage.page.seq, reason=f"{damage.path.name} {damage.reason}")
        append_line(folder / QUARANTINED_PAGES, msgspec.json.encode(line))


def _rename(path: Path) -> None:
    if path.exists():
        path.rename(path.with_name(f"{QUARANTINED_PREFIX}{path.name}"))
