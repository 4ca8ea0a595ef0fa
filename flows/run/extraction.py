"""Pulling all streams of a run: each as a task of its own, a stream that follows another after it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from connectors.cursor import run_of_cursor
from connectors.extract import PullResult, pull
from connectors.files.streams import pull_file
from connectors.landing.history import landed_runs
from connectors.landing.resume import ResumePoint, resume_point
from connectors.landing.writer import Landing
from connectors.stream import Stream
from definitions.fault_limit import RECORDS, FaultLimit
from definitions.mapping.file_stream import FileStream
from flows.home.state_files import run_of
from flows.orchestration.unexpected import foreign_errors_named
from flows.run.source_connection import SourceConnection

Cursors = Mapping[tuple[str, str], Mapping[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtractContext:
    """What pulling needs to know besides the stream: where pages go, from where on, and what time the run began.

    `limit` says how many records of a stream may be set aside. `judged` as in `flows.home.run_log.RunLog`.
    """

    landing: Landing
    run_id: str
    cursors: Cursors
    versions: Mapping[tuple[str, str], str | None]
    now: datetime
    full: bool
    limit: FaultLimit = RECORDS
    judged: Mapping[str, str] = field(default_factory=dict)

    def cursor(self, source: str, stream: str) -> Mapping[str, Any] | None:
        """What is published of the stream; None: nothing, or everything is asked again."""
        return None if self.full else self.cursors.get((source, stream))

    def unpublished_runs(self, source: str, stream: str) -> tuple[str, ...]:
        """Runs that landed something of the stream and did not publish it."""
        landed = self.landing.run_ids(source, stream, after=run_of(self.versions.get((source, stream))))
        return tuple(run for run in landed if run < self.run_id)

    def resume_point(self, source: str, stream: str) -> ResumePoint:
        """Where the pull of a stream of a vendor starts: behind what runs that died have listed."""
        place = source, stream
        published = run_of_cursor(self.cursors.get(place)) or ""
        settled = max(published, run_of(self.versions.get(place)) or "", self.judged.get("/".join(place), ""))
        runs = landed_runs(self.landing, source, stream, after=settled, until=self.run_id)
        return resume_point(runs, self.cursor(source, stream), is_full=self.full)


def pull_vendor_stream(
    context: ExtractContext, source: SourceConnection, stream: Stream[Any], progress: Callable[[int], None]
) -> PullResult:
    """Pull one stream of a vendor into the landing."""
    followed = () if stream.after is None else context.unpublished_runs(source.name, stream.after)
    with (
        foreign_errors_named(context.landing.root),
        context.landing.writer(source.name, stream.name, context.run_id) as writer,
    ):
        # The writer has landed what runs that died had kept.
        return pull(
            stream,
            source.account,
            source.http,
            writer,
            start=context.resume_point(source.name, stream.name),
            now=context.now,
            progress=progress,
            seen_in=followed,
            limit=context.limit,
            sweep_every=source.sweep_every,
        )


def pull_file_stream(
    context: ExtractContext, source: SourceConnection, stream: FileStream, progress: Callable[[int], None]
) -> PullResult:
    """Land one file, if it is another than the one landed last: it may be that of a run that was refused for it.

    Compared with the one published last, a file put back as it was would pass for unchanged, and the refused one stand.
    A file is one page, which costs no request: the pull of a run that died begins anew.
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
        )
