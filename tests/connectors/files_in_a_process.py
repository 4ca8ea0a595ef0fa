"""A file pulled and read again in a process of its own, so that the memory it takes can be told."""

import resource
from collections.abc import Iterator
from datetime import UTC, datetime
from multiprocessing.connection import Connection
from pathlib import Path

from connectors.files.streams import landed_rows, pull_file
from connectors.landing.writer import Landing
from definitions.errors import PipelineError
from definitions.mapping.file_stream import FileStream
from tests.processes import PROCESSES


def pulled_and_read_again(folder: Path, stream: FileStream, run: str = "r1") -> tuple[str, int]:
    """What came of it, and by how many megabytes the process grew meanwhile."""
    ours, theirs = PROCESSES.Pipe()
    child = PROCESSES.Process(target=_child, args=(theirs, folder, stream.model_dump(exclude_unset=True), run))
    child.start()
    try:
        assert ours.poll(120), "it did not end"
        told: tuple[str, int] = ours.recv()
        return told
    finally:
        child.kill()
        child.join()


def _child(told: Connection, folder: Path, given: dict[str, object], run: str) -> None:
    stream = FileStream.model_validate(given)
    before = _peak()
    outcome = "; ".join(_outcome(folder, stream, run))
    told.send((outcome, _peak() - before))


def _outcome(folder: Path, stream: FileStream, run: str) -> Iterator[str]:
    landing = Landing(folder / "landing")
    try:
        with landing.writer("crm", stream.name, run) as writer:
            pulled = pull_file(
                stream,
                source="crm",
                folder=folder,
                writer=writer,
                cursor=None,
                now=datetime(2024, 6, 1, tzinfo=UTC),
                progress=lambda _: None,
            )
        yield from pulled.notes
        [page] = landing.read_manifest("crm", stream.name, run)
        yield f"{landed_rows(landing, page, stream).height} rows"
    except PipelineError as error:
        yield str(error)


def _peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
