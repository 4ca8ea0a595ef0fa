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
from flows.reading import heard_file, heard_vendor, set_aside
from flows.settings import HubSpotSource, SalesforceSource
from flows.sources import STREAMS, envelope_of, meaning_of_files
from flows.state_files import Shelf, StreamState, fold_files, fold_pages
from transforms.conform.readings import READINGS
from transforms.gathering import Heard, gathered_records
from transforms.terms import Records


def heard_streams(job: Job, known: Known, pulls: list[tuple[str, Pulled]]) -> tuple[list[Heard], list[StreamState]]:
    """Every stream of every source, pulled by this run or not, as canonical records with the state they came from."""
    landing = Landing(job.home.landing)
    counts = {(source, pulled.stream): pulled.records for source, pulled in pulls}
    shelf = Shelf(folder=job.home.state, landing=landing, source="", stream="", run_id=known.run_id, last_version=None)
    heard, states = [], []
    for source in job.settings.sources:
        streams = source.streams if isinstance(source, FilesSource) else STREAMS[source.kind]
        for stream in streams:
            place = (source.name, stream.name)
            own = replace(shelf, source=source.name, stream=stream.name, last_version=known.versions.get(place))
            state, told = _read(job, source, stream, own, counts.get(place, 0))
            heard.append(told)
            states.append(state)
    return heard, states


def read_records(job: Job, known: Known, pulls: list[tuple[str, Pulled]]) -> tuple[Records, list[StreamState]]:
    """All records of all sources, by kind, and the states they came from; only one copy of them is held."""
    heard, states = heard_streams(job, known, pulls)
    return gathered_records(heard.pop(0) for _ in range(len(heard))), states


def _read(
    job: Job,
    source: HubSpotSource | SalesforceSource | FilesSource,
    stream: Stream[Any] | FileStream,
    shelf: Shelf,
    pulled: int,
) -> tuple[StreamState, Heard]:
    if isinstance(source, FilesSource):
        if not isinstance(stream, FileStream):
            raise TypeError("a folder of files has streams of files")
        aside = set_aside(source.name, stream.name, stream.name, shelf.unread_rejected())
        state = fold_files(shelf, stream, meaning_of_files(source, job.definitions))
        return state, heard_file(source, stream, state, job.definitions, pulled=pulled, aside=aside)
    if isinstance(stream, FileStream):
        raise TypeError("a vendor has no streams of files")
    aside = set_aside(source.name, stream.name, stream.source_object, shelf.unread_rejected())
    reading = READINGS[source.kind][stream.name]
    envelope = envelope_of(stream)
    state = fold_pages(shelf, envelope, keeps_versions=reading.keeps_versions, revives=reading.revives)
    return state, heard_vendor(source, stream, state, job.definitions, pulled=pulled, aside=aside)
