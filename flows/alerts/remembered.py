"""Deliveries that only the home's journal has, because the warehouse was restored to an older state."""

from collections.abc import Iterable, Sequence
from datetime import date

import polars as pl

from flows.alerts.deliveries import SentMessage, remembered
from flows.alerts.message_keys import owner_target
from warehouse.publishing.deliveries import Delivery
from warehouse.read.notifications import DeliveryState


def remembered_issues(
    undelivered: pl.DataFrame, deliveries: pl.DataFrame, journal: Sequence[SentMessage], runs: pl.DataFrame
) -> list[tuple[str, SentMessage]]:
    """Return issue ids, each with its message, delivered according to the journal but not to `deliveries`."""
    settled = set(deliveries.filter("is_settled").select("issue_id", "target").rows())
    delivered = remembered(undelivered, journal, runs)
    return [(issue, message) for issue, message in delivered if (issue, message.target) not in settled]


def remembered_announcements(
    journal: Sequence[SentMessage], kind: str, day: date, states: dict[str, DeliveryState]
) -> dict[str, SentMessage]:
    """Return announcements of a day, by target, delivered according to the journal but not to `states`."""
    of_the_day = {message.target: message for message in journal if (message.kind, message.told_for) == (kind, day)}
    return {
        target: message
        for target, message in of_the_day.items()
        if target not in states or not states[target].is_settled
    }


def with_announcements(states: dict[str, DeliveryState], delivered: dict[str, SentMessage]) -> dict[str, DeliveryState]:
    """Add deliveries of the journal to the delivery states of an announcement, by target."""
    settled = {
        target: DeliveryState(key=message.key, is_settled=True, may_have_arrived=False)
        for target, message in delivered.items()
    }
    return states | settled


def deliveries_to_note(
    issues: Iterable[tuple[str, SentMessage]], announcements: Iterable[SentMessage], owners: pl.DataFrame
) -> tuple[tuple[Delivery, SentMessage], ...]:
    """Make a delivery of every message that only the journal has; owners are identified by the hash of their id."""
    by_message: dict[SentMessage, list[str]] = {message: [] for message in announcements}
    for issue, message in issues:
        by_message.setdefault(message, []).append(issue)
    owner_of = {owner_target(owner): owner for owner in owners["owner_id"]}
    return tuple(
        (
            Delivery(
                target=message.target,
                key=message.key,
                run_id=message.run_id,
                owner_id=owner_of.get(message.target),
                issue_ids=tuple(issue_ids),
                announcement=None if issue_ids else (message.kind, message.told_for),
            ),
            message,
        )
        for message, issue_ids in by_message.items()
    )
