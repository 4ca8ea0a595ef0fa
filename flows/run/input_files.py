"""Input files of a run: missing ones are reported before anything starts."""

from connectors.files.watched import is_there
from definitions.errors import FileUnreadableError
from flows.run.request import RunRequest
from flows.streams.configured_streams import DeclaredFile, configured_streams


def check_input_files(request: RunRequest) -> None:
    """Raise `FileUnreadableError` naming every missing file that the run would read."""
    missing = [
        f"{stream.label}: {stream.path}"
        for stream in configured_streams(request.settings, request.definitions)
        if isinstance(stream, DeclaredFile)
        and request.is_requested(stream.source)
        and not is_there(stream.stream, request.data)
    ]
    if not missing:
        return
    if not request.data.is_dir():
        raise FileUnreadableError(f"{request.data}: there is no such folder. Name the one with the files by --data.")
    raise FileUnreadableError(
        f"{request.data}: there is no file for {'; '.join(missing)}. Put it there, correct `path`, or name another "
        "folder by --data."
    )
