"""Keep what was sent once a target: what each took, may have taken and still waits for, and the key it carried."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy import Column

revision = "0013"
down_revision = "0012"

TEXT = sa.Text()
INTEGER = sa.Integer()
BOOLEAN = sa.Boolean()

_TARGET = (
    "Who or what takes the message: a digest of the owner's id, or of a RevOps target's URL without its secrets; "
    "`place:1` for the first of `alerts.revops` and `earlier` for whoever was told before targets had one."
)
_KEY = "Key that the message carries, the same in a repetition; null before messages had one."
_STATUS = (
    "Where the delivery stands: pending was not taken, in_flight is being sent, unconfirmed had no answer in time. "
    "One of: pending, in_flight, unconfirmed, accepted."
)
_REPEATED = "The message was sent again after a sending that may have arrived."
_AT = "When the message was last taken, or may have been; null if never."
_COUNT = "Times the message was taken, or may have been. At least 0."


def upgrade() -> None:
    """Key deliveries by target. What was noted goes on counting as told: its messages were accepted."""
    op.add_column("notification", Column("target", TEXT, comment=_TARGET), schema="ops")
    op.execute("UPDATE ops.notification SET target = 'earlier'")
    op.alter_column("notification", "target", existing_type=TEXT, nullable=False, schema="ops")
    op.drop_constraint("pk_notification", "notification", schema="ops", type_="primary")
    op.create_primary_key("pk_notification", "notification", ["issue_id", "target"], schema="ops")
    op.alter_column(
        "announcement",
        "target",
        existing_type=INTEGER,
        type_=TEXT,
        postgresql_using="'place:' || target",
        comment=_TARGET,
        schema="ops",
    )
    op.add_column("announcement", Column("sent_count", INTEGER, comment=_COUNT), schema="ops")
    op.execute("UPDATE ops.announcement SET sent_count = 1")
    op.alter_column("announcement", "sent_count", existing_type=INTEGER, nullable=False, schema="ops")
    op.alter_column("notification", "notified_count", existing_type=INTEGER, comment=_COUNT, schema="ops")
    for table, moment in {"notification": "notified_at", "announcement": "sent_at"}.items():
        op.add_column(table, Column("message_key", TEXT, comment=_KEY), schema="ops")
        op.add_column(table, Column("delivery_status", TEXT, comment=_STATUS), schema="ops")
        op.add_column(table, Column("is_repeated", BOOLEAN, comment=_REPEATED), schema="ops")
        noted = sa.table(table, sa.column("delivery_status", TEXT), sa.column("is_repeated", BOOLEAN), schema="ops")
        op.execute(sa.update(noted).values(delivery_status="accepted", is_repeated=False))
        op.alter_column(table, "delivery_status", existing_type=TEXT, nullable=False, schema="ops")
        op.alter_column(table, "is_repeated", existing_type=BOOLEAN, nullable=False, schema="ops")
        op.alter_column(
            table, moment, existing_type=sa.DateTime(timezone=True), nullable=True, comment=_AT, schema="ops"
        )
    op.create_table_comment(
        "notification",
        "One issue and one target that is told of it: its owner, or a target of RevOps where there is none to tell. "
        "Key: issue_id, target.",
        schema="ops",
    )
    op.create_table_comment(
        "announcement",
        "One message of one day to one target of RevOps. Key: announcement, told_for, target.",
        schema="ops",
    )
