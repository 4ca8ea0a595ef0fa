"""State of notifications: issues sent to owners, announcements sent to RevOps, and what is still to be sent."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time

import polars as pl
import sqlalchemy as sa

from definitions.schema.column import Column, Kind
from definitions.schema.columns import columns_named
from definitions.schema.tables import FCT_HYGIENE_ISSUE
from warehouse.database_errors import without_values
from warehouse.publishing.deliveries import ANNOUNCEMENTS, ISSUES
from warehouse.read.frames import Readable, read
from warehouse.read.published import published
from warehouse.tables import TABLES

_READ = tuple(name for name in FCT_HYGIENE_ISSUE.content if name != "evidence")
_DELIVERY = (
    *columns_named("issue_id target message_key"),
    Column("is_settled", Kind.BOOLEAN, "Nothing more is sent of it."),
    Column("may_have_arrived", Kind.BOOLEAN, "An earlier sending may have arrived."),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryState:
    """Delivery of an announcement to one target; `key` is None where it was sent before messages had keys."""

    key: str | None
    is_settled: bool
    may_have_arrived: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class UnconfirmedMessages:
    """Number of messages that may have arrived twice, and of unconfirmed ones that are sent once more."""

    repeated: int
    unconfirmed: int


def unsent_issues(warehouse: Readable) -> pl.DataFrame:
    """Read open issues, except the baseline, that were sent to no target, or not yet to all. Without evidence."""
    return published(warehouse, FCT_HYGIENE_ISSUE, _READ, where=_is_unsent())


def deliveries_of_unsent(warehouse: Readable) -> pl.DataFrame:
    """Read the deliveries of `unsent_issues`: issue_id, target, message_key, is_settled, may_have_arrived.

    One row per issue and target to which it was sent, or was to be sent.
    """
    sent, issues = ISSUES.table, TABLES[FCT_HYGIENE_ISSUE.name]
    columns = (
        sent.c.issue_id,
        sent.c.target,
        sent.c.message_key,
        ISSUES.is_settled.label("is_settled"),
        ISSUES.may_have_arrived.label("may_have_arrived"),
    )
    statement = sa.select(*columns).join(issues, issues.c.issue_id == sent.c.issue_id).where(_is_unsent())
    return read(warehouse, statement, _DELIVERY).sort("issue_id", "target")


def _is_unsent() -> sa.ColumnElement[bool]:
    issues, sent = TABLES[FCT_HYGIENE_ISSUE.name], ISSUES.table
    # Correlated with the issue alone: `deliveries_of_unsent` joins the same table outside.
    of_issue = sa.select(sent.c.issue_id).where(sent.c.issue_id == issues.c.issue_id).correlate(issues)
    is_sent, is_pending = of_issue.where(ISSUES.is_settled).exists(), of_issue.where(~ISSUES.is_settled).exists()
    return (issues.c.state == "open") & issues.c.is_baseline.is_(False) & (~is_sent | is_pending)


def issues_since(warehouse: Readable, since: date) -> pl.DataFrame:
    """Read open issues, and those resolved after that day. Without evidence."""
    issues = TABLES[FCT_HYGIENE_ISSUE.name]
    where = (issues.c.state == "open") | (issues.c.resolved_on > since)
    return published(warehouse, FCT_HYGIENE_ISSUE, _READ, where=where)


@without_values("Reading what RevOps was told")
def announced(engine: sa.Engine, announcement: str, day: date) -> dict[str, DeliveryState]:
    """Read the deliveries of the announcement of this day, by target."""
    sent = ANNOUNCEMENTS.table
    columns = sent.c.target, sent.c.message_key, ANNOUNCEMENTS.is_settled, ANNOUNCEMENTS.may_have_arrived
    of_the_day = (sent.c.announcement == announcement) & (sent.c.told_for == day)
    with engine.connect() as connection:
        rows = connection.execute(sa.select(*columns).where(of_the_day)).all()
    return {
        target: DeliveryState(key=key, is_settled=is_settled, may_have_arrived=may_have_arrived)
        for target, key, is_settled, may_have_arrived in rows
    }


@without_values("Reading what RevOps was told")
def last_announced(engine: sa.Engine, announcement: str, *, before: date) -> date | None:
    """Return the latest day before `before` whose announcement some target received, or may have; None if none."""
    sent = ANNOUNCEMENTS.table
    earlier = (sent.c.announcement == announcement) & (sent.c.told_for < before) & (sent.c.sent_count > 0)
    with engine.connect() as connection:
        latest: date | None = connection.execute(sa.select(sa.func.max(sent.c.told_for)).where(earlier)).scalar_one()
    return latest


@without_values("Reading what may have arrived twice")
def doubtful(engine: sa.Engine, since: date) -> UnconfirmedMessages:
    """Count messages last sent on or after that day (UTC) that may have arrived twice or not at all."""
    start = datetime.combine(since, time(), UTC)
    repeated: set[str] = set()
    unconfirmed: set[str] = set()
    with engine.connect() as connection:
        for kind in (ISSUES, ANNOUNCEMENTS):
            columns = kind.table.c
            statement = sa.select(columns.message_key, columns.is_repeated)
            is_recent = (columns[kind.moment] >= start) & columns.message_key.is_not(None)
            is_doubtful = columns.is_repeated | (columns.delivery_status == "unconfirmed")
            for key, is_repeated in connection.execute(statement.where(is_recent & is_doubtful)):
                (repeated if is_repeated else unconfirmed).add(key)
    return UnconfirmedMessages(repeated=len(repeated), unconfirmed=len(unconfirmed))
