"""What is to be told to whom now: what is published and untold, as messages with the targets they go to."""

from dataclasses import dataclass
from datetime import date, timedelta

import polars as pl
import sqlalchemy as sa

from connectors.files_settings import FilesSource
from definitions.tables import DIM_OWNER
from flows.job import Job
from flows.settings import Settings
from flows.targets import Target, check, for_owner
from transforms import roll_up
from transforms.digests import REVOPS, Digest, body, digests, subject
from transforms.freshness import HELD_BACK, held_back, stale_reasons
from transforms.message_text import Edition
from warehouse import lookups, notifications, reads
from warehouse.frames import reading

_OWNER = ["owner_id", "owner_name", "owner_email", "is_active", "is_queue", "is_deleted", "manager_id", "team"]
_WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """What is published, and who was told of what. `is_announced` has the places of targets told of it already."""

    last: reads.LastRun
    untold: pl.DataFrame
    owners: pl.DataFrame
    issues: pl.DataFrame
    since: date
    cursors: pl.DataFrame
    quarantined: pl.DataFrame
    rolled_up: frozenset[int]
    held_back: frozenset[int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message: to one owner at `address`, or to RevOps where that is null.

    `targets` maps the place of a target in the settings, from 1, to it. `announcement` names what is told for a day.
    """

    targets: dict[int, Target]
    title: str
    body: str
    owner_id: str | None = None
    address: str | None = None
    issue_ids: tuple[str, ...] = ()
    announcement: tuple[str, date] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is to leave now. `withheld` would leave, were it not for the `reasons`; `homeless` lack a target to go to.

    `left_over` records did not fit into the messages and come in the next ones.
    """

    run_id: str
    messages: tuple[Message, ...]
    withheld: tuple[Message, ...] = ()
    reasons: tuple[str, ...] = ()
    homeless: tuple[Message, ...] = ()
    left_over: int = 0


def check_targets(settings: Settings) -> None:
    """Raise `ConfigurationError` when a target can take no message, before any is sent."""
    for target in _revops(settings).values():
        check(target)
    if settings.alerts.owners is not None:
        check(for_owner(settings.alerts.owners, "example:owner:1", "owner@example.com"))


def read_news(job: Job, engine: sa.Engine) -> News | None:
    """Read what one run published; None where nothing was published yet."""
    while (last := reads.last_run(engine)) is not None:
        earlier = notifications.last_announced(engine, "roll_up", before=last.as_of)
        since = earlier or last.as_of - _WEEK
        with reading(engine) as warehouse:
            news = News(
                last=last,
                untold=notifications.untold_issues(warehouse),
                owners=reads.published(warehouse, DIM_OWNER, _OWNER),
                issues=notifications.issues_since(warehouse, since),
                since=since,
                cursors=reads.cursors(warehouse).filter(_is_configured(job.settings)),
                quarantined=lookups.quarantine_counts(warehouse),
                rolled_up=notifications.announced(engine, "roll_up", last.as_of),
                held_back=notifications.announced(engine, "held_back", job.as_of),
            )
        again = reads.last_run(engine)
        # A run that was published meanwhile would mix its issues with the numbers of the one before.
        if again is not None and again.run_id == last.run_id:
            return news
    return None


def _is_configured(settings: Settings) -> pl.Expr:
    """Cursors of sources and files that are still pulled; the others stay as old as they are for ever."""
    files = [source for source in settings.sources if isinstance(source, FilesSource)]
    streams = {source.name: [stream.name for stream in source.streams] for source in files}
    vendors = [source.name for source in settings.sources if source.name not in streams]
    known = [(pl.col("source_system") == name) & pl.col("stream").is_in(names) for name, names in streams.items()]
    return pl.any_horizontal(pl.col("source_system").is_in(vendors), *known)


def plan(job: Job, news: News) -> Plan:
    """Decide what is told now: digests and the roll-up; or, where the data is stale, only that they are held back."""
    agreed = news.last.report["definitions"]
    edition = Edition(
        as_of=news.last.as_of,
        currency=agreed["currency"],
        definitions=f"{agreed['profile']} {agreed['version']}",
        is_draft=news.last.is_draft,
    )
    told = digests(news.untold, news.owners, limit=job.settings.alerts.record_limit)
    everything = [*(_digest(one, job.settings, edition) for one in told), *_roll_up(job.settings, news, edition)]
    messages = tuple(message for message in everything if message.targets)
    reasons = stale_reasons(
        news.cursors,
        published_at=news.last.finished_at,
        now=job.started_at,
        limit=timedelta(hours=job.settings.alerts.max_stale_hours),
    )
    return Plan(
        run_id=news.last.run_id,
        messages=_held_back(job, news, reasons) if reasons else messages,
        withheld=messages if reasons else (),
        reasons=reasons,
        homeless=tuple(message for message in everything if not message.targets),
        left_over=sum(digest.more for digest in told),
    )


def _revops(settings: Settings) -> dict[int, Target]:
    urls = enumerate(settings.alerts.revops, start=1)
    return {place: Target(f"alerts.revops, number {place}", url) for place, url in urls}


def _digest(digest: Digest, settings: Settings, edition: Edition) -> Message:
    template = settings.alerts.owners
    if digest.address is None:
        targets = _revops(settings)
    else:
        targets = {} if template is None else {1: for_owner(template, digest.reader_id, digest.address)}
    return Message(
        targets=targets,
        title=subject(digest, edition),
        body=body(digest, edition),
        owner_id=None if digest.reader_id == REVOPS else digest.reader_id,
        address=digest.address,
        issue_ids=digest.issue_ids,
    )


def _roll_up(settings: Settings, news: News, edition: Edition) -> tuple[Message, ...]:
    targets = {place: target for place, target in _revops(settings).items() if place not in news.rolled_up}
    if news.rolled_up and not targets:
        return ()
    numbers = roll_up.RollUp(
        edition=edition,
        run_id=news.last.run_id,
        published_at=news.last.finished_at,
        since=news.since,
        issues=news.issues,
        owners=news.owners,
        pipeline=news.last.report["pipeline"],
        quarantined=news.quarantined,
        cursors=news.cursors,
    )
    title, told = roll_up.subject(numbers), roll_up.body(numbers)
    return (Message(targets=targets, title=title, body=told, announcement=("roll_up", news.last.as_of)),)


def _held_back(job: Job, news: News, reasons: tuple[str, ...]) -> tuple[Message, ...]:
    targets = {place: target for place, target in _revops(job.settings).items() if place not in news.held_back}
    if not targets:
        return ()
    told = held_back(reasons, hours=job.settings.alerts.max_stale_hours)
    return (Message(targets=targets, title=HELD_BACK, body=told, announcement=("held_back", job.as_of)),)
