"""What is to be told to whom now: what is published and untold, as messages with the targets they go to."""

from dataclasses import dataclass
from datetime import date, timedelta

import polars as pl
import sqlalchemy as sa

from definitions.schema.tables import DIM_OWNER, OPS_RUN
from flows.alerts import roll_up
from flows.alerts.deliveries import SentMessage, due, with_remembered
from flows.alerts.digests import REVOPS, digests, readers
from flows.alerts.freshness import HELD_BACK, held_back, stale_reasons
from flows.alerts.message_keys import finding_key, owner_target
from flows.alerts.message_text import MessageContext
from flows.alerts.messages import Draft, Message, announcement, digest_message, not_told, revops_targets
from flows.alerts.remembered import (
    deliveries_to_note,
    remembered_announcements,
    remembered_issues,
    with_announcements,
)
from flows.alerts.sent_journal import journal_of
from flows.alerts.targets import Target, check, for_owner
from flows.run.configured_streams import configured_places
from flows.run.job import Job
from flows.settings import Settings
from warehouse.publishing.deliveries import Delivery
from warehouse.read import lookups, notifications
from warehouse.read import published as reads
from warehouse.read.frames import reading
from warehouse.read.notifications import DeliveryState, UnconfirmedMessages

_OWNER = ["owner_id", "owner_name", "owner_email", "is_active", "is_queue", "is_deleted", "manager_id", "team"]
_WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertState:
    """What is published, who was told of what, and what may have arrived twice.

    `untold` issues go with the `deliveries` of them. `rolled_up` and `held_back` say, by target, how far the
    announcement of the day got. `journal` is what the home keeps of sent messages, `damaged` lines of it left out;
    `runs` are those that the warehouse knows.
    """

    last: reads.LastRun
    untold: pl.DataFrame
    deliveries: pl.DataFrame
    owners: pl.DataFrame
    issues: pl.DataFrame
    since: date
    cursors: pl.DataFrame
    quarantined: pl.DataFrame
    rolled_up: dict[str, DeliveryState]
    held_back: dict[str, DeliveryState]
    doubtful: UnconfirmedMessages
    journal: tuple[SentMessage, ...]
    damaged: int
    runs: pl.DataFrame


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is to leave now. `withheld` would leave, were it not for the `reasons`; `homeless` lack a target to go to.

    `left_over` records did not fit into the messages and come in the next ones. `remembered` are deliveries, each with
    the message of the journal, that the warehouse does not know: they are noted there, and nothing is sent.
    """

    run_id: str
    messages: tuple[Message, ...]
    withheld: tuple[Message, ...] = ()
    reasons: tuple[str, ...] = ()
    homeless: tuple[Draft, ...] = ()
    left_over: int = 0
    remembered: tuple[tuple[Delivery, SentMessage], ...] = ()
    damaged: int = 0


def check_targets(settings: Settings) -> None:
    """Raise `ConfigurationError` when a target can take no message, before any is sent."""
    for target in revops_targets(settings).values():
        check(target)
    if settings.alerts.owners is not None:
        check(for_owner(settings.alerts.owners, "example:owner:1", "owner@example.com"))


def read_news(job: Job, engine: sa.Engine) -> AlertState | None:
    """Read what one run published, and the journal of the home; None where nothing was published yet."""
    messages, damaged = journal_of(job.home).read()
    while (last := reads.last_run(engine)) is not None:
        earlier = notifications.last_announced(engine, "roll_up", before=last.as_of)
        since = earlier or last.as_of - _WEEK
        with reading(engine) as warehouse:
            news = AlertState(
                last=last,
                untold=notifications.unsent_issues(warehouse),
                deliveries=notifications.deliveries_of_unsent(warehouse),
                owners=reads.published(warehouse, DIM_OWNER, _OWNER),
                issues=notifications.issues_since(warehouse, since),
                since=since,
                cursors=reads.cursors(warehouse).filter(_is_configured(job.settings)),
                quarantined=lookups.quarantine_counts(warehouse),
                rolled_up=notifications.announced(engine, "roll_up", last.as_of),
                held_back=notifications.announced(engine, "held_back", job.as_of),
                doubtful=notifications.doubtful(engine, since),
                journal=tuple(messages),
                damaged=damaged,
                runs=reads.published(warehouse, OPS_RUN, ["run_id", "as_of"]),
            )
        again = reads.last_run(engine)
        # A run that was published meanwhile would mix its issues with the numbers of the one before.
        if again is not None and again.run_id == last.run_id:
            return news
    return None


def _is_configured(settings: Settings) -> pl.Expr:
    """Cursors of sources and files that are still pulled; the others stay as old as they are for ever."""
    known = [
        (pl.col("source_system") == source) & (pl.col("stream") == stream)
        for source, stream in configured_places(settings)
    ]
    return pl.any_horizontal(known)


def plan(job: Job, news: AlertState) -> Plan:
    """Decide what is told now: digests and the roll-up; or, where the data is stale, only that they are held back."""
    agreed = news.last.report["definitions"]
    edition = MessageContext(
        as_of=news.last.as_of,
        currency=agreed["currency"],
        definitions=f"{agreed['profile']} {agreed['version']}",
        is_draft=news.last.is_draft,
    )
    revops = revops_targets(job.settings)
    told = remembered_issues(news.untold, news.deliveries, news.journal, news.runs)
    rolled_up = remembered_announcements(news.journal, "roll_up", news.last.as_of, news.rolled_up)
    held = remembered_announcements(news.journal, "held_back", job.as_of, news.held_back)
    drafts, left_over = _digests(job.settings, news, edition, revops, told)
    everything = [*drafts, *_roll_up(news, edition, revops, with_announcements(news.rolled_up, rolled_up))]
    messages = tuple(draft for draft in everything if isinstance(draft, Message))
    reasons = stale_reasons(
        news.cursors,
        published_at=news.last.finished_at,
        now=job.started_at,
        limit=timedelta(hours=job.settings.alerts.max_stale_hours),
    )
    return Plan(
        run_id=news.last.run_id,
        messages=_held_back(job, news, reasons, with_announcements(news.held_back, held)) if reasons else messages,
        withheld=messages if reasons else (),
        reasons=reasons,
        homeless=tuple(draft for draft in everything if not isinstance(draft, Message)),
        left_over=left_over,
        remembered=deliveries_to_note(told, (*rolled_up.values(), *held.values()), news.owners),
        damaged=news.damaged,
    )


def _digests(
    settings: Settings,
    news: AlertState,
    edition: MessageContext,
    revops: dict[str, Target],
    told: list[tuple[str, SentMessage]],
) -> tuple[list[Draft], int]:
    """Make the digests, and count the records that did not fit into those of one reader."""
    issues = readers(news.untold, news.owners)
    addressed = issues.filter(pl.col("address").is_not_null())["reader_id"].unique(maintain_order=True)
    places = [(REVOPS, target) for target in revops]
    if settings.alerts.owners is not None:
        places += [(reader, owner_target(reader)) for reader in addressed]
    targets = pl.DataFrame(places, schema={"reader_id": pl.String, "target": pl.String}, orient="row")
    owed = due(issues, with_remembered(news.deliveries, told, revops), targets)
    made = digests(owed, limit=settings.alerts.record_limit)
    names = owed.select("issue_id", "record_kind", "record_id", "rule_id", "opened_on").iter_rows()
    findings = {issue: (finding_key(kind, record, rule), day) for issue, kind, record, rule, day in names}
    more: dict[str, int] = {}
    for digest in made:
        more[digest.reader_id] = max(more.get(digest.reader_id, 0), digest.more)
    drafts = [
        digest_message(
            digest,
            edition,
            run_id=news.last.run_id,
            revops=revops,
            owners=settings.alerts.owners,
            findings=findings,
        )
        for digest in made
    ]
    return drafts, sum(more.values())


def _roll_up(
    news: AlertState, edition: MessageContext, revops: dict[str, Target], sent: dict[str, DeliveryState]
) -> tuple[Draft, ...]:
    waiting = not_told(revops, sent)
    if not waiting and (revops or sent):
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
        repeated=news.doubtful.repeated,
        unconfirmed=news.doubtful.unconfirmed,
    )
    draft = Draft(title=roll_up.subject(numbers), body=roll_up.body(numbers))
    if not waiting:
        return (draft,)
    return announcement(draft, ("roll_up", news.last.as_of), news.last.run_id, waiting, sent)


def _held_back(
    job: Job, news: AlertState, reasons: tuple[str, ...], sent: dict[str, DeliveryState]
) -> tuple[Message, ...]:
    draft = Draft(title=HELD_BACK, body=held_back(reasons, hours=job.settings.alerts.max_stale_hours))
    waiting = not_told(revops_targets(job.settings), sent)
    return announcement(draft, ("held_back", job.as_of), news.last.run_id, waiting, sent)
