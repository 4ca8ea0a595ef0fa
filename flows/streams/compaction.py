"""Compaction: the next state of a stream, from its last state and the pages landed since."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain
from pathlib import Path

import polars as pl

from connectors.files.remaining import erased_rows
from connectors.files.streams import is_whole, landed_rows
from connectors.landing.erased import TOMBSTONE, StreamEraser
from connectors.landing.history import CompletedListing, LandedRun, damage_of_page, landed_runs
from connectors.landing.reader import LandedPage, Rejected
from connectors.landing.writer import Landing
from definitions.errors import FileUnreadableError, LandingError
from definitions.mapping.envelope import Envelope
from definitions.mapping.file_stream import FileStream
from definitions.mapping.source_mapping import SourceMapping
from flows.home.state_files import (
    GROUP_ROWS,
    StreamState,
    SweepFindings,
    lacks_flag_history,
    run_of,
    save_state,
    state_path,
)
from transforms.conform.files_versions import LandedFile, compact_files
from transforms.state.flags import FLAG_HISTORY, with_flag_history
from transforms.state.listings import CompleteListing, apply_listings
from transforms.state.versions import STATE, parsed_versions, version_index, with_flag_of_text

# Parsing a record takes many times its size in memory, and is faster while that fits in the processor's cache.
_LINES_AT_ONCE = 4_000


@dataclass(frozen=True, slots=True, kw_only=True)
class StateStore:
    """States of one stream on disk, the version that the warehouse points to, and the last run to compact.

    `last_version` is None for a stream without a state. Complete listings count if they are of `run_id` or of
    `published_runs`, or if one of those resumed them: the listing of a refused run may be the fault it was refused for.
    With `skips_unreadable_files`, landed files that cannot be read as declared now are left out. `eraser` keeps out
    erased persons, whom a restored landing may hold (None: nobody was erased).
    """

    folder: Path
    landing: Landing
    source: str
    stream: str
    run_id: str
    last_version: str | None
    published_runs: frozenset[str] = field(default=frozenset(), repr=False)
    skips_unreadable_files: bool = False
    eraser: StreamEraser | None = None

    def pending_runs(self) -> list[LandedRun]:
        """Return the runs that landed since the last version, with those that died unpublished: their pages are valid.

        Raises `LandingError` if a manifest is damaged.
        """
        runs = landed_runs(self.landing, self.source, self.stream, after=run_of(self.last_version), until=self.run_id)
        for run in runs:
            if run.is_manifest_damaged:
                self.landing.read_manifest(self.source, self.stream, run.run_id)
        return runs

    def pending_rejected(self) -> list[tuple[str, Rejected]]:
        """Return the records rejected before landing since the last version, each with its run and file."""
        return [
            (f"{page.run_id}/{page.rejected_path.name}", record)
            for run in self.pending_runs()
            for page in run.pages
            if page.rejected_path is not None
            for record in self.landing.rejected(page)
        ]

    def unchanged(self) -> StreamState:
        """Return the last state as it is. Raises `LandingError` if its file is missing."""
        path = None
        if self.last_version is not None:
            path = state_path(self.folder, self.source, self.stream, self.last_version)
            if not path.exists():
                raise LandingError(f"{path}: the state went away while the run was at work. Run again.")
        return StreamState(source=self.source, stream=self.stream, version=self.last_version, path=path)

    def save(self, state: Iterable[pl.DataFrame], *, needed_bytes: int = 0) -> StreamState:
        """Write a new version durably, part by part; the error of a full disk reports `needed_bytes`."""
        path = save_state(state, self.folder / self.source / self.stream, self.run_id, needed_bytes=needed_bytes)
        return StreamState(source=self.source, stream=self.stream, version=path.stem, path=path)

    def listings(self, runs: Sequence[LandedRun]) -> list[tuple[CompletedListing, str]]:
        """Return the complete listings that count, in order of completion, each with the run that completed it."""
        counted: dict[str, tuple[CompletedListing, str]] = {}
        resumed: set[str | None] = set()
        for run in reversed(runs):
            is_accepted = run.run_id == self.run_id or run.run_id in self.published_runs
            for one in reversed(run.completed):
                if one.id in counted or not (is_accepted or one.id in resumed):
                    continue
                resumed.add(one.previous)
                if one.is_whole:
                    counted[one.id] = one, run.run_id
        return [(one, run_id) for one, run_id in reversed(counted.values())]

    def pages_since(self, listing: CompletedListing, until: str) -> list[LandedPage] | None:
        """Return the pages landed from the first run of a listing to run `until`; None if any of them is lost."""
        first = min(listing.runs)
        landed = self.landing.run_ids(self.source, self.stream, until=until)
        before = max((run for run in landed if run < first), default=None)
        runs = landed_runs(self.landing, self.source, self.stream, after=before, until=until)
        pages = [page for run in runs for page in _pages(run)]
        is_lost = not set(listing.runs) <= {run.run_id for run in runs} or any(run.is_manifest_damaged for run in runs)
        return None if is_lost or any(map(damage_of_page, pages)) else pages


def compact_vendor_stream(store: StateStore, envelope: Envelope, *, keeps_versions: bool) -> StreamState:
    """Compact the pages that a vendor's stream landed since the last version; return the last state if there are none.

    Texts are read twice and never held all together: once to index the versions, once to write those that stay. A
    record that a complete listing does not show alive is deleted. Raises `LandingError` if a page does not match its
    checksum.
    """
    runs = store.pending_runs()
    pages = [page for run in runs for page in _pages(run)]
    # The last part of a sweep may hold no record, and still tell that others are gone.
    if not pages and not any(listing.is_sweep for run in runs for listing in run.completed):
        return store.unchanged()
    for page in pages:
        store.landing.verified(page)
    last = store.unchanged()
    # Without versions the last state holds a record once, from an earlier run, so its text has no tie to break.
    # Versions that were compacted before no longer belong to a listing.
    unlisted = pl.lit(None, pl.Categorical)
    parts = _kept_versions(last, envelope)
    earlier = [
        version_index(part, reads_text=keeps_versions).with_columns(listing=unlisted).collect() for part in parts
    ]
    landed = [_indexed(lines, envelope) for lines in _landed(pages, store.eraser)]
    heights = [part.height for part in (*earlier, *landed)]
    index = with_flag_history(pl.concat([*earlier, *landed]))
    del earlier, landed
    listings = _complete_listings(store, runs, envelope)
    decision = apply_listings(index.drop(*FLAG_HISTORY), listings, keeps_versions=keeps_versions)
    swept = _sweep_findings(runs, index, decision, store.run_id)
    index = index.select("source_id", "version_at", *FLAG_HISTORY).hstack(decision)
    texts = chain(_texts(last), (lines.select("raw", "location") for lines in _landed(pages, store.eraser)))
    return replace(store.save(_kept(texts, index, heights), needed_bytes=_needed(last, pages)), swept=swept)


def _complete_listings(store: StateStore, runs: Sequence[LandedRun], envelope: Envelope) -> list[CompleteListing]:
    """Return the complete listings that decide what is deleted; a sweep of which landing lost a part does not."""
    found = []
    for listing, run_id in store.listings(runs):
        live_ids = None
        if listing.is_sweep:
            pages = store.pages_since(listing, run_id)
            if pages is None:
                continue
            live_ids = _live_ids(pages, envelope, store.eraser)
        found.append(CompleteListing(id=listing.id, run_id=run_id, live_ids=live_ids))
    return found


def _live_ids(pages: Sequence[LandedPage], envelope: Envelope, eraser: StreamEraser | None) -> pl.Series:
    """Return the source_id of every record that a page shows as live."""
    live = [pl.Series("source_id", [], pl.String)]
    for lines in _landed(pages, eraser):
        versions = parsed_versions(lines.lazy().select("raw", "location"), envelope)
        live.append(versions.filter(~pl.col("is_deleted")).select("source_id").collect()["source_id"])
    return pl.concat(live).unique()


def _sweep_findings(
    runs: Sequence[LandedRun], index: pl.DataFrame, decision: pl.DataFrame, run_id: str
) -> SweepFindings | None:
    """Count what this run's part of a sweep found; None where it swept nothing."""
    parts = [page.listing for run in runs for page in run.pages if page.listing is not None and page.listing.is_sweep]
    if not parts:
        return None
    is_swept = pl.col("listing").cast(pl.String).is_in([*{part.id for part in parts}]).fill_null(value=False)
    listed = index.filter(is_swept)["source_id"].unique()
    others = index.filter(~is_swept)["source_id"].unique()
    is_complete = any(part.is_complete for part in parts)
    deleted = decision.filter(pl.col("is_latest") & (pl.col("unlisted_by") == run_id)).height if is_complete else 0
    return SweepFindings(late=int((~listed.is_in(others.implode())).sum()), deleted=deleted)


def compact_file_stream(store: StateStore, stream: FileStream, source_mapping: SourceMapping) -> StreamState:
    """Compact the files landed since the last version; a complete file deletes the records it no longer holds.

    Raises `LandingError` as `compact_vendor_stream`, and `FileUnreadableError` if a landed file cannot be read as
    declared now, unless the store skips those.
    """
    pages = [page for run in store.pending_runs() for page in _pages(run)]
    if not pages:
        return store.unchanged()
    last = store.unchanged()
    state = compact_files(
        None if last.path is None else last.frame(),
        _landed_files(store, pages, stream),
        source_mapping,
        stream=stream,
        keeps_versions=stream.kind == "opportunity",
    )
    return store.save([state], needed_bytes=_needed(last, pages))


def _landed_files(store: StateStore, pages: Sequence[LandedPage], stream: FileStream) -> Iterator[LandedFile]:
    """Yield files in the order landed; of a complete stream, skip unreadable ones before the last that has records.

    A run was refused for such a file, and the corrected file holds its records.
    """
    last = max((position for position, page in enumerate(pages) if page.records), default=0) if stream.complete else 0
    for position, page in enumerate(pages):
        try:
            rows = landed_rows(store.landing, page, stream)
        except FileUnreadableError:
            if position < last or store.skips_unreadable_files:
                continue
            raise
        if store.eraser is not None:
            rows = erased_rows(rows, store.eraser)
        whole = is_whole(stream, records=page.records, rejected=page.rejected)
        yield LandedFile(rows=rows.lazy(), run_id=page.run_id, is_whole=whole)


def _indexed(lines: pl.DataFrame, envelope: Envelope) -> pl.DataFrame:
    """Index the versions in landed lines, with the listing each belongs to."""
    return (
        version_index(parsed_versions(lines.lazy(), envelope))
        .collect(engine="in-memory")
        .with_columns(lines["listing"])
    )


def _kept(texts: Iterable[pl.DataFrame], index: pl.DataFrame, heights: Sequence[int]) -> Iterator[pl.DataFrame]:
    """Yield the versions that stay, part by part; each of `texts` matches the next rows of `index`, by `heights`."""
    start = 0
    for text, height in zip(texts, heights, strict=True):
        versions = pl.concat([text, index.slice(start, height)], how="horizontal").filter("stays")
        yield versions.select(STATE.names())
        start += height


def _needed(last: StreamState, pages: Iterable[LandedPage]) -> int:
    """Estimate the bytes of the next state: size of the last one and of the pages since, which are compressed alike."""
    return (0 if last.path is None else last.path.stat().st_size) + sum(page.bytes for page in pages)


def _pages(run: LandedRun) -> list[LandedPage]:
    """Return the pages of a run that hold records."""
    return [page for page in run.pages if page.path is not None]


def _kept_versions(state: StreamState, envelope: Envelope) -> Iterator[pl.LazyFrame]:
    """Yield the versions of a state, part by part; derive flag history from the texts where the state lacks it."""
    parts = state.batches(GROUP_ROWS)
    if envelope.flag is None or state.path is None or not lacks_flag_history(state.path):
        return parts
    return (with_flag_of_text(part, envelope) for part in parts)


def _texts(state: StreamState) -> Iterator[pl.DataFrame]:
    """Yield the texts of a state (raw, location), in the parts in which they are indexed."""
    return (part.select("raw", "location").collect() for part in state.batches(GROUP_ROWS))


def _landed(pages: Iterable[LandedPage], eraser: StreamEraser | None) -> Iterator[pl.DataFrame]:
    """Yield landed lines (raw, location, listing) in order, of a few pages at a time."""
    batch: list[LandedPage] = []
    for page in pages:
        if batch and sum(one.records for one in batch) + page.records > _LINES_AT_ONCE:
            yield _lines(batch, eraser)
            batch = []
        batch.append(page)
    if batch:
        yield _lines(batch, eraser)


def _lines(pages: Sequence[LandedPage], eraser: StreamEraser | None) -> pl.DataFrame:
    """Read landed pages: one text per record, with its location (run/file:line) and listing (null: none)."""
    locations = {str(page.path): f"{_location(page)}:" for page in pages}
    listings = {str(page.path): page.listing_id for page in pages}
    lines = pl.scan_lines(list(locations), name="raw", include_file_paths="path", glob=False).collect()
    number = pl.int_range(1, pl.len() + 1).over("path")
    path = pl.col("path")
    listing = path.replace_strict(listings).cast(pl.Categorical)
    records = lines.select("raw", location=pl.concat_str(path.replace_strict(locations), number), listing=listing)
    records = records.filter(pl.col("raw") != TOMBSTONE.decode())
    return records if eraser is None else erased_rows(records, eraser)


def _location(page: LandedPage) -> str:
    return f"{page.run_id}/{'' if page.path is None else page.path.name}"
