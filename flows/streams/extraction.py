"""Extraction: pull one stream into landing, from where its published cursor or an unfinished listing ends."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from connectors.cursor import run_of_cursor
from connectors.extract import PullResult, pull
from connectors.files.streams import pull_file
from connectors.landing.erased import NOBODY, ErasedList, StreamEraser
from connectors.landing.history import landed_runs
from connectors.landing.resume import ResumePoint, resume_point
from connectors.landing.writer import Landing
from connectors.stream import Stream
from definitions.fault_limit import RECORDS, FaultLimit
from definitions.mapping.file_stream import FileStream
from flows.home.state_files import run_of
from flows.orchestration.unexpected import foreign_errors_named
from flows.streams.source_connection import SourceConnection

Cursors = Mapping[tuple[str, str], Mapping[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtractContext:
    """Context of all pulls of a run: landing, cursors and state versions by stream, and start of the run (`now`).

    `limit` bounds the rejected records of a stream. `open_deals` as in `PublishedState`, `judged` as in
    `flows.home.run_log.RunLog`. `erased` persons are not landed.
    """

    landing: Landing
    run_id: str
    cursors: Cursors
    versions: Mapping[tuple[str, str], str | None]
    now: datetime
    full: bool
    limit: FaultLimit = RECORDS
    judged: Mapping[str, str] = field(default_factory=dict)
    erased: ErasedList = NOBODY
    open_deals: tuple[str, ...] = field(default=(), repr=False)

    def open_ids(self, source: str, source_object: str) -> tuple[str, ...]:
        """Return the ids of one object of a source among the open deals."""
        prefix = f"{source}:{source_object}:"
        return tuple(key.removeprefix(prefix) for key in self.open_deals if key.startswith(prefix))

    def cursor(self, source: str, stream: str) -> Mapping[str, Any] | None:
        """Return the published cursor of the stream; None if there is none, or for a full pull."""
        return None if self.full else self.cursors.get((source, stream))

    def unpublished_runs(self, source: str, stream: str) -> tuple[str, ...]:
        """Return the earlier runs that landed pages of the stream and did not publish them."""
        landed = self.landing.run_ids(source, stream, after=run_of(self.versions.get((source, stream))))
        return tuple(run for run in landed if run < self.run_id)

    def resume_point(self, source: str, stream: str) -> ResumePoint:
        """Return where the pull of a vendor's stream starts: after what killed runs already listed."""
        key = source, stream
        published = run_of_cursor(self.cursors.get(key)) or ""
        settled = max(published, run_of(self.versions.get(key)) or "", self.judged.get("/".join(key), ""))
        runs = landed_runs(self.landing, source, stream, after=settled, until=self.run_id)
        return resume_point(runs, self.cursor(source, stream), is_full=self.full)


def pull_vendor_stream(
    context: ExtractContext,
    source: SourceConnection,
    stream: Stream[Any],
    progress: Callable[[int], None],
    eraser: StreamEraser | None = None,
) -> PullResult:
    """Pull one stream of a vendor into landing."""
    parent_runs = () if stream.after is None else context.unpublished_runs(source.name, stream.after)
    with (
        foreign_errors_named(context.landing.root),
        context.landing.writer(source.name, stream.name, context.run_id) as writer,
    ):
        # Opening the writer landed the page journals of killed runs.
        return pull(
            stream,
            source.account,
            source.http,
            writer,
            start=context.resume_point(source.name, stream.name),
            now=context.now,
            progress=progress,
            seen_in=parent_runs,
            open_ids=context.open_ids(source.name, stream.reread) if stream.reread else (),
            limit=context.limit,
            eraser=eraser,
            sweep_every=source.sweep_every,
        )


def pull_file_stream(
    context: ExtractContext,
    source: SourceConnection,
    stream: FileStream,
    progress: Callable[[int], None],
    eraser: StreamEraser | None = None,
) -> PullResult:
    """Land one file if it differs from the file landed last, by whichever run, published or refused.

    Compared with the file published last, a corrected file that equals it would count as unchanged, and the refused one
    would stay. A file is one page and needs no request, so that an unfinished pull starts over.
    """
    unpublished = context.unpublished_runs(source.name, stream.name)
    landed = [page.cursor for page in context.landing.pages_of(source.name, stream.name, unpublished)]
    with (
        foreign_errors_named(context.landing.root),
        context.landing.writer(source.name, stream.name, context.run_id) as writer,
    ):
        return pull_file(
            stream,
            source=source.name,
            folder=source.data,
            writer=writer,
            cursor=landed[-1] if landed and not context.full else context.cursor(source.name, stream.name),
            now=context.now,
            progress=progress,
            limit=context.limit,
            eraser=eraser,
        )
