"""Messages ready to send: text, target, and the key that a repetition shares."""

from dataclasses import dataclass
from datetime import date

from pydantic import SecretStr

from flows.alerts.digests import REVOPS, Digest, body, subject
from flows.alerts.message_keys import message_key
from flows.alerts.message_text import REPETITION, MessageContext
from flows.alerts.targets import Target, for_owner, for_revops
from flows.settings import Settings
from warehouse.publishing.deliveries import Delivery
from warehouse.read.notifications import DeliveryState


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """Text of a message: to the owner at `address`, or to RevOps if that is null."""

    title: str
    body: str
    address: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Message(Draft):
    """Text and its one target. `is_repetition`: an earlier delivery of it may have arrived.

    `told_for` is the as-of date of the run, or the day of an announcement. `findings` are those of a digest as stored
    in the journal: the key of record and rule, and the day on which the issue was opened.
    """

    target: Target
    delivery: Delivery
    told_for: date
    is_repetition: bool
    findings: tuple[tuple[str, date], ...] = ()


def revops_targets(settings: Settings) -> dict[str, Target]:
    """Return the targets of RevOps by identity, in the order of the settings; a URL listed twice is one target."""
    targets: dict[str, Target] = {}
    for position, url in enumerate(settings.alerts.revops, start=1):
        target = for_revops(position, url)
        targets.setdefault(target.identity, target)
    return targets


def digest_message(
    digest: Digest,
    context: MessageContext,
    *,
    run_id: str,
    revops: dict[str, Target],
    owners: SecretStr | None,
    findings: dict[str, tuple[str, date]],
) -> Message | Draft:
    """Make the message of a digest, or a draft if its reader has no target. `findings` are by issue."""
    draft = Draft(title=subject(digest, context), body=body(digest, context), address=digest.address)
    if digest.target is None:
        return draft
    if digest.address is not None and owners is not None:
        target = for_owner(owners, digest.reader_id, digest.address)
    else:
        target = revops[digest.target]
    delivery = Delivery(
        target=digest.target,
        key=digest.repeats or message_key("digest", digest.target, digest.issue_ids),
        run_id=run_id,
        owner_id=None if digest.reader_id == REVOPS else digest.reader_id,
        issue_ids=digest.issue_ids,
    )
    return Message(
        title=draft.title,
        body=draft.body,
        address=draft.address,
        target=target,
        delivery=delivery,
        told_for=context.as_of,
        is_repetition=digest.repeats is not None,
        findings=tuple(findings[issue] for issue in digest.issue_ids),
    )


def pending_targets(targets: dict[str, Target], sent: dict[str, DeliveryState]) -> dict[str, Target]:
    """Return the targets of RevOps, by identity, that an announcement still goes to; `sent` has its state by target.

    Announcements that were sent before targets had an identity are recorded by the position in the settings.
    """
    settled = {identity for identity, state in sent.items() if state.is_settled}
    return {
        identity: target for identity, target in targets.items() if not settled & {identity, f"place:{target.position}"}
    }


def announcement(
    draft: Draft,
    kind_and_day: tuple[str, date],
    run_id: str,
    pending: dict[str, Target],
    sent: dict[str, DeliveryState],
) -> tuple[Message, ...]:
    """Make the message of a kind and day for each pending target; `sent` has its delivery state by target."""
    kind, day = kind_and_day
    messages = []
    for identity, target in pending.items():
        is_repetition = identity in sent and sent[identity].may_have_arrived
        key = message_key(kind, identity, [day.isoformat()])
        messages.append(
            Message(
                title=draft.title,
                body=f"{REPETITION}\n\n{draft.body}" if is_repetition else draft.body,
                target=target,
                delivery=Delivery(target=identity, key=key, run_id=run_id, announcement=kind_and_day),
                told_for=day,
                is_repetition=is_repetition,
            )
        )
    return tuple(messages)
