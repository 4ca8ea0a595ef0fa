"""From landing to records: fold every stream's state, then conform it, while others are folded."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from functools import partial
from typing import Any

from connectors.files_settings import FilesSource
from connectors.landing import Landing
from connectors.pull import Pulled
from connectors.source import Stream
from definitions.file_stream import FileStream
from flows.job import Job
from flows.publication import Known
from flows.reading import heard_file, heard_vendor, set_aside, with_unfiled
from flows.settings import HubSpotSource, SalesforceSource
from flows.sources import STREAMS, envelope_of, meaning_of_files
from flows.spill import Spill
from flows.state_files import Shelf, StreamState, fold_files, fold_pages
from transforms.conform.readings import READINGS
from transforms.gathering import Heard, gathered_records
from transforms.terms import Records

# Folding keeps one core busy, conforming one and a half: on two cores a million people were read in 77 s one stream
# after the other, in 57 s with two folded ahead. What is folded lies on disk and costs no memory there.
_FOLDED_AT_ONCE = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class _Turn:
    """One stream's way: what folds it, on any thread, and what conforms its state."""

    fold: Callable[[], StreamState]
    hear: Callable[[StreamState], Heard]


def heard_streams(
    job: Job, known: Known, pulls: list[tuple[str, Pulled]], spill: Spill
) -> tuple[list[Heard], list[StreamState]]:
    """Every stream of every source, pulled by this run or not, as canonical records with the state they came from.

    While one stream is conformed others are folded; their order is that of the settings all the same. An error or an
    interrupt waits for the folds begun, no more.
    """
    turns = list(_turns(job, known, pulls, spill))
    told: dict[int, tuple[Heard, StreamState]] = {}
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


def read_records(
    job: Job, known: Known, pulls: list[tuple[str, Pulled]], spill: Spill
) -> tuple[Records, list[StreamState]]:
    """All records of all sources, by kind, which lie in `spill`, and the states they came from."""
    heard, states = heard_streams(job, known, pulls, spill)
    return gathered_records(heard), states


def _turns(job: Job, known: Known, pulls: list[tuple[str, Pulled]], spill: Spill) -> Iterator[_Turn]:
    pulled = {(source, one.stream): one for source, one in pulls}
    landing = Landing(job.home.landing)

    def shelf_of(source: str, stream: str) -> Shelf:
        return Shelf(
            folder=job.home.state,
            landing=landing,
            source=source,
            stream=stream,
            run_id=known.run_id,
            last_version=known.versions.get((source, stream)),
        )

    for source in job.settings.sources:
        if isinstance(source, FilesSource):
            for file in source.streams:
                shelf = shelf_of(source.name, file.name)
                yield _file_turn(job, known, source, file, shelf, pulled.get((source.name, file.name)), spill)
        else:
            for stream in STREAMS[source.kind]:
                shelf = shelf_of(source.name, stream.name)
                yield _vendor_turn(job, known, source, stream, shelf, pulled.get((source.name, stream.name)), spill)


def _file_turn(
    job: Job,
    known: Known,
    source: FilesSource,
    stream: FileStream,
    shelf: Shelf,
    pulled: Pulled | None,
    spill: Spill,
) -> _Turn:
    def hear(state: StreamState) -> Heard:
        aside = set_aside(source.name, stream.name, stream.name, shelf.unread_rejected())
        if not (stream.complete and pulled is not None and pulled.pages):
            aside = with_unfiled(aside, known.unfiled, source.name, stream.name)
        count = 0 if pulled is None else pulled.records
        return heard_file(source, stream, state, job.definitions, spill, pulled=count, aside=aside)

    return _Turn(fold=partial(fold_files, shelf, stream, meaning_of_files(source, job.definitions)), hear=hear)


def _vendor_turn(
    job: Job,
    known: Known,
    source: HubSpotSource | SalesforceSource,
    stream: Stream[Any],
    shelf: Shelf,
    pulled: Pulled | None,
    spill: Spill,
) -> _Turn:
    def hear(state: StreamState) -> Heard:
        aside = set_aside(source.name, stream.name, stream.source_object, shelf.unread_rejected())
        if pulled is None or not pulled.is_full:
            aside = with_unfiled(aside, known.unfiled, source.name, stream.name)
        count = 0 if pulled is None else pulled.records
        return heard_vendor(source, stream, state, job.definitions, spill, pulled=count, aside=aside)

    reading = READINGS[source.kind][stream.name]
    fold = partial(
        fold_pages,
        shelf,
        envelope_of(stream),
        keeps_versions=reading.keeps_versions,
        revives=reading.revives,
        # A list with records set aside may have lost the one that is missing; an empty one is more likely a fault.
        is_whole=pulled is not None and pulled.is_full and pulled.records > 0 and not pulled.rejected,
    )
    return _Turn(fold=fold, hear=hear)
