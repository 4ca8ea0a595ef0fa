"""Telling: one message after the other, each noted before it leaves and by its outcome before the next one does.

Nothing is told twice, but for the one message that was leaving when a process died, and for one that had no answer in
time: these are sent once more, with the key they had. What a target refused stays untold and is planned again.
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

# A target that is late so many times in a row is left alone until the next sending: the others wait for it.
_LATE_IN_A_ROW = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How a sending went: messages that a target took, and those that it did not, by target and reason.

    `pending` ones did not leave; `unconfirmed` ones may have, and are sent once more. `repeated` ones may have arrived
    twice now. `remembered` messages were told according to the home's journal, and were not to the warehouse.
    """

    accepted: int
    issues_told: int
    pending: dict[str, int] = field(default_factory=dict)
    unconfirmed: dict[str, int] = field(default_factory=dict)
    repeated: int = 0
    remembered: int = 0


@dataclass(frozen=True, slots=True)
class DeliveryContext:
    """What a sending needs: where it is noted, the lock it holds, the clock, and how long a target may take."""

    engine: sa.Engine
    lock: RunLock
    journal: SentJournal
    now: Callable[[], datetime]
    seconds: float


def deliver(desk: DeliveryContext, planned: Plan) -> Outcome:
    """Send every message; a target that refuses one, or never answers, does not keep the others waiting.

    The time limit of one target is `seconds` a message, and three times that in all where it always is late.
    """
    desk.lock.check()
    for delivery, sent in planned.remembered:
        finish(desk.engine, delivery, "accepted", sent.sent_at)
    reserve(desk.engine, [message.delivery for message in planned.messages])
    pending: Counter[str] = Counter()
    unconfirmed: Counter[str] = Counter()
    late: Counter[str] = Counter()
    told: set[str] = set()
    accepted = repeated = 0
    for message in planned.messages:
        name = message.target.name
        if late[name] == _LATE_IN_A_ROW:
            pending[f"{name} was not asked again after {_LATE_IN_A_ROW} time-outs"] += 1
            continue
        answer, is_settled = _deliver_one(desk, message)
        late[name] = late[name] + 1 if answer.is_late else 0
        if answer.outcome == "accepted":
            accepted += 1
            told.update(message.delivery.issue_ids)
        elif not is_settled:
            waiting = unconfirmed if answer.outcome == "unconfirmed" else pending
            waiting[f"{name} {answer.reason}"] += 1
        repeated += message.is_repetition and answer.outcome != "refused"
    return Outcome(
        accepted=accepted,
        issues_told=len(told),
        pending=dict(pending),
        unconfirmed=dict(unconfirmed),
        repeated=repeated,
        remembered=len(planned.remembered),
    )


def _deliver_one(desk: DeliveryContext, message: Message) -> tuple[DeliveryResult, bool]:
    """Send one message, noted before and after; the answer, and whether nothing more is sent of it."""
    desk.lock.check()
    begin(desk.engine, message.delivery)
    crash_point("alert.before_send")
    answer = send(message.target, message.title, message.body, message.delivery.key, seconds=desk.seconds)
    crash_point("alert.after_send")
    at = desk.now()
    try:
        if answer.outcome == "accepted":
            desk.journal.append(_journaled(message, at))
    finally:
        # Where the home is full, the warehouse still knows; where the warehouse is gone, the home does.
        is_settled = finish(desk.engine, message.delivery, answer.outcome, at)
    return answer, is_settled


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
    """Raise `AlertPendingError` when a message goes out again; targets are named by their place in the settings."""
    said = []
    if outcome.pending:
        said.append(
            f"{_all(outcome.pending)} did not leave: {_by_reason(outcome.pending)}. What they tell stays untold until "
            "the next `bantam digests`."
        )
    if outcome.unconfirmed:
        said.append(
            f"{_all(outcome.unconfirmed)} may have arrived: {_by_reason(outcome.unconfirmed)}. The next `bantam "
            "digests` sends them once more, with the same key."
        )
    if not said:
        return
    if outcome.repeated:
        said.append(arrived_twice(outcome.repeated))
    raise AlertPendingError(f"{' '.join(said)} What is published stands. Check `alerts` in the settings.")


def arrived_twice(repeated: int) -> str:
    """Say how many messages their receivers may have twice, and how they know."""
    return f"{counted(repeated, 'message')} may have arrived twice; a repetition has the key of the first."


def _all(waiting: dict[str, int]) -> str:
    return counted(sum(waiting.values()), "message")


def _by_reason(waiting: dict[str, int]) -> str:
    return "; ".join(f"{where} ({counted(number, 'message')})" for where, number in sorted(waiting.items()))
