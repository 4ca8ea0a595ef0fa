"""Deliveries: which message went to which target, and how far it got; written around every sending.

A delivery is noted `in_flight` before the message leaves and by its outcome after it. A process that dies in between
leaves it `in_flight`: it may have arrived, and is sent again with the key it had.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from definitions.schema.tables import OPS_ANNOUNCEMENT, OPS_NOTIFICATION
from warehouse.database_errors import without_values
from warehouse.tables import TABLES

DeliveryOutcome = Literal["accepted", "unconfirmed", "refused"]
# A message without an answer is sent once more. What had no answer twice counts as told: it may be there twice.
SENDINGS_WITHOUT_ANSWER = 2
_MAY_HAVE_ARRIVED = ("in_flight", "unconfirmed")


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One message to one target: a digest of issues, or the announcement (what, day) of one day to RevOps.

    `owner_id` is the reader of a digest, null for RevOps. `key` is the one the message carries.
    """

    target: str
    key: str
    run_id: str
    owner_id: str | None = None
    issue_ids: tuple[str, ...] = ()
    announcement: tuple[str, date] | None = None


@dataclass(frozen=True, slots=True)
class DeliveryTable:
    """One of the two tables: when a message was last taken, and how often, by their names in it."""

    table: sa.Table
    moment: str
    count: str

    @property
    def is_settled(self) -> sa.ColumnElement[bool]:
        """Whether nothing more is sent: the message was taken, or twice had no answer."""
        status, count = self.table.c.delivery_status, self.table.c[self.count]
        return (status == "accepted") | ((status == "unconfirmed") & (count >= SENDINGS_WITHOUT_ANSWER))

    @property
    def may_have_arrived(self) -> sa.ColumnElement[bool]:
        """Whether an earlier sending may have arrived that nobody confirmed."""
        return self.table.c.delivery_status.in_(_MAY_HAVE_ARRIVED)


ISSUES = DeliveryTable(TABLES[OPS_NOTIFICATION.name], "notified_at", "notified_count")
ANNOUNCEMENTS = DeliveryTable(TABLES[OPS_ANNOUNCEMENT.name], "sent_at", "sent_count")


@without_values("Noting what is to be sent")
def reserve(engine: sa.Engine, deliveries: Sequence[Delivery]) -> None:
    """Note every delivery that is not known yet as pending, in one transaction, before the first message leaves.

    So an issue that one target took stays owed to the others it was to go to, whatever happens in between.
    """
    with engine.begin() as connection:
        for kind in (ISSUES, ANNOUNCEMENTS):
            rows = [row for delivery in deliveries if _table_of(delivery) is kind for row in _rows(delivery)]
            if rows:
                connection.execute(postgresql.insert(kind.table).on_conflict_do_nothing(), rows)


@without_values("Noting what is being sent")
def begin(engine: sa.Engine, delivery: Delivery) -> None:
    """Note that the message is about to leave. Where it may have arrived before, this sending repeats it."""
    kind = _table_of(delivery)
    repeats = {"is_repeated": kind.table.c.is_repeated | kind.may_have_arrived}
    _upsert(engine, delivery, {"delivery_status": "in_flight"}, repeats)


@without_values("Noting who was told")
def finish(engine: sa.Engine, delivery: Delivery, outcome: DeliveryOutcome, at: datetime) -> bool:
    """Note how the sending ended: the target took the message, gave no answer, or refused it.

    A refused message is pending again, unless an earlier sending of it may have arrived: then it stays what it was.
    Gives whether nothing more is sent of it.
    """
    kind = _table_of(delivery)
    stored = kind.table.c
    if outcome == "refused":
        earlier = sa.case((stored[kind.count] > 0, "unconfirmed"), (stored.is_repeated, "in_flight"), else_="pending")
        return _upsert(engine, delivery, {}, {"delivery_status": earlier})
    noted = {"delivery_status": outcome, kind.moment: at, kind.count: 1}
    return _upsert(engine, delivery, noted, {kind.count: stored[kind.count] + 1})


def _upsert(engine: sa.Engine, delivery: Delivery, noted: dict[str, Any], changes: dict[str, Any]) -> bool:
    """Write what is `noted` of a delivery; what is there already takes that too, but for the `changes` of it."""
    kind = _table_of(delivery)
    given = postgresql.insert(kind.table).values([row | noted for row in _rows(delivery)])
    carried = {"message_key", "run_id", *noted} | ({"owner_id"} if delivery.announcement is None else set())
    changed = {name: given.excluded[name] for name in sorted(carried)} | changes
    statement = given.on_conflict_do_update(index_elements=list(kind.table.primary_key), set_=changed)
    with engine.begin() as connection:
        return all(connection.execute(statement.returning(kind.is_settled)).scalars())


def _table_of(delivery: Delivery) -> DeliveryTable:
    return ISSUES if delivery.announcement is None else ANNOUNCEMENTS


def _rows(delivery: Delivery) -> list[dict[str, Any]]:
    """Rows of a delivery that was not sent yet: one for each issue, or the one of the announcement."""
    kind = _table_of(delivery)
    usual = {
        "target": delivery.target,
        "message_key": delivery.key,
        "delivery_status": "pending",
        kind.moment: None,
        kind.count: 0,
        "is_repeated": False,
        "run_id": delivery.run_id,
    }
    if delivery.announcement is not None:
        what, day = delivery.announcement
        return [{"announcement": what, "told_for": day, **usual}]
    return [{"issue_id": issue, "owner_id": delivery.owner_id, **usual} for issue in delivery.issue_ids]
