"""Audited publication: staged tables are audited and published in one transaction, then staging is emptied.

The publish transaction locks `staging` against changes while the audit runs, so that exactly the audited rows are
published. If the transaction is retried, so is the audit.
"""

import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from datetime import UTC, datetime

from definitions.errors import AuditRefusedError, NeedsPersonError, PublicationUnknownError
from definitions.runtime.crash_points import crash_point
from definitions.schema.tables import CURATED
from expectations.background import auditing
from expectations.check import Suite
from expectations.fill import measure_fill
from expectations.pages import write_page
from expectations.report import ValidationResults, refuse_if_critical
from expectations.suites.structure import TableFill
from flows.home.run_log import note_unsettled
from flows.home.state_files import forget_old_states, versions_in_use
from flows.run.audit_suites import audit_suites
from flows.run.open_run import OpenRun
from flows.run.ops_rows import cursor_rows, definitions_rows, quarantine_rows, value_fault_rows
from flows.run.report_numbers import build_report
from flows.run.run_report import Report
from flows.run.staged_run import StagedRun
from warehouse.load.staging import empty_staging
from warehouse.publishing.publish import publish
from warehouse.publishing.refused_runs import keep_audit
from warehouse.publishing.transaction import Publication

# How long the server keeps the transaction of a halted process, beyond the time limit of its audit.
_IDLE_SECONDS = 300.0
# Cleaning up waits no longer: the next run removes what is left.
_CLEARING_SECONDS = 5.0


@contextmanager
def cleared_on_failure(run: OpenRun) -> Iterator[None]:
    """Empty `staging` if the run fails, unless a refused audit refers to its rows; the error is raised unchanged."""
    try:
        yield
    except (AuditRefusedError, PublicationUnknownError):
        raise
    except Exception:
        # If staging cannot be emptied, the next run does so; the error of this run is the one to report.
        with suppress(NeedsPersonError):
            run.lock.check()
            empty_staging(run.engine, lock_seconds=_CLEARING_SECONDS)
        raise


def publish_staged(run: OpenRun, staged: StagedRun) -> Report:
    """Audit the staged tables and publish them, with cursors and other rows of `ops`, in one transaction.

    Returns the run report; failures to clean up after the publication are in its notes. Raises `AuditRefusedError`,
    `PublishError` and `AnotherRunActiveError`, with the published tables unchanged, and `PublicationUnknownError`.
    """
    suites = audit_suites(run, _published_fill(run), staged)

    def attempt(publication: Publication) -> tuple[Report, ValidationResults]:
        return _attempt(run, staged, suites, publication)

    try:
        report, results = publish(
            run.engine,
            run.context,
            attempt,
            computed_from=run.published.last_run_id,
            sleep=time.sleep,
            idle_seconds=_audit_seconds(run) + _IDLE_SECONDS,
        )
    except PublicationUnknownError:
        note_unsettled(run.request.home, run.run_id)
        raise
    left = [note for note in (_write_page(run, results), *_clear_up(run, staged)) if note]
    return report | {"notes": [*report["notes"], *left]}


def _published_fill(run: OpenRun) -> Mapping[str, TableFill]:
    """Measure the fill of the published tables, by name; empty if nothing was published."""
    if run.published.last_run_id is None:
        return {}
    return measure_fill(run.engine.url, "curated", CURATED, seconds=_audit_seconds(run))


def _audit_seconds(run: OpenRun) -> float:
    return run.request.settings.audit_minutes * 60


def _attempt(
    run: OpenRun, staged: StagedRun, suites: Sequence[Suite], publication: Publication
) -> tuple[Report, ValidationResults]:
    """Merge while the audit runs; if it passes, leave the transaction ready to commit."""
    with auditing(
        run.engine.url,
        suites,
        run.request.settings.expectations,
        run_id=run.run_id,
        seconds=_audit_seconds(run),
        at_limit=publication.abort,
    ) as audit:
        publication.merge_tables()
        results = _results(audit, publication)
        try:
            refuse_if_critical(results)
        except AuditRefusedError as refused:
            publication.roll_back()
            raise _with_evidence(run, results, refused) from None
        crash_point("audit.after_pass")
        checks = results.frame(run.run_id)
        publication.merge_ops_tables(
            {
                "cursor": cursor_rows(staged.states, staged.pulled, run.context),
                "quarantine": quarantine_rows(staged.records.quarantined, run.context),
                "value_fault": value_fault_rows(staged.records.value_faults, run.context),
                "audit_result": checks,
                "definitions_version": definitions_rows(run.context),
            }
        )
        publication.show_custom_fields(run.context.definitions.custom)
        finished_at = datetime.now(UTC)
        report = build_report(run, staged, publication.written, checks, finished_at)
        publication.record(
            finished_at=finished_at,
            report=report,
            streams=[(state.source, state.stream) for state in staged.states],
        )
        run.lock.check()
    return report, results


def _results(audit: Future[ValidationResults], publication: Publication) -> ValidationResults:
    """Wait for the results. A restart of the server ends both sessions: transaction and audit are then retried."""
    try:
        return audit.result()
    except AuditRefusedError:
        publication.check_connection()
        raise


def _with_evidence(run: OpenRun, results: ValidationResults, refused: AuditRefusedError) -> AuditRefusedError:
    """Keep the results of a refused run in `ops` and as a page; add to the error what could not be kept.

    Staged rows stay until the next run stages, because the checks refer to them.
    """
    messages = [str(refused)]
    try:
        keep_audit(run.engine, run.context, results.frame(run.run_id))
    except NeedsPersonError as error:
        messages.append(str(error))
    if note := _write_page(run, results):
        messages.append(f"{note}.")
    return AuditRefusedError("\n".join(messages))


def _write_page(run: OpenRun, results: ValidationResults) -> str | None:
    try:
        folder = run.request.home.data_docs
    except NeedsPersonError as error:
        return f"the page of the audit could not be written: {str(error).rstrip('.')}"
    return write_page(folder, results, run_id=run.run_id, now=run.context.started_at)


def _clear_up(run: OpenRun, staged: StagedRun) -> list[str]:
    """Remove old states and staged rows; return notes of what could not be removed.

    Raises nothing, because the run is published. Without the lock nothing is removed: it may belong to another run.
    """
    notes: list[str] = []
    try:
        run.lock.check()
        forget_old_states(
            run.request.home.state, versions_in_use(run.start.versions, staged.states, staged.pulled.keys())
        )
        empty_staging(run.engine, lock_seconds=_CLEARING_SECONDS)
    except NeedsPersonError as error:
        notes.append(f"what the run left behind is removed by the next one: {str(error).rstrip('.')}")
    except OSError as error:
        notes.append(f"an old state could not be removed: {error.filename}: {error.strerror or error}")
    return notes
