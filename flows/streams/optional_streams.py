"""Optional streams: a run goes on without one that its source refuses, and says so."""

from collections.abc import Callable

from connectors.extract import PullResult
from connectors.http.status_errors import CallRefusedError, ObjectRefusedError
from flows.streams.configured_streams import ConfiguredStream


def pulled_or_refused(stream: ConfiguredStream, pull: Callable[[], PullResult]) -> PullResult | str:
    """Pull a stream; return a note for the report if its source refuses an optional one.

    Such a stream keeps its last state, or has no record. Raises what the pull raises if the stream is required.
    """
    try:
        return pull()
    except (ObjectRefusedError, CallRefusedError) as error:
        if stream.is_required:
            raise
        return (
            f"{error} The run went on without {stream.label}: what was pulled of it before is used, the rest is null. "
            f"`streams: {{{stream.name}: required}}` makes the run fail instead."
        )
