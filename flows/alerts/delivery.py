"""Delivery of messages: one after the other, each recorded before it is sent and with its outcome before the next.

No message is sent twice, except the one that was being sent when a process died and one without a response in time:
these are sent once more, with the same key. A message that a target refused stays pending and is planned again.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

import sqlalchemy as sa

from definitions.counting import counted
from definitions.errors import AlertPendingError
from definitions.runtime.crash_points import crash_point
from flows.alerts.deliveries import SentMessage
from flows.alerts.messages import Message
from flows.alerts.plan import Plan
from flows.alerts.responses import DeliveryResult
from flows.alerts.sent_journal import SentJournal
from flows.alerts.targets import send
from warehouse.publishing.deliveries import begin, finish, reserve
from warehouse.publishing.run_lock import RunLock

# After so many time-outs in a row a target is skipped until the next delivery, because the others wait for it.
_LATE_IN_A_ROW = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """Counts of one delivery: accepted messages, and the others by target and reason.

    `pending` messages were not sent; `unconfirmed` ones may have arrived and are sent once more. `repeated` ones may
    have arrived twice. `remembered` messages were delivered according to the home's journal, but not to the warehouse.
    """

    accepted: int
    issues_told: int
    pending: dict[str, int] = field(default_factory=dict)
    unconfirmed: dict[str, int] = field(default_factory=dict)
    repeated: int = 0
    remembered: int = 0


@dataclass(frozen=True, slots=True)
class DeliveryContext:
    """Context of a delivery: warehouse, run lock, journal, clock, and the time limit of a target."""

    engine: sa.Engine
    lock: RunLock
    journal: SentJournal
    now: Callable[[], datetime]
    seconds: float


def deliver(context: DeliveryContext, planned: Plan) -> Outcome:
    """Send every message; a target that refuses one or never responds does not delay the others.

    The time limit of a target is `seconds` for one message, and three times that in all if it always times out.
    """
    context.lock.check()
    for delivery, sent in planned.remembered:
        finish(context.engine, delivery, "accepted", sent.sent_at)
    reserve(context.engine, [message.delivery for message in planned.messages])
    pending: Counter[str] = Counter()
    unconfirmed: Counter[str] = Counter()
    late: Counter[str] = Counter()
    reported_issues: set[str] = set()
    accepted = repeated = 0
    for message in planned.messages:
        name = message.target.name
        if late[name] == _LATE_IN_A_ROW:
            pending[f"{name} was not asked again after {_LATE_IN_A_ROW} time-outs"] += 1
            continue
        result, is_settled = _deliver_one(context, message)
        late[name] = late[name] + 1 if result.is_late else 0
        if result.outcome == "accepted":
            accepted += 1
            reported_issues.update(message.delivery.issue_ids)
        elif not is_settled:
            unsent = unconfirmed if result.outcome == "unconfirmed" else pending
            unsent[f"{name} {result.reason}"] += 1
        repeated += message.is_repetition and result.outcome != "refused"
    return Outcome(
        accepted=accepted,
        issues_told=len(reported_issues),
        pending=dict(pending),
        unconfirmed=dict(unconfirmed),
        repeated=repeated,
        remembered=len(planned.remembered),
    )


def _deliver_one(context: DeliveryContext, message: Message) -> tuple[DeliveryResult, bool]:
    """Send one message, recorded before and after; return the result, and whether the delivery is settled."""
    context.lock.check()
    begin(context.engine, message.delivery)
    crash_point("alert.before_send")
    result = send(message.target, message.title, message.body, message.delivery.key, seconds=context.seconds)
    crash_point("alert.after_send")
    at = context.now()
    try:
        if result.outcome == "accepted":
            context.journal.append(_journaled(message, at))
    finally:
        # Recorded in both: the disk of the home may be full, or the warehouse may be gone.
        is_settled = finish(context.engine, message.delivery, result.outcome, at)
    return result, is_settled


def _journaled(message: Message, at: datetime) -> SentMessage:
    delivery = message.delivery
    return SentMessage(
        kind=delivery.announcement[0] if delivery.announcement else "digest",
        key=delivery.key,
        target=delivery.target,
        run_id=delivery.run_id,
        told_for=message.told_for,
        sent_at=at,
        findings=message.findings,
    )


def raise_if_pending(outcome: Outcome) -> None:
    """Raise `AlertPendingError` when a message must be sent again; targets are named by their key in the settings."""
    sentences = []
    if outcome.pending:
        sentences.append(
            f"{_total(outcome.pending)} did not leave: {_by_reason(outcome.pending)}. What they tell stays untold "
            "until the next `bantam digests`."
        )
    if outcome.unconfirmed:
        sentences.append(
            f"{_total(outcome.unconfirmed)} may have arrived: {_by_reason(outcome.unconfirmed)}. The next `bantam "
            "digests` sends them once more, with the same key."
        )
    if not sentences:
        return
    if outcome.repeated:
        sentences.append(arrived_twice(outcome.repeated))
    raise AlertPendingError(f"{' '.join(sentences)} What is published stands. Check `alerts` in the settings.")


def arrived_twice(repeated: int) -> str:
    """Return a sentence about messages that may have arrived twice, and how receivers recognise them."""
    return f"{counted(repeated, 'message')} may have arrived twice; a repetition has the key of the first."


def _total(unsent: dict[str, int]) -> str:
    return counted(sum(unsent.values()), "message")


def _by_reason(unsent: dict[str, int]) -> str:
    return "; ".join(f"{reason} ({counted(number, 'message')})" for reason, number in sorted(unsent.items()))
