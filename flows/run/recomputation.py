"""Recomputation: from landed pages to published tables, in every run."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress

from connectors.extract import PullResult
from definitions.errors import AnotherRunActiveError, PipelineError
from definitions.runtime.commit_gate import GATE
from flows.home.run_log import note_judged
from flows.home.superseded import later_run_named
from flows.orchestration.unexpected import foreign_errors_named
from flows.run.audited_publication import cleared_on_failure, publish_staged
from flows.run.open_run import OpenRun
from flows.run.read_records import read_records
from flows.run.run_report import Report
from flows.run.staged_run import stage
from flows.streams.quarantine_ceiling import refuse_many_quarantined


def recompute(run: OpenRun, pulls: list[tuple[str, PullResult]]) -> Report:
    """Read records, compute, stage, audit and publish; return the run report. `pulls` is empty if nothing was pulled.

    Raises as `read_records`, `stage` and `publish_staged`, and `AnotherRunActiveError` if a later run removed the files
    of this one; the published tables are then unchanged.
    """
    home = run.request.home
    with foreign_errors_named(home.root), later_run_named(home, run.run_id), _judged(run, pulls):
        with run.progress.step("reading records"):
            run.lock.check()
            records, states = read_records(run, pulls)
        with cleared_on_failure(run):
            with run.progress.step("computing and staging"):
                refuse_many_quarantined(records, run.request.settings.record_limit)
                run.lock.check()
                staged = stage(run, records, states, pulls)
            with run.progress.step("auditing and publishing"):
                return publish_staged(run, staged)


@contextmanager
def _judged(run: OpenRun, pulls: list[tuple[str, PullResult]]) -> Iterator[None]:
    """Note the streams pulled by a run that publishes or fails in the block, unless a signal ends it there.

    A failed run's listing may be the fault it was refused for, so the next run lists again. For a run ended by a signal
    or killed nothing is noted, and the next run resumes its listing.
    """
    try:
        yield
    except AnotherRunActiveError:
        raise
    except Exception:
        if not GATE.is_closed:
            _note_judged(run, pulls)
        raise
    _note_judged(run, pulls)


def _note_judged(run: OpenRun, pulls: list[tuple[str, PullResult]]) -> None:
    # Without the note the next run resumes this listing, and may be refused for the same fault.
    with suppress(PipelineError):
        note_judged(run.request.home, run.run_id, [(source, pulled.stream) for source, pulled in pulls])
