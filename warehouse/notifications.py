"""What was told and what is still to be told: issues to owners, announcements to RevOps."""

from datetime import date, datetime

import polars as pl
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from definitions.tables import FCT_HYGIENE_ISSUE, OPS_ANNOUNCEMENT, OPS_NOTIFICATION
from warehouse.database_errors import without_values
from warehouse.frames import Readable
from warehouse.reads import published
from warehouse.tables import TABLES

_READ = tuple(name for name in FCT_HYGIENE_ISSUE.content if name != "evidence")


def untold_issues(warehouse: Readable) -> pl.DataFrame:
    """Open issues that somebody is to be told about: not of the baseline, and told to nobody yet. Without evidence."""
    issues, told = TABLES[FCT_HYGIENE_ISSUE.name], TABLES[OPS_NOTIFICATION.name]
    is_told = sa.exists().where(told.c.issue_id == issues.c.issue_id)
    where = (issues.c.state == "open") & issues.c.is_baseline.is_(False) & ~is_told
    return published(warehouse, FCT_HYGIENE_ISSUE, _READ, where=where)


def issues_since(warehouse: Readable, since: date) -> pl.DataFrame:
    """Issues that are open, and those resolved after that day. Without evidence."""
    issues = TABLES[FCT_HYGIENE_ISSUE.name]
    where = (issues.c.state == "open") | (issues.c.resolved_on > since)
    return published(warehouse, FCT_HYGIENE_ISSUE, _READ, where=where)


@without_values("Reading what RevOps was told")
def announced(engine: sa.Engine, announcement: str, told_for: date) -> frozenset[int]:
    """Targets that accepted the announcement of this day."""
    sent = TABLES[OPS_ANNOUNCEMENT.name]
    of_the_day = (sent.c.announcement == announcement) & (sent.c.told_for == told_for)
    with engine.connect() as connection:
        return frozenset(connection.execute(sa.select(sent.c.target).where(of_the_day)).scalars())


@without_values("Reading what RevOps was told")
def last_announced(engine: sa.Engine, announcement: str, *, before: date) -> date | None:
    """Latest day, before the one given, whose announcement some target accepted."""
    sent = TABLES[OPS_ANNOUNCEMENT.name]
    earlier = (sent.c.announcement == announcement) & (sent.c.told_for < before)
    with engine.connect() as connection:
        latest: date | None = connection.execute(sa.select(sa.func.max(sent.c.told_for)).where(earlier)).scalar_one()
    return latest


@without_values("Noting what RevOps was told")
def record_announced(
    engine: sa.Engine, announcement: str, *, told_for: date, target: int, run_id: str, at: datetime
) -> None:
    """Note that the target accepted the announcement of this day; call it when the message has left."""
    table = TABLES[OPS_ANNOUNCEMENT.name]
    row = {"announcement": announcement, "told_for": told_for, "target": target, "sent_at": at, "run_id": run_id}
    first = postgresql.insert(table).values(row)
    again = {"sent_at": first.excluded.sent_at, "run_id": first.excluded.run_id}
    with engine.begin() as connection:
        connection.execute(first.on_conflict_do_update(index_elements=list(OPS_ANNOUNCEMENT.key), set_=again))
