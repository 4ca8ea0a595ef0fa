"""From records to published tables: assemble, stage, audit, publish, in that order and all or nothing."""

import json
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from datetime import time as clock_time
from decimal import Decimal
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl
import sqlalchemy as sa

from connectors.landing import Landing
from connectors.pull import Pulled
from definitions.crash_points import crash_point
from definitions.errors import AuditRefusedError, ConfigurationError, PublishError, TransformError
from definitions.tables import CURATED, OPS_CONSERVATION, OPS_QUARANTINE
from expectations.agreement import agreement_suite
from expectations.beside import auditing
from expectations.counts import filled
from expectations.reconciliation import SourceTotal, reconciliation_suite, tallies_of
from expectations.report import AuditReport, refuse_if_blocking
from expectations.structure import Filled, structure_suite
from expectations.suite import Suite
from expectations.ties import ties_suite
from expectations.times import times_suite
from flows.books import cursor_book, definitions_book, quarantine_book
from flows.home_binding import bind_home
from flows.job import Job
from flows.progress import Watcher
from flows.pulling import Errand
from flows.reading import QUARANTINE_COLUMNS, unfiled_of
from flows.recovery import starting_point
from flows.run_report import Facts, Report, build_report
from flows.spill import Spill
from flows.state_files import StreamState, forget_old_states, versions_in_use
from transforms.assembly import Assembled, assemble
from transforms.sweep import is_swept
from transforms.terms import Before, Records, Terms
from warehouse import reads
from warehouse.books import keep_audit
from warehouse.connect import safe_url
from warehouse.definitions_used import check_definitions
from warehouse.frames import reading
from warehouse.publish import publish
from warehouse.run import Run, Written
from warehouse.staging import staging

_FEW = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What the warehouse knows before the run, and the run's own number.

    `unfiled` has the records set aside before they could be filed: no state holds them, so they are remembered here.
    `anew` are streams whose state starts from this run's full listing; `notes` say what of the home was made again.
    """

    run_id: str
    last_run_id: str | None
    cursors: Mapping[tuple[str, str], Mapping[str, Any]]
    versions: Mapping[tuple[str, str], str | None]
    before: Before
    filled: Mapping[str, Filled]
    unfiled: pl.DataFrame
    published_runs: frozenset[str] = frozenset()
    anew: frozenset[tuple[str, str]] = frozenset()
    notes: tuple[str, ...] = ()


def known_of(job: Job, engine: sa.Engine, spill: Spill) -> Known:
    """Read what is published; the wide rows of issues lie in `spill`."""
    last = reads.last_run(engine)
    bound = bind_home(job.home, engine, is_empty=last is None)
    if last is not None and job.as_of < last.as_of:
        raise ConfigurationError(
            f"--as-of {job.as_of} lies before {last.as_of}, the date published last: the ledger and the issues only go "
            "forward. Use an empty BANTAM_HOME, or another warehouse, to look at an earlier day."
        )
    agreed = job.definitions
    check_definitions(engine, agreed.profile, agreed.version, agreed.text_sha256)
    with reading(engine) as warehouse:
        reads.live_issues(warehouse, job.as_of, partial(spill.add, "issues before"))
        cursors = reads.cursors(warehouse).to_dicts()
        before = Before(
            classes={kind: reads.published_classes(warehouse, kind) for kind in ("person", "opportunity")},
            issues=spill.scan("issues before"),
            snapshots=reads.latest_snapshots(warehouse, job.as_of),
        )
        unfiled = unfiled_of(reads.published(warehouse, OPS_QUARANTINE, QUARANTINE_COLUMNS))
    places = [(row["source_system"], row["stream"]) for row in cursors]
    run_id = job.home.next_run_id(job.started_at, None if last is None else last.run_id)
    published_runs = reads.published_run_ids(engine)
    start = starting_point(
        job,
        run_id,
        cursors={place: json.loads(row["cursor"]) for place, row in zip(places, cursors, strict=True)},
        versions={place: row["state_version"] for place, row in zip(places, cursors, strict=True)},
        published_runs=published_runs,
    )
    return Known(
        run_id=run_id,
        last_run_id=None if last is None else last.run_id,
        cursors=start.cursors,
        versions=start.versions,
        published_runs=published_runs,
        anew=start.anew,
        notes=(*bound, *start.notes),
        before=before,
        filled={} if last is None else filled(engine.url, "curated", CURATED),
        unfiled=unfiled,
    )


def begun(job: Job, known: Known) -> Errand:
    """What the pulls of this run share."""
    return Errand(
        landing=Landing(job.home.landing),
        run_id=known.run_id,
        cursors=known.cursors,
        versions=known.versions,
        now=job.started_at,
        full=job.full,
    )


def publish_records(
    job: Job,
    engine: sa.Engine,
    known: Known,
    records: Records,
    states: Sequence[StreamState],
    pulls: Sequence[tuple[str, Pulled]],
    seen: Watcher,
) -> Report:
    """Compute the next tables, audit them where they are staged, and publish them with cursors and books."""
    run = Run(
        run_id=known.run_id,
        as_of=job.as_of,
        started_at=job.started_at,
        definitions_version=job.definitions.version,
        is_draft=job.definitions.is_draft,
    )
    with seen.step("computing and staging"):
        _refuse_many(job, records)
        with staging(engine, run) as give:
            assembled = assemble(records, known.before, _terms(job, known), give)
            crash_point("transform.mid")
            give(OPS_CONSERVATION.name, assembled.balance)
    with seen.step("auditing and publishing"):
        return _published(job, engine, known, run, records=records, assembled=assembled, states=states, pulls=pulls)


def _terms(job: Job, known: Known) -> Terms:
    sources = job.settings.sources
    return Terms(
        definitions=job.definitions,
        as_of=job.as_of,
        run_id=known.run_id,
        roles={source.name: source.role for source in sources},
        regions={source.name: source.region for source in sources},
        rates=job.settings.exchange_rates,
        ignored_owners=tuple(
            f"{source.name}:{owner}" for source in sources for owner in getattr(source, "ignored_owners", ())
        ),
        is_baseline=known.last_run_id is None,
    )


def _refuse_many(job: Job, records: Records) -> None:
    """Stop where more of a stream was set aside than the settings allow: that is no longer a few bad records.

    Up to ten are a few, however small the stream, unless none is allowed. What the source no longer lists does not
    count: nobody could correct it any more.
    """
    held = records.quarantined.filter(~is_swept(pl.col("location")))
    aside = held.group_by("source_system", "stream").agg(aside=pl.len())
    if aside.is_empty():
        return
    places = set(aside.select("source_system", "stream").rows())
    counts = [
        one.record_keys.select(source_system=pl.lit(one.source), stream=pl.lit(one.stream), shown=pl.len())
        for one in records.shown
        if (one.source, one.stream) in places
    ]
    shares = aside.join(pl.concat(pl.collect_all(counts)), on=["source_system", "stream"])
    few = _FEW if job.settings.quarantine_ceiling else 0
    over = shares.filter(
        pl.col("aside") > pl.max_horizontal(pl.lit(few), pl.col("shown") * job.settings.quarantine_ceiling)
    )
    if over.is_empty():
        return
    reasons = held.group_by("source_system", "stream", "reason_code", "field_name", "detail").len()
    worst = reasons.join(over, on=["source_system", "stream"]).sort("len", descending=True).head(5).to_dicts()
    told = "; ".join(
        f"{row['source_system']}.{row['stream']}: {row['len']} of {row['shown']} records, {row['reason_code']} in "
        f"{row['field_name']} ({row['detail']})"
        for row in worst
    )
    raise TransformError(
        f"too many records cannot be read: {told}. Map the words or fields in bantam.yaml, or raise quarantine_ceiling."
    )


def _judged_at(job: Job) -> datetime:
    """The moment freshness is judged at: now, or the end of the day an earlier run is true for."""
    zone = ZoneInfo(job.definitions.reporting.time_zone)
    end = datetime.combine(job.as_of + timedelta(days=1), clock_time.min, tzinfo=zone)
    return min(job.started_at, end.astimezone(UTC))


def _suites(job: Job, known: Known, records: Records, assembled: Assembled) -> list[Suite]:
    """Everything that is asked of what is staged."""
    sources = [source.name for source in job.settings.sources]
    totals = [SourceTotal(**{**row, "amount": Decimal(row["amount"])}) for row in assembled.totals.to_dicts()]
    streams = [(one.source, one.stream) for one in records.shown]
    return [
        structure_suite(CURATED, known.filled, volume_accepted_because=job.volume_accepted_because),
        times_suite(sources, as_of=job.as_of, now=_judged_at(job)),
        reconciliation_suite(tallies_of(assembled.streams_of), totals, streams=streams),
        ties_suite(),
        agreement_suite(job.definitions, as_of=job.as_of),
    ]


def _published(
    job: Job,
    engine: sa.Engine,
    known: Known,
    run: Run,
    *,
    records: Records,
    assembled: Assembled,
    states: Sequence[StreamState],
    pulls: Sequence[tuple[str, Pulled]],
) -> Report:
    """Merge while the audit runs, and commit only what passes it; a refusal is kept in `ops`, to be looked up."""
    kept: dict[str, Report] = {}
    by_place = {(source, pulled.stream): pulled for source, pulled in pulls}

    def books() -> Mapping[str, pl.DataFrame]:
        refuse_if_blocking(audited.result())
        crash_point("audit.after_pass")
        return {
            "cursor": cursor_book(states, by_place, run),
            "quarantine": quarantine_book(records.quarantined, run),
            "audit_result": audited.result().frame(run.run_id),
            "definitions_version": definitions_book(job.definitions, run),
        }

    def report(written: Mapping[str, Written]) -> Report:
        facts = Facts(
            run_id=run.run_id,
            as_of=run.as_of,
            started_at=run.started_at,
            finished_at=datetime.now(UTC),
            is_baseline=known.last_run_id is None,
            state_before={"/".join(place): version for place, version in known.versions.items()},
            state_after={f"{state.source}/{state.stream}": state.version for state in states},
            pulls=pulls,
            written={
                table.name: {"inserted": done.inserted, "updated": done.updated, "deleted": done.deleted}
                for table in CURATED
                if (done := written.get(table.name))
            },
            audit=audited.result().frame(run.run_id).drop("run_id").to_dicts(),
            warehouse=safe_url(engine.url),
            notes=known.notes,
        )
        kept["report"] = build_report(facts, job.definitions, records, assembled)
        return kept["report"]

    suites, docs = _suites(job, known, records, assembled), job.home.data_docs
    with auditing(engine.url, suites, run_id=run.run_id, now=job.started_at, documents=docs) as audited:
        try:
            publish(engine, run, books=books, report=report, now=lambda: datetime.now(UTC), sleep=time.sleep)
        except AuditRefusedError as refused:
            _keep_refusal(engine, run, audited, refused)
            raise
    forget_old_states(job.home.state, versions_in_use(known.versions, states, by_place.keys()))
    return kept["report"]


def _keep_refusal(engine: sa.Engine, run: Run, audited: Future[AuditReport], refused: AuditRefusedError) -> None:
    """Keep the checks of an audit that came to its end; that they could not be kept is told with the refusal."""
    if audited.exception() is not None:
        return
    try:
        keep_audit(engine, run, audited.result().frame(run.run_id))
    except PublishError as error:
        refused.add_note(str(error))
