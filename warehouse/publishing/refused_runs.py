"""Audit results of refused runs, written to `ops` outside publications."""

import polars as pl
import sqlalchemy as sa

from definitions.run_context import RunContext
from definitions.schema.tables import OPS_AUDIT_RESULT
from warehouse.database_errors import without_values
from warehouse.tables import TABLES


@without_values("Keeping the audit")
def keep_audit(engine: sa.Engine, run: RunContext, checks: pl.DataFrame) -> None:
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
