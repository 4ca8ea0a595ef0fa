"""Messages as they leave: text, the target it goes to, and the key that a repetition has too."""

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
    """The text of a message: to the owner at `address`, or to RevOps where that is null."""

    title: str
    body: str
    address: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Message(Draft):
    """A text and its one target. `is_repetition`: an earlier sending of it may have arrived.

    `told_for` is the as-of
    date of the run, or the day of an announcement. `findings` are those of a digest as the journal keeps them: the key
    of record and rule, and the day the issue was opened.
    """

    target: Target
    delivery: Delivery
    told_for: date
    is_repetition: bool
    findings: tuple[tuple[str, date], ...] = ()


def revops_targets(settings: Settings) -> dict[str, Target]:
    """Targets of RevOps by identity, in the order of the settings; one that stands there twice is one target."""
    targets: dict[str, Target] = {}
    for place, url in enumerate(settings.alerts.revops, start=1):
        target = for_revops(place, url)
        targets.setdefault(target.identity, target)
    return targets


def digest_message(
    digest: Digest,
    edition: MessageContext,
    *,
    run_id: str,
    revops: dict[str, Target],
    owners: SecretStr | None,
    findings: dict[str, tuple[str, date]],
) -> Message | Draft:
    """Make the message of a digest; a draft where its reader has no target. `findings` are by issue."""
    draft = Draft(title=subject(digest, edition), body=body(digest, edition), address=digest.address)
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
        told_for=edition.as_of,
        is_repetition=digest.repeats is not None,
        findings=tuple(findings[issue] for issue in digest.issue_ids),
    )


def not_told(targets: dict[str, Target], sent: dict[str, DeliveryState]) -> dict[str, Target]:
    """Targets of RevOps, by identity, that an announcement still goes to; `sent` says how far it got, by target.

    What was sent before targets had an identity is known by the target's place in the settings.
    """
    settled = {identity for identity, how_far in sent.items() if how_far.is_settled}
    return {
        identity: target for identity, target in targets.items() if not settled & {identity, f"place:{target.place}"}
    }


def announcement(
    draft: Draft, what: tuple[str, date], run_id: str, waiting: dict[str, Target], sent: dict[str, DeliveryState]
) -> tuple[Message, ...]:
    """Make the message of a kind and day for each target that waits for it; `sent` says how far it got, by target."""
    kind, day = what
    messages = []
    for identity, target in waiting.items():
        is_repetition = identity in sent and sent[identity].may_have_arrived
        key = message_key(kind, identity, [day.isoformat()])
        messages.append(
            Message(
                title=draft.title,
                body=f"{REPETITION}\n\n{draft.body}" if is_repetition else draft.body,
                target=target,
                delivery=Delivery(target=identity, key=key, run_id=run_id, announcement=what),
                told_for=day,
                is_repetition=is_repetition,
            )
        )
    return tuple(messages)
