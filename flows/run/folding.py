"""Folding: from the last state of a stream and the pages landed since then to its next state."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path

import polars as pl

from connectors.files.remaining import erased_rows
from connectors.files.streams import is_whole, landed_rows
from connectors.landing.erased import TOMBSTONE, StreamEraser
from connectors.landing.history import LandedRun, landed_runs
from connectors.landing.reader import LandedPage, Rejected
from connectors.landing.writer import Landing
from definitions.errors import FileUnreadableError, LandingError
from definitions.mapping.envelope import Envelope
from definitions.mapping.file_stream import FileStream
from definitions.mapping.source_mapping import SourceMapping
from flows.home.state_files import GROUP_ROWS, StreamState, lacks_flag_history, run_of, save_state, state_path
from transforms.conform.files_versions import LandedFile, compact_files
from transforms.state.flags import FLAG_HISTORY, with_flag_history
from transforms.state.listings import CompleteListing, apply_listings
from transforms.state.versions import STATE, parsed_versions, version_index, with_flag_of_text

# Parsing a record takes many times its room, and less time while that is in the processor's cache.
_LINES_AT_ONCE = 4_000


@dataclass(frozen=True, slots=True, kw_only=True)
class StateStore:
    """Where one stream's state lies, which version the warehouse points to, and the run up to which it is folded.

    `trusted` are the runs, beside `run_id`, whose complete listings count, with those that they go on from: the runs
    that were published. The listing of a run that was refused may be the very fault it was refused for.
    `passes_over_unreadable`: landed files that cannot be read as declared now are left out. `eraser` keeps erased
    persons out, who may stand in a landing that was restored (null: nobody was erased).
    """

    folder: Path
    landing: Landing
    source: str
    stream: str
    run_id: str
    last_version: str | None
    trusted: frozenset[str] = field(default=frozenset(), repr=False)
    passes_over_unreadable: bool = False
    eraser: StreamEraser | None = None

    def unread(self) -> list[LandedRun]:
        """Runs that landed since the last version, those that died before they published too: they are true.

        Raises `LandingError` where a manifest is damaged.
        """
        runs = landed_runs(self.landing, self.source, self.stream, after=run_of(self.last_version), until=self.run_id)
        for run in runs:
            if run.is_manifest_damaged:
                self.landing.read_manifest(self.source, self.stream, run.run_id)
        return runs

    def unread_rejected(self) -> list[tuple[str, Rejected]]:
        """Records set aside before landing since the last version, each with the run and file it lies in."""
        return [
            (f"{page.run_id}/{page.rejected_path.name}", record)
            for run in self.unread()
            for page in run.pages
            if page.rejected_path is not None
            for record in self.landing.rejected(page)
        ]

    def unchanged(self) -> StreamState:
        """The state as it was; `LandingError` when it is gone."""
        path = None
        if self.last_version is not None:
            path = state_path(self.folder, self.source, self.stream, self.last_version)
            if not path.exists():
                raise LandingError(f"{path}: the state went away while the run was at work. Run again.")
        return StreamState(source=self.source, stream=self.stream, version=self.last_version, path=path)

    def keep(self, state: Iterable[pl.DataFrame], *, needed_bytes: int = 0) -> StreamState:
        """Write a new version, durably; its rows come part by part."""
        path = save_state(state, self.folder / self.source / self.stream, self.run_id, needed_bytes=needed_bytes)
        return StreamState(source=self.source, stream=self.stream, version=path.stem, path=path)

    def listings(self, runs: Sequence[LandedRun]) -> list[CompleteListing]:
        """Listings of everything that count, in the order in which they were completed."""
        counting: dict[str, CompleteListing] = {}
        gone_on_from: set[str | None] = set()
        for run in reversed(runs):
            is_trusted = run.run_id == self.run_id or run.run_id in self.trusted
            for one in reversed(run.completed):
                if one.id in counting or not (is_trusted or one.id in gone_on_from):
                    continue
                gone_on_from.add(one.previous)
                if one.is_whole:
                    counting[one.id] = CompleteListing(id=one.id, run_id=run.run_id)
        return [*reversed(counting.values())]


def fold_pages(shelf: StateStore, envelope: Envelope, *, keeps_versions: bool) -> StreamState:
    """Fold what a vendor's stream landed since the last version; without anything new the last one stands.

    All texts are read twice and never held together: first to file the versions, then to write those that stay. What a
    complete listing does not show alive is gone. Raises `LandingError` when a page no longer matches its checksum.
    """
    runs = shelf.unread()
    pages = [page for run in runs for page in _pages(run)]
    if not pages:
        return shelf.unchanged()
    for page in pages:
        shelf.landing.verified(page)
    last = shelf.unchanged()
    # Without versions the last state holds a record once, from an earlier run: no tie is left for its text to break.
    # What was folded before is no part of a listing any more.
    unlisted = pl.lit(None, pl.Categorical)
    parts = _kept_versions(last, envelope)
    known = [version_index(part, reads_text=keeps_versions).with_columns(listing=unlisted).collect() for part in parts]
    landed = [_filed(lines, envelope) for lines in _landed(pages, shelf.eraser)]
    heights = [part.height for part in (*known, *landed)]
    files = with_flag_history(pl.concat([*known, *landed]))
    del known, landed
    verdict = apply_listings(files.drop(*FLAG_HISTORY), shelf.listings(runs), keeps_versions=keeps_versions)
    files = files.select("source_id", "version_at", *FLAG_HISTORY).hstack(verdict)
    texts = chain(_texts(last), (lines.select("raw", "location") for lines in _landed(pages, shelf.eraser)))
    return shelf.keep(_kept(texts, files, heights), needed_bytes=_needed(last, pages))


def fold_files(shelf: StateStore, stream: FileStream, meaning: SourceMapping) -> StreamState:
    """Fold the files landed since the last version; a complete file takes away what it no longer holds.

    Raises `LandingError` as `fold_pages`, `FileUnreadableError` where a landed file cannot be read as declared now,
    unless the shelf passes over those.
    """
    pages = [page for run in shelf.unread() for page in _pages(run)]
    if not pages:
        return shelf.unchanged()
    last = shelf.unchanged()
    state = compact_files(
        None if last.path is None else last.frame(),
        _landed_files(shelf, pages, stream),
        meaning,
        stream=stream,
        keeps_versions=stream.kind == "opportunity",
    )
    return shelf.keep([state], needed_bytes=_needed(last, pages))


def _landed_files(shelf: StateStore, pages: Sequence[LandedPage], stream: FileStream) -> Iterator[LandedFile]:
    """Files in the order landed; of a complete stream, none that cannot be read as declared if a later one has rows.

    That is the file of a run that was refused for it: what is in the corrected one, it need not say.
    """
    last = max((place for place, page in enumerate(pages) if page.records), default=0) if stream.complete else 0
    for place, page in enumerate(pages):
        try:
            rows = landed_rows(shelf.landing, page, stream)
        except FileUnreadableError:
            if place < last or shelf.passes_over_unreadable:
                continue
            raise
        if shelf.eraser is not None:
            rows = erased_rows(rows, shelf.eraser)
        whole = is_whole(stream, records=page.records, rejected=page.rejected)
        yield LandedFile(rows=rows.lazy(), run_id=page.run_id, is_whole=whole)


def _filed(lines: pl.DataFrame, envelope: Envelope) -> pl.DataFrame:
    """File landed lines, with the listing that they are a part of."""
    return (
        version_index(parsed_versions(lines.lazy(), envelope))
        .collect(engine="in-memory")
        .with_columns(lines["listing"])
    )


def _kept(texts: Iterable[pl.DataFrame], files: pl.DataFrame, heights: Sequence[int]) -> Iterator[pl.DataFrame]:
    """Versions that stay, part by part: the next `heights` rows of `files` are about the rows of the next text."""
    start = 0
    for text, height in zip(texts, heights, strict=True):
        versions = pl.concat([text, files.slice(start, height)], how="horizontal").filter("stays")
        yield versions.select(STATE.names())
        start += height


def _needed(last: StreamState, pages: Iterable[LandedPage]) -> int:
    """About the bytes of the next state: what the last one takes, and what was landed since, which is packed alike."""
    return (0 if last.path is None else last.path.stat().st_size) + sum(page.bytes for page in pages)


def _pages(run: LandedRun) -> list[LandedPage]:
    """Pages of a run that hold records."""
    return [page for page in run.pages if page.path is not None]


def _kept_versions(state: StreamState, envelope: Envelope) -> Iterator[pl.LazyFrame]:
    """Versions of a state, part by part; where it keeps no flag history, what the kept texts tell of it."""
    parts = state.batches(GROUP_ROWS)
    if envelope.flag is None or state.path is None or not lacks_flag_history(state.path):
        return parts
    return (with_flag_of_text(part, envelope) for part in parts)


def _texts(state: StreamState) -> Iterator[pl.DataFrame]:
    """Kept texts (raw, location), in the parts in which they are filed."""
    return (part.select("raw", "location").collect() for part in state.batches(GROUP_ROWS))


def _landed(pages: Iterable[LandedPage], eraser: StreamEraser | None) -> Iterator[pl.DataFrame]:
    """Landed lines (raw, location, listing), in order, of some pages at a time."""
    waiting: list[LandedPage] = []
    for page in pages:
        if waiting and sum(one.records for one in waiting) + page.records > _LINES_AT_ONCE:
            yield _lines(waiting, eraser)
            waiting = []
        waiting.append(page)
    if waiting:
        yield _lines(waiting, eraser)


def _lines(pages: Sequence[LandedPage], eraser: StreamEraser | None) -> pl.DataFrame:
    """The records of landed pages, one text each, with where they stand and of which listing they are."""
    places = {str(page.path): f"{_place(page)}:" for page in pages}
    listings = {str(page.path): page.listing_id for page in pages}
    lines = pl.scan_lines(list(places), name="raw", include_file_paths="path", glob=False).collect()
    number = pl.int_range(1, pl.len() + 1).over("path")
    path = pl.col("path")
    listing = path.replace_strict(listings).cast(pl.Categorical)
    known = lines.select("raw", location=pl.concat_str(path.replace_strict(places), number), listing=listing)
    known = known.filter(pl.col("raw") != TOMBSTONE.decode())
    return known if eraser is None else erased_rows(known, eraser)


def _place(page: LandedPage) -> str:
    return f"{page.run_id}/{'' if page.path is None else page.path.name}"
