"""Telling: one message after the other, each noted as told before the next one leaves.

Nothing is told twice: an issue counts as told the moment one target accepted its message. A message that no target took
stays untold and is planned again by the next sending; so is an announcement, for each target that did not take it.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import polars as pl
import sqlalchemy as sa

from definitions.counting import counted
from definitions.crash_points import crash_point
from definitions.errors import AlertPendingError
from flows.alerts import Message, Plan
from flows.targets import send
from warehouse.books import record_told
from warehouse.lock import RunLock
from warehouse.notifications import record_announced


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How a sending went: messages that a target took, and those that did not leave, by target and reason.

    `missed` of the latter are digests that another target took: their issues count as told and do not come again.
    """

    accepted: int
    issues_told: int
    pending: dict[str, int]
    missed: int = 0


def deliver(engine: sa.Engine, lock: RunLock, planned: Plan, now: Callable[[], datetime]) -> Outcome:
    """Send every message; a target that refuses one does not keep the others waiting.

    A process that dies between an acceptance and its note repeats that one message, and no other.
    """
    pending: Counter[str] = Counter()
    accepted: list[Message] = []
    missed = 0
    for message in planned.messages:
        refusals = _deliver_one(engine, lock, message, planned.run_id, now)
        pending.update(refusals)
        if len(refusals) < len(message.targets):
            accepted.append(message)
            missed += len(refusals) if message.announcement is None else 0
    issues_told = sum(len(message.issue_ids) for message in accepted)
    return Outcome(accepted=len(accepted), issues_told=issues_told, pending=dict(pending), missed=missed)


def _deliver_one(
    engine: sa.Engine, lock: RunLock, message: Message, run_id: str, now: Callable[[], datetime]
) -> list[str]:
    """Send one message to its targets, each acceptance noted at once; who refused it, and how."""
    refusals: list[str] = []
    is_told = False
    for place, target in message.targets.items():
        lock.check()
        crash_point("alert.before_send")
        refusal = send(target, message.title, message.body)
        if refusal is not None:
            refusals.append(f"{target.name} {refusal}")
            continue
        if not is_told:
            _note_issues(engine, message, run_id, now())
        _note_announcement(engine, message, place, run_id, now())
        is_told = True
    return refusals


def _note_issues(engine: sa.Engine, message: Message, run_id: str, at: datetime) -> None:
    issues = pl.Series("issue_id", message.issue_ids, dtype=pl.String)
    told = issues.to_frame().with_columns(owner_id=pl.lit(message.owner_id, dtype=pl.String))
    record_told(engine, told, run_id=run_id, at=at)


def _note_announcement(engine: sa.Engine, message: Message, place: int, run_id: str, at: datetime) -> None:
    if message.announcement is not None:
        what, day = message.announcement
        record_announced(engine, what, told_for=day, target=place, run_id=run_id, at=at)


def raise_if_pending(outcome: Outcome) -> None:
    """Raise `AlertPendingError` when a message did not leave; targets are named by their place in the settings."""
    if not outcome.pending:
        return
    told = "; ".join(f"{where} ({counted(number, 'message')})" for where, number in sorted(outcome.pending.items()))
    lost = f"A digest for RevOps that another target took does not come again ({counted(outcome.missed, 'message')}). "
    raise AlertPendingError(
        f"{counted(sum(outcome.pending.values()), 'message')} did not leave: {told}. What is published stands; what "
        f"they tell stays untold until the next `bantam digests`. {lost if outcome.missed else ''}"
        "Check `alerts` in the settings."
    )
