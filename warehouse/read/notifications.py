"""What was told and what is still to be told: issues to owners, announcements to RevOps."""

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
    """How far an announcement got at one target; `key` is null where it was sent before messages had keys."""

    key: str | None
    is_settled: bool
    may_have_arrived: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class UnconfirmedMessages:
    """Messages that may have arrived twice, and those without an answer that are sent once more."""

    repeated: int
    unconfirmed: int


def untold_issues(warehouse: Readable) -> pl.DataFrame:
    """Open issues, not of the baseline, that nobody was told of, or that some target still waits for. No evidence."""
    return published(warehouse, FCT_HYGIENE_ISSUE, _READ, where=_is_untold())


def deliveries_of_untold(warehouse: Readable) -> pl.DataFrame:
    """How far the issues of `untold_issues` got: issue_id, target, message_key, is_settled, may_have_arrived.

    One row for each issue and target to which it was sent, or was to be.
    """
    sent, issues = ISSUES.table, TABLES[FCT_HYGIENE_ISSUE.name]
    columns = (
        sent.c.issue_id,
        sent.c.target,
        sent.c.message_key,
        ISSUES.is_settled.label("is_settled"),
        ISSUES.may_have_arrived.label("may_have_arrived"),
    )
    asked = sa.select(*columns).join(issues, issues.c.issue_id == sent.c.issue_id).where(_is_untold())
    return read(warehouse, asked, _DELIVERY).sort("issue_id", "target")


def _is_untold() -> sa.ColumnElement[bool]:
    issues, sent = TABLES[FCT_HYGIENE_ISSUE.name], ISSUES.table
    # Correlated with the issue alone: `deliveries_of_untold` asks of the same table outside.
    of_issue = sa.select(sent.c.issue_id).where(sent.c.issue_id == issues.c.issue_id).correlate(issues)
    is_told, is_owed = of_issue.where(ISSUES.is_settled).exists(), of_issue.where(~ISSUES.is_settled).exists()
    return (issues.c.state == "open") & issues.c.is_baseline.is_(False) & (~is_told | is_owed)


def issues_since(warehouse: Readable, since: date) -> pl.DataFrame:
    """Issues that are open, and those resolved after that day. Without evidence."""
    issues = TABLES[FCT_HYGIENE_ISSUE.name]
    where = (issues.c.state == "open") | (issues.c.resolved_on > since)
    return published(warehouse, FCT_HYGIENE_ISSUE, _READ, where=where)


@without_values("Reading what RevOps was told")
def announced(engine: sa.Engine, announcement: str, told_for: date) -> dict[str, DeliveryState]:
    """How far the announcement of this day got, by target."""
    sent = ANNOUNCEMENTS.table
    columns = sent.c.target, sent.c.message_key, ANNOUNCEMENTS.is_settled, ANNOUNCEMENTS.may_have_arrived
    of_the_day = (sent.c.announcement == announcement) & (sent.c.told_for == told_for)
    with engine.connect() as connection:
        rows = connection.execute(sa.select(*columns).where(of_the_day)).all()
    return {
        target: DeliveryState(key=key, is_settled=is_settled, may_have_arrived=may_have_arrived)
        for target, key, is_settled, may_have_arrived in rows
    }


@without_values("Reading what RevOps was told")
def last_announced(engine: sa.Engine, announcement: str, *, before: date) -> date | None:
    """Latest day, before the one given, whose announcement some target took, or may have taken."""
    sent = ANNOUNCEMENTS.table
    earlier = (sent.c.announcement == announcement) & (sent.c.told_for < before) & (sent.c.sent_count > 0)
    with engine.connect() as connection:
        latest: date | None = connection.execute(sa.select(sa.func.max(sent.c.told_for)).where(earlier)).scalar_one()
    return latest


@without_values("Reading what may have arrived twice")
def doubtful(engine: sa.Engine, since: date) -> UnconfirmedMessages:
    """Count messages last sent on that day (UTC) or later whose receiver may have them twice or not at all."""
    start = datetime.combine(since, time(), UTC)
    repeated: set[str] = set()
    unconfirmed: set[str] = set()
    with engine.connect() as connection:
        for kind in (ISSUES, ANNOUNCEMENTS):
            columns = kind.table.c
            asked = sa.select(columns.message_key, columns.is_repeated)
            left = (columns[kind.moment] >= start) & columns.message_key.is_not(None)
            doubted = columns.is_repeated | (columns.delivery_status == "unconfirmed")
            for key, is_repeated in connection.execute(asked.where(left & doubted)):
                (repeated if is_repeated else unconfirmed).add(key)
    return UnconfirmedMessages(repeated=len(repeated), unconfirmed=len(unconfirmed))
