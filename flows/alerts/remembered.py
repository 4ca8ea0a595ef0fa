"""What the home's journal of sent messages knows and the warehouse does not, since that went back to an older state."""

from collections.abc import Iterable, Sequence
from datetime import date

import polars as pl

from flows.alerts.deliveries import SentMessage, remembered
from flows.alerts.message_keys import owner_target
from warehouse.publishing.deliveries import Delivery
from warehouse.read.notifications import DeliveryState


def remembered_issues(
    untold: pl.DataFrame, deliveries: pl.DataFrame, journal: Sequence[SentMessage], runs: pl.DataFrame
) -> list[tuple[str, SentMessage]]:
    """Issues (their ids, with the message) that were told according to the journal and not to `deliveries`."""
    known = set(deliveries.filter("is_settled").select("issue_id", "target").rows())
    told = remembered(untold, journal, runs)
    return [(issue, message) for issue, message in told if (issue, message.target) not in known]


def remembered_announcements(
    journal: Sequence[SentMessage], what: str, day: date, known: dict[str, DeliveryState]
) -> dict[str, SentMessage]:
    """Announcements of a day, by target, that were told according to the journal and not to what is `known`."""
    of_the_day = {message.target: message for message in journal if (message.kind, message.told_for) == (what, day)}
    return {
        target: message for target, message in of_the_day.items() if target not in known or not known[target].is_settled
    }


def with_announcements(known: dict[str, DeliveryState], told: dict[str, SentMessage]) -> dict[str, DeliveryState]:
    """Add what the journal remembers to how far an announcement got, by target."""
    settled = {
        target: DeliveryState(key=message.key, is_settled=True, may_have_arrived=False)
        for target, message in told.items()
    }
    return known | settled


def deliveries_to_note(
    issues: Iterable[tuple[str, SentMessage]], announcements: Iterable[SentMessage], owners: pl.DataFrame
) -> tuple[tuple[Delivery, SentMessage], ...]:
    """Make a delivery of every message that the journal remembers; owners are known again by the digest of their id."""
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
