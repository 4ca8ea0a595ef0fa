"""From landing to records: fold every stream's state, then conform it."""

from dataclasses import replace
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


def heard_streams(
    job: Job, known: Known, pulls: list[tuple[str, Pulled]], spill: Spill
) -> tuple[list[Heard], list[StreamState]]:
    """Every stream of every source, pulled by this run or not, as canonical records with the state they came from."""
    landing = Landing(job.home.landing)
    pulled = {(source, one.stream): one for source, one in pulls}
    shelf = Shelf(folder=job.home.state, landing=landing, source="", stream="", run_id=known.run_id, last_version=None)
    heard, states = [], []
    for source in job.settings.sources:
        streams = source.streams if isinstance(source, FilesSource) else STREAMS[source.kind]
        for stream in streams:
            place = (source.name, stream.name)
            own = replace(shelf, source=source.name, stream=stream.name, last_version=known.versions.get(place))
            state, told = _read(job, known, source, stream, own, pulled.get(place), spill)
            heard.append(told)
            states.append(state)
    return heard, states


def read_records(
    job: Job, known: Known, pulls: list[tuple[str, Pulled]], spill: Spill
) -> tuple[Records, list[StreamState]]:
    """All records of all sources, by kind, which lie in `spill`, and the states they came from."""
    heard, states = heard_streams(job, known, pulls, spill)
    return gathered_records(heard), states


def _read(
    job: Job,
    known: Known,
    source: HubSpotSource | SalesforceSource | FilesSource,
    stream: Stream[Any] | FileStream,
    shelf: Shelf,
    pulled: Pulled | None,
    spill: Spill,
) -> tuple[StreamState, Heard]:
    count = 0 if pulled is None else pulled.records
    if isinstance(source, FilesSource):
        if not isinstance(stream, FileStream):
            raise TypeError("a folder of files has streams of files")
        aside = set_aside(source.name, stream.name, stream.name, shelf.unread_rejected())
        if not (stream.complete and pulled is not None and pulled.pages):
            aside = with_unfiled(aside, known.unfiled, source.name, stream.name)
        state = fold_files(shelf, stream, meaning_of_files(source, job.definitions))
        return state, heard_file(source, stream, state, job.definitions, spill, pulled=count, aside=aside)
    if isinstance(stream, FileStream):
        raise TypeError("a vendor has no streams of files")
    aside = set_aside(source.name, stream.name, stream.source_object, shelf.unread_rejected())
    if pulled is None or not pulled.is_full:
        aside = with_unfiled(aside, known.unfiled, source.name, stream.name)
    reading = READINGS[source.kind][stream.name]
    state = fold_pages(
        shelf,
        envelope_of(stream),
        keeps_versions=reading.keeps_versions,
        revives=reading.revives,
        # A list with records set aside may have lost the one that is missing; an empty one is more likely a fault.
        is_whole=pulled is not None and pulled.is_full and pulled.records > 0 and not pulled.rejected,
    )
    return state, heard_vendor(source, stream, state, job.definitions, spill, pulled=count, aside=aside)
