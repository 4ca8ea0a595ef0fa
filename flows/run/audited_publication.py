"""From records to published tables: compute, stage, audit and publish, all or nothing; then leave no trace of the way.

The audit runs inside the publish transaction, which keeps everybody from changing what is staged: what is published is
what was audited. Where the transaction is tried again, so is the audit.
"""

import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime

import sqlalchemy as sa

from connectors.extract import Pulled
from definitions.errors import AuditRefusedError, NeedsPersonError, PublicationUnknownError
from definitions.run_context import RunContext
from definitions.runtime.crash_points import crash_point
from definitions.schema.tables import CURATED, OPS_CONSERVATION
from expectations.background import auditing
from expectations.pages import write_page
from expectations.report import ValidationResults, refuse_if_critical
from flows.home.run_log import note_unsettled
from flows.home.spill import Spill
from flows.home.state_files import StreamState, forget_old_states, versions_in_use
from flows.run.audit_suites import audit_suites
from flows.run.books import cursor_book, definitions_book, quarantine_book
from flows.run.job import Job
from flows.run.publication import Known, run_context
from flows.run.quarantine_ceiling import refuse_many_quarantined
from flows.run.run_report import Facts, Report, build_report
from flows.terminal.progress import Watcher
from transforms.pipeline.assembly import Assembled, assemble
from transforms.pipeline.records import Records
from warehouse.connect import safe_url
from warehouse.load.staging import empty_staging, staging
from warehouse.publishing.publish import publish
from warehouse.publishing.refused_runs import keep_audit
from warehouse.publishing.run_lock import RunLock
from warehouse.publishing.transaction import Publication

# How long the server keeps the transaction of a process that stands still, beyond the time limit of its audit.
_IDLE_SECONDS = 300.0
# Clearing up is not worth a wait: the next run clears what is left.
_CLEARING_SECONDS = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Staged:
    """A run whose tables are staged, with everything that its publication and its report need."""

    job: Job
    known: Known
    run: RunContext
    records: Records
    assembled: Assembled
    states: Sequence[StreamState]
    pulls: Sequence[tuple[str, Pulled]]

    @property
    def audit_seconds(self) -> float:
        return self.job.settings.audit_minutes * 60

    @property
    def pulled(self) -> dict[tuple[str, str], Pulled]:
        """What was pulled, by source and stream."""
        return {(source, pulled.stream): pulled for source, pulled in self.pulls}


def publish_records(
    job: Job,
    engine: sa.Engine,
    lock: RunLock,
    known: Known,
    records: Records,
    states: Sequence[StreamState],
    pulls: Sequence[tuple[str, Pulled]],
    *,
    spill: Spill,
    seen: Watcher,
) -> Report:
    """Compute the next tables, audit them where they are staged, and publish them with cursors and books.

    `spill` takes what the computation splits.

    Gives the run report; what could not be cleared up after the publication stands in its notes. Raises
    `TransformError`, `AuditRefusedError`, `PublishError` and `AnotherRunActiveError`, with the published tables as they
    were, and `PublicationUnknownError`.
    """
    run = run_context(job, known)
    with _cleared_on_failure(engine, lock):
        with seen.step("computing and staging"):
            refuse_many_quarantined(records, job.settings.record_limit)
            lock.check()
            with staging(engine, run) as give:
                assembled = assemble(records, known.before, run, give, spill)
                crash_point("transform.mid")
                give(OPS_CONSERVATION.name, assembled.balance)
        staged = _Staged(
            job=job, known=known, run=run, records=records, assembled=assembled, states=states, pulls=pulls
        )
        with seen.step("auditing and publishing"):
            return _published(engine, lock, staged)


@contextmanager
def _cleared_on_failure(engine: sa.Engine, lock: RunLock) -> Iterator[None]:
    """Empty `staging` where the run fails, but for what a refused audit speaks of; the error passes as it is."""
    try:
        yield
    except (AuditRefusedError, PublicationUnknownError):
        raise
    except Exception:
        # Whatever keeps it from being emptied, the next run empties it; and the error of the run is the one to be told.
        with suppress(NeedsPersonError):
            lock.check()
            empty_staging(engine, lock_seconds=_CLEARING_SECONDS)
        raise


def _published(engine: sa.Engine, lock: RunLock, staged: _Staged) -> Report:
    def attempt(publication: Publication) -> tuple[Report, ValidationResults]:
        return _attempt(engine, lock, staged, publication)

    try:
        report, results = publish(
            engine,
            staged.run,
            attempt,
            computed_from=staged.known.last_run_id,
            sleep=time.sleep,
            idle_seconds=staged.audit_seconds + _IDLE_SECONDS,
        )
    except PublicationUnknownError:
        note_unsettled(staged.job.home, staged.run.run_id)
        raise
    left = [note for note in (_write_page(staged, results), *_clear_up(engine, lock, staged)) if note]
    return report | {"notes": [*report["notes"], *left]}


def _attempt(
    engine: sa.Engine, lock: RunLock, staged: _Staged, publication: Publication
) -> tuple[Report, ValidationResults]:
    """Merge while the audit runs, and leave the transaction ready to be committed if it passes."""
    suites = audit_suites(staged.job, staged.known.filled, staged.records, staged.assembled)
    with auditing(
        engine.url,
        suites,
        staged.job.settings.expectations,
        run_id=staged.run.run_id,
        seconds=staged.audit_seconds,
        at_limit=publication.abort,
    ) as audit:
        publication.merge_tables()
        results = _results(audit, publication)
        try:
            refuse_if_critical(results)
        except AuditRefusedError as refused:
            publication.roll_back()
            raise _with_evidence(engine, staged, results, refused) from None
        crash_point("audit.after_pass")
        publication.merge_books(
            {
                "cursor": cursor_book(staged.states, staged.pulled, staged.run),
                "quarantine": quarantine_book(staged.records.quarantined, staged.run),
                "audit_result": results.frame(staged.run.run_id),
                "definitions_version": definitions_book(staged.job.definitions, staged.run),
            }
        )
        publication.show_custom_fields(staged.job.definitions.custom)
        finished_at = datetime.now(UTC)
        report = _report(engine, staged, publication, results, finished_at)
        publication.record(
            finished_at=finished_at,
            report=report,
            streams=[(state.source, state.stream) for state in staged.states],
        )
        lock.check()
    return report, results


def _results(audit: Future[ValidationResults], publication: Publication) -> ValidationResults:
    """Wait for the results. A server that was restarted ended both sessions: that is tried again, audit and all."""
    try:
        return audit.result()
    except AuditRefusedError:
        publication.check_connection()
        raise


def _report(
    engine: sa.Engine, staged: _Staged, publication: Publication, results: ValidationResults, finished_at: datetime
) -> Report:
    job, known, run = staged.job, staged.known, staged.run
    facts = Facts(
        run_id=run.run_id,
        as_of=run.as_of,
        started_at=run.started_at,
        finished_at=finished_at,
        is_baseline=known.last_run_id is None,
        state_before={"/".join(place): version for place, version in known.versions.items()},
        state_after={f"{state.source}/{state.stream}": state.version for state in staged.states},
        pulls=staged.pulls,
        written={
            table.name: {"inserted": done.inserted, "updated": done.updated, "deleted": done.deleted}
            for table in CURATED
            if (done := publication.written.get(table.name))
        },
        audit=results.frame(run.run_id).drop("run_id").to_dicts(),
        warehouse=safe_url(engine.url),
        notes=known.notes,
    )
    return build_report(facts, job.definitions, staged.records, staged.assembled)


def _with_evidence(
    engine: sa.Engine, staged: _Staged, results: ValidationResults, refused: AuditRefusedError
) -> AuditRefusedError:
    """Keep the results of a refused run in `ops` and as a page; say with the refusal what could not be kept.

    What is staged stays too, until the next run stages: its rows are what the checks name.
    """
    told = [str(refused)]
    try:
        keep_audit(engine, staged.run, results.frame(staged.run.run_id))
    except NeedsPersonError as error:
        told.append(str(error))
    if note := _write_page(staged, results):
        told.append(f"{note}.")
    return AuditRefusedError("\n".join(told))


def _write_page(staged: _Staged, results: ValidationResults) -> str | None:
    try:
        folder = staged.job.home.data_docs
    except NeedsPersonError as error:
        return f"the page of the audit could not be written: {str(error).rstrip('.')}"
    return write_page(folder, results, run_id=staged.run.run_id, now=staged.job.started_at)


def _clear_up(engine: sa.Engine, lock: RunLock, staged: _Staged) -> list[str]:
    """Remove the states that nobody needs any more, and what is staged; say what could not be removed.

    Nothing is raised: the run is published. Without the lock nothing is touched: it may be another run's by now.
    """
    notes: list[str] = []
    try:
        lock.check()
        forget_old_states(
            staged.job.home.state, versions_in_use(staged.known.versions, staged.states, staged.pulled.keys())
        )
        empty_staging(engine, lock_seconds=_CLEARING_SECONDS)
    except NeedsPersonError as error:
        notes.append(f"what the run left behind is removed by the next one: {str(error).rstrip('.')}")
    except OSError as error:
        notes.append(f"an old state could not be removed: {error.filename}: {error.strerror or error}")
    return notes
