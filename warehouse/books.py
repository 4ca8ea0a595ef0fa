"""Changes to the pipeline's books beside publications: who was told, why a run was refused."""

from datetime import datetime

import polars as pl
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from definitions.tables import OPS_AUDIT_RESULT, OPS_NOTIFICATION
from warehouse.database_errors import without_values
from warehouse.run import Run
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


@without_values("Keeping the audit")
def keep_audit(engine: sa.Engine, run: Run, checks: pl.DataFrame) -> None:
    """Keep the checks of a run that is about to be refused, columns of `ops.audit_result`, in place of earlier ones.

    Such a run has rows there and none in `ops.run`, so nothing takes it for published; should it be published after
    all, the checks of that publication take their place. Raises `PublishError` when they cannot be kept: the refusal is
    then still to be told.
    """
    table = TABLES[OPS_AUDIT_RESULT.name]
    rows = checks.with_columns(run_id=pl.lit(run.run_id)).select(OPS_AUDIT_RESULT.names).to_dicts()
    with engine.begin() as connection:
        connection.execute(sa.delete(table).where(table.c.run_id == run.run_id))
        if rows:
            connection.execute(sa.insert(table), rows)
