"""Records of a run: compact the landed pages of every stream, and conform each state while others are compacted."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from functools import partial

from connectors.extract import PullResult
from connectors.landing.writer import Landing
from flows.home.state_files import StreamState
from flows.run.open_run import OpenRun
from flows.streams.compaction import StateStore
from flows.streams.configured_streams import ConfiguredStream, configured_streams
from flows.streams.conform_stream import quarantine_rejected, with_earlier_rejected
from transforms.pipeline.gathering import ConformedStream, gathered_records
from transforms.pipeline.records import Records

# Compaction keeps one core busy, conforming one and a half: on two cores a million people were read in 77 s one stream
# after the other, in 57 s with two compacted ahead. Compacted states are on disk and take no memory.
_COMPACTED_AT_ONCE = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class _StreamPlan:
    """Plan for one stream: compact its landed pages, on any thread, then conform the result."""

    compact: Callable[[], StreamState]
    conform: Callable[[StreamState], ConformedStream]


def conform_configured_streams(
    run: OpenRun, pulls: list[tuple[str, PullResult]]
) -> tuple[list[ConformedStream], list[StreamState]]:
    """Conform every configured stream, pulled by this run or not; return them with their states.

    Streams are compacted while others are conformed, and returned in the order of the settings. After an error or an
    interrupt only compactions in progress are waited for. Raises `LandingError`, `FileUnreadableError` and
    `TransformError` of the stream that failed.
    """
    plans = list(_stream_plans(run, pulls))
    done: dict[int, tuple[ConformedStream, StreamState]] = {}
    with ThreadPoolExecutor(_COMPACTED_AT_ONCE, thread_name_prefix="compaction") as pool:
        compactions = {pool.submit(plan.compact): position for position, plan in enumerate(plans)}
        try:
            for compacted in as_completed(compactions):
                position, state = compactions[compacted], compacted.result()
                done[position] = plans[position].conform(state), state
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
    in_order = [done[position] for position in range(len(plans))]
    return [conformed for conformed, _ in in_order], [state for _, state in in_order]


def read_records(run: OpenRun, pulls: list[tuple[str, PullResult]]) -> tuple[Records, list[StreamState]]:
    """Return the canonical records of all sources by kind, scanned from disk, and the states they come from."""
    conformed, states = conform_configured_streams(run, pulls)
    return gathered_records(conformed), states


def _stream_plans(run: OpenRun, pulls: list[tuple[str, PullResult]]) -> Iterator[_StreamPlan]:
    pulled = {(source, one.stream): one for source, one in pulls}
    landing = Landing(run.request.home.landing)
    for stream in configured_streams(run.request.settings, run.context.definitions):
        store = StateStore(
            folder=run.request.home.state,
            landing=landing,
            source=stream.source.name,
            stream=stream.name,
            run_id=run.run_id,
            last_version=run.start.versions.get(stream.key),
            published_runs=run.published.run_ids,
            eraser=stream.eraser(run.erased),
            skips_unreadable_files=stream.key in run.start.anew,
        )
        conform = partial(_conform, run, stream, store, pulled.get(stream.key))
        yield _StreamPlan(compact=partial(stream.compact, store), conform=conform)


def _conform(
    run: OpenRun,
    stream: ConfiguredStream,
    store: StateStore,
    pulled: PullResult | None,
    state: StreamState,
) -> ConformedStream:
    """Conform a state; records that earlier runs rejected stay until the whole stream is pulled again."""
    rejected = quarantine_rejected(*stream.key, stream.object, store.pending_rejected())
    if not stream.is_reread(pulled):
        rejected = with_earlier_rejected(rejected, run.published.rejected, *stream.key)
    return stream.conform(state, run.spill, pulled=0 if pulled is None else pulled.records, rejected=rejected)
