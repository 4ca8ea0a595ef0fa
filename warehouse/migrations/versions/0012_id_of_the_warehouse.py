"""Give the warehouse an id of its own, by which a home knows whether it is the one it belongs to."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy import Column, PrimaryKeyConstraint

revision = "0012"
down_revision = "0011"

_MEANS = "Id of this warehouse, drawn when it was made; a copy or a restored backup has the same."


def upgrade() -> None:
    """Create `ops.warehouse` with its one row."""
    op.create_table(
        "warehouse",
        Column("warehouse_id", sa.Text(), nullable=False, comment=_MEANS),
        PrimaryKeyConstraint("warehouse_id", name="pk_warehouse"),
        schema="ops",
        comment="This warehouse: one row. Key: warehouse_id.",
    )
    op.execute("INSERT INTO ops.warehouse SELECT gen_random_uuid()::text")
