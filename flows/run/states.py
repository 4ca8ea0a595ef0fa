"""From landing to records: fold every stream's state, then conform it, while others are folded."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from functools import partial

from connectors.extract import PullResult
from connectors.landing.writer import Landing
from flows.home.state_files import StreamState
from flows.run.configured_streams import ConfiguredStream, configured_streams
from flows.run.folding import StateStore
from flows.run.open_run import OpenRun
from flows.run.reading import set_aside, with_unfiled
from transforms.pipeline.gathering import ConformedStream, gathered_records
from transforms.pipeline.records import Records

# Folding keeps one core busy, conforming one and a half: on two cores a million people were read in 77 s one stream
# after the other, in 57 s with two folded ahead. What is folded lies on disk and costs no memory there.
_FOLDED_AT_ONCE = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class _Turn:
    """One stream's way: what folds it, on any thread, and what conforms its state."""

    fold: Callable[[], StreamState]
    hear: Callable[[StreamState], ConformedStream]


def heard_streams(run: OpenRun, pulls: list[tuple[str, PullResult]]) -> tuple[list[ConformedStream], list[StreamState]]:
    """Every stream of every source, pulled by this run or not, as canonical records with the state they came from.

    While one stream is conformed others are folded; their order is that of the settings all the same. An error or an
    interrupt waits for the folds begun, no more.
    """
    turns = list(_turns(run, pulls))
    told: dict[int, tuple[ConformedStream, StreamState]] = {}
    with ThreadPoolExecutor(_FOLDED_AT_ONCE, thread_name_prefix="folding") as pool:
        folding = {pool.submit(turn.fold): place for place, turn in enumerate(turns)}
        try:
            for folded in as_completed(folding):
                place, state = folding[folded], folded.result()
                told[place] = turns[place].hear(state), state
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
    in_order = [told[place] for place in range(len(turns))]
    return [heard for heard, _ in in_order], [state for _, state in in_order]


def read_records(run: OpenRun, pulls: list[tuple[str, PullResult]]) -> tuple[Records, list[StreamState]]:
    """All records of all sources, by kind, which lie on disk, and the states they came from."""
    heard, states = heard_streams(run, pulls)
    return gathered_records(heard), states


def _turns(run: OpenRun, pulls: list[tuple[str, PullResult]]) -> Iterator[_Turn]:
    pulled = {(source, one.stream): one for source, one in pulls}
    landing = Landing(run.request.home.landing)
    for stream in configured_streams(run.request.settings, run.context.definitions):
        shelf = StateStore(
            folder=run.request.home.state,
            landing=landing,
            source=stream.source.name,
            stream=stream.name,
            run_id=run.run_id,
            last_version=run.start.versions.get(stream.place),
            trusted=run.published.run_ids,
            passes_over_unreadable=stream.place in run.start.anew,
            eraser=stream.eraser(run.erased),
        )
        hear = partial(_hear, run, stream, shelf, pulled.get(stream.place))
        yield _Turn(fold=partial(stream.fold, shelf), hear=hear)


def _hear(
    run: OpenRun,
    stream: ConfiguredStream,
    shelf: StateStore,
    pulled: PullResult | None,
    state: StreamState,
) -> ConformedStream:
    """Conform a state; what earlier runs set aside stands until all of the stream is read again."""
    aside = set_aside(*stream.place, stream.object, shelf.unread_rejected())
    if not stream.is_reread(pulled):
        aside = with_unfiled(aside, run.published.unfiled, *stream.place)
    return stream.conform(state, run.spill, pulled=0 if pulled is None else pulled.records, aside=aside)
