"""Activities, the records of accounts, the people on opportunities."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy import Column, PrimaryKeyConstraint

revision = "0005"
down_revision = "0004"

TEXT = sa.Text()
BIGINT = sa.BigInteger()
REAL: sa.Double[float] = sa.Double()
BOOLEAN = sa.Boolean()
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Create `fct_activity` and two bridges."""
    op.create_table(
        "fct_activity",
        Column("activity_id", TEXT, nullable=False, comment="Activity: its source record key."),
        Column(
            "activity_type",
            TEXT,
            nullable=False,
            comment="Kind of activity in shared words: call, meeting, demo_request and so on.",
        ),
        Column(
            "engagement_level",
            TEXT,
            nullable=False,
            comment="Interest the activity or person shows. One of: none, passive, proactive.",
        ),
        Column(
            "direction",
            TEXT,
            comment="Who moved: the buyer (inbound) or us (outbound). One of: inbound, outbound, internal.",
        ),
        Column("is_completed", BOOLEAN, comment="The activity took place."),
        Column(
            "is_human",
            BOOLEAN,
            nullable=False,
            comment="Done by a person, not by an integration user named in the settings.",
        ),
        Column(
            "is_inferred",
            BOOLEAN,
            nullable=False,
            comment="Read from a date on another record, not from an activity of its own.",
        ),
        Column("occurred_at", MOMENT, comment="When the activity took place."),
        Column("due_at", MOMENT, comment="When the activity is due."),
        Column(
            "person_id",
            TEXT,
            comment="Golden person: the key of its first created source record; never reused. Refers to curated.dim_person.person_id.",
        ),
        Column(
            "account_id",
            TEXT,
            comment="Golden account: the key of its first created source record. Refers to curated.dim_account.account_id.",
        ),
        Column(
            "opportunity_id",
            TEXT,
            comment="Golden opportunity: the key of its first created source record. Refers to curated.fct_opportunity.opportunity_id.",
        ),
        Column(
            "owner_id",
            TEXT,
            comment="Golden owner: the key of its first created source record. Refers to curated.dim_owner.owner_id.",
        ),
        Column("source_system", TEXT, comment="Name of the configured source the record came from."),
        Column("source_object", TEXT, comment="What the source calls the object: contact, lead, deal, Opportunity."),
        Column("source_id", TEXT, comment="Id of the record in its source, as the source writes it."),
        Column("source_updated_at", MOMENT, comment="When the source says the record last changed."),
        Column("run_id", TEXT, nullable=False, comment="Run that last wrote the row."),
        Column(
            "definitions_version",
            TEXT,
            nullable=False,
            comment="Version of the definitions the row was classified under.",
        ),
        Column("loaded_at", MOMENT, nullable=False, comment="When the run that last wrote the row began."),
        Column(
            "record_hash",
            BIGINT,
            nullable=False,
            comment="64-bit hash of the row's content; a row is rewritten only when it differs.",
        ),
        PrimaryKeyConstraint("activity_id", name="pk_fct_activity"),
        schema="curated",
        comment="One activity: a task, call, e-mail, meeting, or a move read from a date on a person's record. Key: activity_id.",
    )
    op.create_index("ix_fct_activity_opportunity_id", "fct_activity", ["opportunity_id"], schema="curated")
    op.create_index("ix_fct_activity_person_id", "fct_activity", ["person_id"], schema="curated")
    op.create_table(
        "bridge_account_source",
        Column(
            "record_key",
            TEXT,
            nullable=False,
            comment="Source record: source:object:source_id, unique over all sources.",
        ),
        Column("source_system", TEXT, nullable=False, comment="Name of the configured source the record came from."),
        Column(
            "source_object",
            TEXT,
            nullable=False,
            comment="What the source calls the object: contact, lead, deal, Opportunity.",
        ),
        Column("source_id", TEXT, nullable=False, comment="Id of the record in its source, as the source writes it."),
        Column(
            "account_id",
            TEXT,
            nullable=False,
            comment="Golden account: the key of its first created source record. Refers to curated.dim_account.account_id.",
        ),
        Column("match_rule", TEXT, nullable=False, comment="Rule that tied the record to the entity."),
        Column("match_confidence", REAL, comment="1 for exact keys. From 0 to 1."),
        Column("is_survivor", BOOLEAN, nullable=False, comment="The record gave the entity its id."),
        Column("is_deleted", BOOLEAN, nullable=False, comment="The source deleted or archived the record."),
        Column(
            "source_url", TEXT, comment="Deep link to the record in its source; null where the source has no pages."
        ),
        Column("source_updated_at", MOMENT, comment="When the source says the record last changed."),
        Column("run_id", TEXT, nullable=False, comment="Run that last wrote the row."),
        Column(
            "definitions_version",
            TEXT,
            nullable=False,
            comment="Version of the definitions the row was classified under.",
        ),
        Column("loaded_at", MOMENT, nullable=False, comment="When the run that last wrote the row began."),
        Column(
            "record_hash",
            BIGINT,
            nullable=False,
            comment="64-bit hash of the row's content; a row is rewritten only when it differs.",
        ),
        PrimaryKeyConstraint("record_key", name="pk_bridge_account_source"),
        schema="curated",
        comment="One source record of an account. Key: record_key.",
    )
    op.create_index("ix_bridge_account_source_account_id", "bridge_account_source", ["account_id"], schema="curated")
    op.create_table(
        "bridge_opportunity_person",
        Column(
            "opportunity_id",
            TEXT,
            nullable=False,
            comment="Golden opportunity: the key of its first created source record. Refers to curated.fct_opportunity.opportunity_id.",
        ),
        Column(
            "person_id",
            TEXT,
            nullable=False,
            comment="Golden person: the key of its first created source record; never reused. Refers to curated.dim_person.person_id.",
        ),
        Column("role", TEXT, comment="Role of the person on the deal, as the source says."),
        Column("is_primary", BOOLEAN, nullable=False, comment="The source marks the link as the primary one."),
        Column(
            "is_decision_maker",
            BOOLEAN,
            nullable=False,
            comment="The role is one of those the definitions count as decision-maker.",
        ),
        Column("source_updated_at", MOMENT, comment="When the source says the record last changed."),
        Column("run_id", TEXT, nullable=False, comment="Run that last wrote the row."),
        Column(
            "definitions_version",
            TEXT,
            nullable=False,
            comment="Version of the definitions the row was classified under.",
        ),
        Column("loaded_at", MOMENT, nullable=False, comment="When the run that last wrote the row began."),
        Column(
            "record_hash",
            BIGINT,
            nullable=False,
            comment="64-bit hash of the row's content; a row is rewritten only when it differs.",
        ),
        PrimaryKeyConstraint("opportunity_id", "person_id", name="pk_bridge_opportunity_person"),
        schema="curated",
        comment="One person on one opportunity. Key: opportunity_id, person_id.",
    )
    op.create_index(
        "ix_bridge_opportunity_person_person_id", "bridge_opportunity_person", ["person_id"], schema="curated"
    )
