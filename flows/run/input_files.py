"""Files of a run that are not there, told before anything is started."""

from definitions.errors import FileUnreadableError
from flows.run.configured_streams import configured_streams
from flows.run.job import Job


def check_input_files(job: Job) -> None:
    """Raise `FileUnreadableError` that names every file which the run would read and which is not there."""
    missing = [
        f"{stream.label}: {stream.path}"
        for stream in configured_streams(job.settings, job.definitions)
        if stream.path is not None and job.is_asked(stream.source) and not (job.data / stream.path).is_file()
    ]
    if not missing:
        return
    if not job.data.is_dir():
        raise FileUnreadableError(f"{job.data}: there is no such folder. Name the one with the files by --data.")
    raise FileUnreadableError(
        f"{job.data}: there is no file for {'; '.join(missing)}. Put it there, correct `path`, or name another folder "
        "by --data."
    )
