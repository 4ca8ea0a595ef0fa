"""What is published before a run, and what the run makes of it: its number, its terms, what its pulls share."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import polars as pl
import sqlalchemy as sa

from connectors.landing.writer import Landing
from definitions.errors import ConfigurationError
from definitions.run_context import RunContext
from definitions.schema.tables import CURATED, OPS_QUARANTINE
from expectations.fill import measure_fill
from expectations.suites.structure import TableFill
from flows.home.binding import bind_home
from flows.home.recovery import starting_point
from flows.home.run_log import begin_run, read_run_log
from flows.home.spill import Spill
from flows.run.extraction import Errand
from flows.run.job import Job
from flows.run.reading import unfiled_of
from flows.run.unanswered_commits import settle_unanswered_commits
from transforms.pipeline.records import Before
from warehouse.publishing.definitions_used import check_definitions
from warehouse.read import published as reads
from warehouse.read.frames import reading


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What the warehouse knows before the run, and the run's own number.

    `unfiled` has the records set aside before they could be filed: no state holds them, so they are remembered here.
    `anew` are streams whose state starts from this run's full listing; `notes` say what was found out of earlier runs,
    and what of the home was made again.
    """

    run_id: str
    last_run_id: str | None
    cursors: Mapping[tuple[str, str], Mapping[str, Any]]
    versions: Mapping[tuple[str, str], str | None]
    before: Before
    filled: Mapping[str, TableFill]
    unfiled: pl.DataFrame
    published_runs: frozenset[str] = frozenset()
    anew: frozenset[tuple[str, str]] = frozenset()
    notes: tuple[str, ...] = ()


def known_of(job: Job, engine: sa.Engine, spill: Spill) -> Known:
    """Read what is published, and begin the run; the wide rows of issues lie in `spill`."""
    notes = settle_unanswered_commits(job.home, engine)
    last = reads.last_run(engine)
    bound = bind_home(job.home, engine, is_empty=last is None)
    if last is not None and job.as_of < last.as_of:
        raise ConfigurationError(
            f"--as-of {job.as_of} lies before {last.as_of}, the date published last: the ledger and the issues only go "
            "forward. Use an empty BANTAM_HOME, or another warehouse, to look at an earlier day."
        )
    agreed = job.definitions
    used = check_definitions(engine, agreed.profile, agreed.version, agreed.text_sha256)
    with reading(engine) as warehouse:
        reads.live_issues(warehouse, job.as_of, partial(spill.add, "issues before"))
        cursors = reads.cursors(warehouse).to_dicts()
        before = Before(
            classes={kind: reads.published_classes(warehouse, kind) for kind in ("person", "opportunity")},
            issues=spill.scan("issues before"),
            snapshots=reads.latest_snapshots(warehouse, job.as_of),
        )
        unfiled = unfiled_of(reads.published(warehouse, OPS_QUARANTINE))
    places = [(row["source_system"], row["stream"]) for row in cursors]
    last_run_id = None if last is None else last.run_id
    run_id = begin_run(job.home, job.started_at, [last_run_id, reads.newest_audited_run_id(engine)])
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
        last_run_id=last_run_id,
        cursors=start.cursors,
        versions=start.versions,
        published_runs=published_runs,
        anew=start.anew,
        notes=(*notes, *bound, *used, *start.notes),
        before=before,
        filled={}
        if last is None
        else measure_fill(engine.url, "curated", CURATED, seconds=job.settings.audit_minutes * 60),
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
        limit=job.settings.record_limit,
        judged=read_run_log(job.home).judged,
    )


def run_context(job: Job, known: Known) -> RunContext:
    """Give what every step of this run is told."""
    sources = job.settings.sources
    return RunContext(
        run_id=known.run_id,
        as_of=job.as_of,
        started_at=job.started_at,
        definitions=job.definitions,
        roles={source.name: source.role for source in sources},
        regions={source.name: source.region for source in sources},
        rates=job.settings.exchange_rates,
        ignored_owners=tuple(
            f"{source.name}:{owner}" for source in sources for owner in getattr(source, "ignored_owners", ())
        ),
        is_baseline=known.last_run_id is None,
    )
