"""Changes to the pipeline's books between publications: who was told, what a person released."""

from collections.abc import Sequence
from datetime import datetime

import polars as pl
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from definitions.tables import OPS_NOTIFICATION, OPS_QUARANTINE
from warehouse.database_errors import without_values
from warehouse.tables import TABLES


@without_values("Noting who was told")
def record_told(engine: sa.Engine, told: pl.DataFrame, *, run_id: str, at: datetime) -> None:
    """Note that the owners of these issues (issue_id, owner_id) were told at `at`; call it when the message has left.

    The first time stands in `notified_at`; `notified_count` counts every time.
    """
    if told.is_empty():
        return
    table = TABLES[OPS_NOTIFICATION.name]
    rows = told.select("issue_id", "owner_id").unique("issue_id", keep="first", maintain_order=True)
    first = postgresql.insert(table).values(notified_at=at, notified_count=1, run_id=run_id)
    again = {
        "owner_id": first.excluded.owner_id,
        "notified_count": table.c.notified_count + 1,
        "run_id": first.excluded.run_id,
    }
    with engine.begin() as connection:
        connection.execute(first.on_conflict_do_update(index_elements=["issue_id"], set_=again), rows.to_dicts())


@without_values("Releasing from quarantine")
def release(engine: sa.Engine, record_keys: Sequence[str], *, at: datetime) -> int:
    """Let the records through from the next run on, whatever they were set aside for; give the rows released."""
    table = TABLES[OPS_QUARANTINE.name]
    held = table.c.record_key.in_(list(record_keys)) & table.c.released_at.is_(None)
    with engine.begin() as connection:
        return connection.execute(sa.update(table).where(held).values(released_at=at)).rowcount
