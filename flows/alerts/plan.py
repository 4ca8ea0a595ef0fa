"""Plan of a delivery: published issues that were not delivered yet, as messages with their targets."""

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
from flows.alerts.messages import Draft, Message, announcement, digest_message, pending_targets, revops_targets
from flows.alerts.remembered import (
    deliveries_to_note,
    remembered_announcements,
    remembered_issues,
    with_announcements,
)
from flows.alerts.sent_journal import journal_of
from flows.alerts.targets import Target, check, for_owner
from flows.run.request import RunRequest
from flows.settings import Settings
from flows.streams.configured_streams import configured_stream_keys
from warehouse.publishing.deliveries import Delivery
from warehouse.read import lookups, notifications
from warehouse.read import published as reads
from warehouse.read.frames import reading
from warehouse.read.notifications import DeliveryState, UnconfirmedMessages

_OWNER = ["owner_id", "owner_name", "owner_email", "is_active", "is_queue", "is_deleted", "manager_id", "team"]
_WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertState:
    """Published state and delivery state, as the plan needs them.

    `deliveries` are those of the `undelivered` issues. `rolled_up` and `held_back` have the delivery state of the
    day's announcements by target. `journal` has the sent messages of the home, without `damaged` unreadable lines;
    `runs` are those of the warehouse.
    """

    last: reads.LastRun
    undelivered: pl.DataFrame
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
    """Messages to send now; `withheld` ones are held back for `reasons`, drafts `without_target` cannot be sent.

    `left_over` records did not fit into the messages and come in the next ones. `remembered` are deliveries, each with
    its message of the journal, that the warehouse does not have: they are recorded there, and nothing is sent.
    """

    run_id: str
    messages: tuple[Message, ...]
    withheld: tuple[Message, ...] = ()
    reasons: tuple[str, ...] = ()
    without_target: tuple[Draft, ...] = ()
    left_over: int = 0
    remembered: tuple[tuple[Delivery, SentMessage], ...] = ()
    damaged: int = 0


def check_targets(settings: Settings) -> None:
    """Raise `ConfigurationError` if a target can never accept a message; call it before any is sent."""
    for target in revops_targets(settings).values():
        check(target)
    if settings.alerts.owners is not None:
        check(for_owner(settings.alerts.owners, "example:owner:1", "owner@example.com"))


def read_alert_state(request: RunRequest, engine: sa.Engine) -> AlertState | None:
    """Read the state of the last published run and the journal of the home; None if nothing was published yet."""
    messages, damaged = journal_of(request.home).read()
    while (last := reads.last_run(engine)) is not None:
        earlier = notifications.last_announced(engine, "roll_up", before=last.as_of)
        since = earlier or last.as_of - _WEEK
        with reading(engine) as warehouse:
            state = AlertState(
                last=last,
                undelivered=notifications.unsent_issues(warehouse),
                deliveries=notifications.deliveries_of_unsent(warehouse),
                owners=reads.published(warehouse, DIM_OWNER, _OWNER),
                issues=notifications.issues_since(warehouse, since),
                since=since,
                cursors=reads.cursors(warehouse).filter(_is_configured(request.settings)),
                quarantined=lookups.quarantine_counts(warehouse),
                rolled_up=notifications.announced(engine, "roll_up", last.as_of),
                held_back=notifications.announced(engine, "held_back", request.as_of),
                doubtful=notifications.doubtful(engine, since),
                journal=tuple(messages),
                damaged=damaged,
                runs=reads.published(warehouse, OPS_RUN, ["run_id", "as_of"]),
            )
        again = reads.last_run(engine)
        # A run published in the meantime would mix its issues with the numbers of the previous run.
        if again is not None and again.run_id == last.run_id:
            return state
    return None


def _is_configured(settings: Settings) -> pl.Expr:
    """Select cursors of configured streams; those of removed streams would be stale for ever."""
    configured = [
        (pl.col("source_system") == source) & (pl.col("stream") == stream)
        for source, stream in configured_stream_keys(settings)
    ]
    return pl.any_horizontal(configured)


def plan(request: RunRequest, state: AlertState) -> Plan:
    """Plan digests and the roll-up or, if the data is stale, only the announcement that they are held back."""
    agreed = state.last.report["definitions"]
    context = MessageContext(
        as_of=state.last.as_of,
        currency=agreed["currency"],
        definitions=f"{agreed['profile']} {agreed['version']}",
        is_draft=state.last.is_draft,
    )
    revops = revops_targets(request.settings)
    delivered = remembered_issues(state.undelivered, state.deliveries, state.journal, state.runs)
    rolled_up = remembered_announcements(state.journal, "roll_up", state.last.as_of, state.rolled_up)
    held_today = remembered_announcements(state.journal, "held_back", request.as_of, state.held_back)
    drafts, left_over = _digests(request.settings, state, context, revops, delivered)
    drafts += _roll_up(state, context, revops, with_announcements(state.rolled_up, rolled_up))
    messages = tuple(draft for draft in drafts if isinstance(draft, Message))
    reasons = stale_reasons(
        state.cursors,
        published_at=state.last.finished_at,
        now=request.started_at,
        limit=timedelta(hours=request.settings.alerts.max_stale_hours),
    )
    return Plan(
        run_id=state.last.run_id,
        messages=_held_back(request, state, reasons, with_announcements(state.held_back, held_today))
        if reasons
        else messages,
        withheld=messages if reasons else (),
        reasons=reasons,
        without_target=tuple(draft for draft in drafts if not isinstance(draft, Message)),
        left_over=left_over,
        remembered=deliveries_to_note(delivered, (*rolled_up.values(), *held_today.values()), state.owners),
        damaged=state.damaged,
    )


def _digests(
    settings: Settings,
    state: AlertState,
    context: MessageContext,
    revops: dict[str, Target],
    delivered: list[tuple[str, SentMessage]],
) -> tuple[list[Draft], int]:
    """Make the digests, and count the records that did not fit, once per reader."""
    issues = readers(state.undelivered, state.owners)
    addressed = issues.filter(pl.col("address").is_not_null())["reader_id"].unique(maintain_order=True)
    pairs = [(REVOPS, target) for target in revops]
    if settings.alerts.owners is not None:
        pairs += [(reader, owner_target(reader)) for reader in addressed]
    targets = pl.DataFrame(pairs, schema={"reader_id": pl.String, "target": pl.String}, orient="row")
    owed = due(issues, with_remembered(state.deliveries, delivered, revops), targets)
    made = digests(owed, limit=settings.alerts.record_limit)
    names = owed.select("issue_id", "record_kind", "record_id", "rule_id", "opened_on").iter_rows()
    findings = {issue: (finding_key(kind, record, rule), day) for issue, kind, record, rule, day in names}
    more: dict[str, int] = {}
    for digest in made:
        more[digest.reader_id] = max(more.get(digest.reader_id, 0), digest.more)
    drafts = [
        digest_message(
            digest,
            context,
            run_id=state.last.run_id,
            revops=revops,
            owners=settings.alerts.owners,
            findings=findings,
        )
        for digest in made
    ]
    return drafts, sum(more.values())


def _roll_up(
    state: AlertState, context: MessageContext, revops: dict[str, Target], sent: dict[str, DeliveryState]
) -> tuple[Draft, ...]:
    pending = pending_targets(revops, sent)
    if not pending and (revops or sent):
        return ()
    numbers = roll_up.RollUp(
        context=context,
        run_id=state.last.run_id,
        published_at=state.last.finished_at,
        since=state.since,
        issues=state.issues,
        owners=state.owners,
        pipeline=state.last.report["pipeline"],
        quarantined=state.quarantined,
        cursors=state.cursors,
        repeated=state.doubtful.repeated,
        unconfirmed=state.doubtful.unconfirmed,
    )
    draft = Draft(title=roll_up.subject(numbers), body=roll_up.body(numbers))
    if not pending:
        return (draft,)
    return announcement(draft, ("roll_up", state.last.as_of), state.last.run_id, pending, sent)


def _held_back(
    request: RunRequest, state: AlertState, reasons: tuple[str, ...], sent: dict[str, DeliveryState]
) -> tuple[Message, ...]:
    draft = Draft(title=HELD_BACK, body=held_back(reasons, hours=request.settings.alerts.max_stale_hours))
    pending = pending_targets(revops_targets(request.settings), sent)
    return announcement(draft, ("held_back", request.as_of), state.last.run_id, pending, sent)
