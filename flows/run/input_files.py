"""Files of a run that are not there, told before anything is started."""

from connectors.files.settings import FilesSource
from definitions.errors import FileUnreadableError
from flows.run.job import Job


def check_input_files(job: Job) -> None:
    """Raise `FileUnreadableError` that names every file which the run would read and which is not there."""
    asked = [source for source in job.settings.sources if isinstance(source, FilesSource) and job.is_asked(source)]
    missing = [
        f"{source.name}.{stream.name}: {stream.path}"
        for source in asked
        for stream in source.streams
        if not (job.data / stream.path).is_file()
    ]
    if not missing:
        return
    if not job.data.is_dir():
        raise FileUnreadableError(f"{job.data}: there is no such folder. Name the one with the files by --data.")
    raise FileUnreadableError(
        f"{job.data}: there is no file for {'; '.join(missing)}. Put it there, correct `path`, or name another folder "
        "by --data."
    )
