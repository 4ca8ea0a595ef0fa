"""Name the values that were set to null."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    """Change the schema to what `definitions/schema` declares."""
    op.create_table(
        "value_fault",
        sa.Column(
            "source_system", sa.Text(), nullable=False, comment="Name of the configured source the record came from."
        ),
        sa.Column("stream", sa.Text(), nullable=False, comment="Object type of a source."),
        sa.Column(
            "record_key",
            sa.Text(),
            nullable=False,
            comment="Source record: source:object:source_id, unique over all sources.",
        ),
        sa.Column("field_name", sa.Text(), nullable=False, comment="Field at fault; null where the whole record is."),
        sa.Column(
            "reason_code",
            sa.Text(),
            nullable=False,
            comment="Why the record was set aside, or the value set to null. Words: curated.dim_word, vocabulary quarantine_reason.",
        ),
        sa.Column(
            "first_seen_on", sa.Date(), nullable=False, comment="As-of date of the run that first found the fault."
        ),
        sa.Column("last_seen_on", sa.Date(), nullable=False, comment="As-of date the rule last failed."),
        sa.Column(
            "run_id",
            sa.Text(),
            nullable=False,
            comment="Run that last wrote the row; the run that is published stands in curated.published_run.",
        ),
        sa.PrimaryKeyConstraint("record_key", "field_name", "reason_code", name=op.f("pk_value_fault")),
        schema="ops",
        comment="One field of one record, and why its value could not be read: it was set to null, and the record stays. Key: record_key, field_name, reason_code.",
    )
    op.execute(
        "COMMENT ON COLUMN ops.quarantine.reason_code IS 'Why the record was set aside, or the value set to null. Words: curated.dim_word, vocabulary quarantine_reason.'"
    )
    op.execute("COMMENT ON COLUMN ops.quarantine.first_seen_on IS 'As-of date of the run that first found the fault.'")
