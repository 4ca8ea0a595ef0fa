"""What RevOps was told, so that nothing is said twice for one day."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy import Column, PrimaryKeyConstraint

revision = "0008"
down_revision = "0007"

TEXT = sa.Text()
INTEGER = sa.Integer()
DAY = sa.Date()
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Create `ops.announcement`, and say whom `ops.notification` names."""
    op.create_table(
        "announcement",
        Column("announcement", TEXT, nullable=False, comment="What RevOps is told. One of: roll_up, held_back."),
        Column(
            "told_for",
            DAY,
            nullable=False,
            comment="Day the announcement is of: as-of date of a roll-up, day on which alerts were held back.",
        ),
        Column(
            "target",
            INTEGER,
            nullable=False,
            comment="Place of the target in `alerts.revops` of the settings. At least 1.",
        ),
        Column("sent_at", MOMENT, nullable=False, comment="When the target accepted the message."),
        Column("run_id", TEXT, comment="Run that last wrote the row."),
        PrimaryKeyConstraint("announcement", "told_for", "target", name="pk_announcement"),
        schema="ops",
        comment="One message to RevOps that a target accepted; none is sent twice for one day. "
        "Key: announcement, told_for, target.",
    )
    op.create_table_comment(
        "notification",
        "One issue that somebody was told about: this owner, or RevOps where there is none. Key: issue_id.",
        existing_comment="One issue that its owner was told about. Key: issue_id.",
        schema="ops",
    )
