"""The pipeline's own books."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy import Column, PrimaryKeyConstraint
from sqlalchemy.dialects import postgresql

revision = "0007"
down_revision = "0006"

TEXT = sa.Text()
INTEGER = sa.Integer()
BIGINT = sa.BigInteger()
BOOLEAN = sa.Boolean()
DAY = sa.Date()
MOMENT = sa.DateTime(timezone=True)
JSON = postgresql.JSONB()


def upgrade() -> None:
    """Create the tables of `ops`."""
    op.create_table(
        "run",
        Column("run_id", TEXT, nullable=False, comment="Run that last wrote the row."),
        Column("as_of", DAY, nullable=False, comment="Date the run is true for, in the reporting time zone."),
        Column("started_at", MOMENT, nullable=False, comment="When the run began."),
        Column("finished_at", MOMENT, nullable=False, comment="When the run published."),
        Column("run_status", TEXT, nullable=False, comment="How the run ended. One of: published, unchanged."),
        Column(
            "is_draft", BOOLEAN, nullable=False, comment="The definitions were not approved by marketing and sales."
        ),
        Column(
            "definitions_version",
            TEXT,
            nullable=False,
            comment="Version of the definitions the row was classified under.",
        ),
        Column(
            "rows_written", BIGINT, nullable=False, comment="Curated rows inserted, updated or deleted. At least 0."
        ),
        Column("report", JSON, nullable=False, comment="The run report."),
        PrimaryKeyConstraint("run_id", name="pk_run"),
        schema="ops",
        comment="One published refresh. Key: run_id.",
    )
    op.create_table(
        "cursor",
        Column("source_system", TEXT, nullable=False, comment="Name of the configured source the record came from."),
        Column("stream", TEXT, nullable=False, comment="Object type of a source."),
        Column("cursor", JSON, comment="Where the next pull of the stream starts."),
        Column("state_version", TEXT, comment="State file that holds the stream's current records."),
        Column("high_water_at", MOMENT, comment="Latest change time seen in the stream."),
        Column("pulled_at", MOMENT, comment="When the stream was last pulled."),
        Column("run_id", TEXT, nullable=False, comment="Run that last wrote the row."),
        PrimaryKeyConstraint("source_system", "stream", name="pk_cursor"),
        schema="ops",
        comment="One stream of one source; moves only with the tables it belongs to. Key: source_system, stream.",
    )
    op.create_table(
        "quarantine",
        Column(
            "record_key",
            TEXT,
            nullable=False,
            comment="Source record: source:object:source_id, unique over all sources.",
        ),
        Column("source_system", TEXT, nullable=False, comment="Name of the configured source the record came from."),
        Column("stream", TEXT, nullable=False, comment="Object type of a source."),
        Column("reason_code", TEXT, nullable=False, comment="Why the record was set aside."),
        Column("field_name", TEXT, comment="Field at fault; null where the whole record is."),
        Column("location", TEXT, comment="Landed file and line of the record."),
        Column("detail", TEXT, comment="What was found, without the value."),
        Column("first_seen_on", DAY, nullable=False, comment="As-of date the record was first set aside."),
        Column("last_seen_on", DAY, nullable=False, comment="As-of date the rule last failed."),
        Column("released_at", MOMENT, comment="When a person let the record through; null while held."),
        Column("run_id", TEXT, nullable=False, comment="Run that last wrote the row."),
        PrimaryKeyConstraint("record_key", "reason_code", name="pk_quarantine"),
        schema="ops",
        comment="One record set aside. Key: record_key, reason_code.",
    )
    op.create_table(
        "audit_result",
        Column("run_id", TEXT, nullable=False, comment="Run that last wrote the row."),
        Column("suite", TEXT, nullable=False, comment="Suite of checks."),
        Column("expectation", TEXT, nullable=False, comment="One check, in words."),
        Column("table_name", TEXT, nullable=False, comment="Table checked."),
        Column("is_blocking", BOOLEAN, nullable=False, comment="A failure stops the publication."),
        Column("is_success", BOOLEAN, nullable=False, comment="The check passed."),
        Column("unexpected_count", BIGINT, comment="Rows that failed. At least 0."),
        Column("observed", TEXT, comment="What was observed, personal values masked."),
        PrimaryKeyConstraint("run_id", "suite", "expectation", name="pk_audit_result"),
        schema="ops",
        comment="One check of one run. Key: run_id, suite, expectation.",
    )
    op.create_table(
        "conservation",
        Column("run_id", TEXT, nullable=False, comment="Run that last wrote the row."),
        Column("source_system", TEXT, nullable=False, comment="Name of the configured source the record came from."),
        Column("stream", TEXT, nullable=False, comment="Object type of a source."),
        Column("fetched", BIGINT, nullable=False, comment="Distinct records the source has shown. At least 0."),
        Column("pulled", BIGINT, nullable=False, comment="Record versions landed by this run. At least 0."),
        Column("curated", BIGINT, nullable=False, comment="Records that gave a curated row. At least 0."),
        Column("merged_into", BIGINT, nullable=False, comment="Records folded into another record's row. At least 0."),
        Column("deleted", BIGINT, nullable=False, comment="Records the source deleted. At least 0."),
        Column("quarantined", BIGINT, nullable=False, comment="Records set aside. At least 0."),
        Column("excluded", BIGINT, nullable=False, comment="Records left out by a declared rule. At least 0."),
        Column(
            "difference", BIGINT, nullable=False, comment="fetched minus all the others; 0 or the run does not publish."
        ),
        PrimaryKeyConstraint("run_id", "source_system", "stream", name="pk_conservation"),
        schema="ops",
        comment="One stream in one run: fetched = curated + merged_into + deleted + quarantined + excluded. Key: run_id, source_system, stream.",
    )
    op.create_table(
        "definitions_version",
        Column("profile", TEXT, nullable=False, comment="Definitions profile."),
        Column(
            "definitions_version",
            TEXT,
            nullable=False,
            comment="Version of the definitions the row was classified under.",
        ),
        Column("status", TEXT, nullable=False, comment="draft or approved. One of: draft, approved."),
        Column(
            "text_sha256",
            TEXT,
            nullable=False,
            comment="SHA-256 of the text; the same version with another text is refused.",
        ),
        Column("definitions_text", TEXT, nullable=False, comment="The full text of the definitions used."),
        Column("first_used_at", MOMENT, nullable=False, comment="When a run first used them."),
        Column("run_id", TEXT, nullable=False, comment="Run that last wrote the row."),
        PrimaryKeyConstraint("profile", "definitions_version", name="pk_definitions_version"),
        schema="ops",
        comment="One version of the definitions that a run used, in full. Key: profile, definitions_version.",
    )
    op.create_table(
        "notification",
        Column("issue_id", TEXT, nullable=False, comment="Issue: record, rule and the day it was opened."),
        Column("owner_id", TEXT, comment="Golden owner: the key of its first created source record."),
        Column("notified_at", MOMENT, nullable=False, comment="When the owner was first told; null if never."),
        Column("notified_count", INTEGER, nullable=False, comment="Times the owner was told. At least 0."),
        Column("run_id", TEXT, comment="Run that last wrote the row."),
        PrimaryKeyConstraint("issue_id", name="pk_notification"),
        schema="ops",
        comment="One issue that its owner was told about. Key: issue_id.",
    )
