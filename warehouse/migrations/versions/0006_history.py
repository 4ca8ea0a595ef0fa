"""History: the ledger of classes, hygiene issues, daily snapshots."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy import Column, PrimaryKeyConstraint
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"

TEXT = sa.Text()
INTEGER = sa.Integer()
BIGINT = sa.BigInteger()
REAL: sa.Double[float] = sa.Double()
MONEY = sa.Numeric(18, 2)
BOOLEAN = sa.Boolean()
DAY = sa.Date()
MOMENT = sa.DateTime(timezone=True)
JSON = postgresql.JSONB()


def upgrade() -> None:
    """Create the tables that are only added to."""
    op.create_table(
        "fct_classification_change",
        Column(
            "change_id",
            TEXT,
            nullable=False,
            comment="Change: record, as-of date and run, so that the same change is written once.",
        ),
        Column("record_kind", TEXT, nullable=False, comment="Kind of entity. One of: person, opportunity."),
        Column("record_id", TEXT, nullable=False, comment="Person or opportunity id."),
        Column(
            "from_class", TEXT, comment="Class before: the one published last, or the source's claim when first seen."
        ),
        Column("to_class", TEXT, nullable=False, comment="Class after."),
        Column("from_kind", TEXT, nullable=False, comment="What the class before was. One of: claim, class."),
        Column("rule", TEXT, nullable=False, comment="Class rule that matched, with the profile's name."),
        Column("reason", TEXT, comment="The clause that decided, with the values it saw."),
        Column("changed_on", DAY, nullable=False, comment="As-of date of the run that made the change."),
        Column(
            "value_at_risk",
            MONEY,
            comment="Corporate amount that the finding puts in doubt; null where the record has none.",
        ),
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
        PrimaryKeyConstraint("change_id", name="pk_fct_classification_change"),
        schema="curated",
        comment="One change of class of one record; never updated or deleted, so every change can be undone. Key: change_id.",
    )
    op.create_index(
        "ix_fct_classification_change_record_id", "fct_classification_change", ["record_id"], schema="curated"
    )
    op.create_table(
        "fct_hygiene_issue",
        Column("issue_id", TEXT, nullable=False, comment="Issue: record, rule and the day it was opened."),
        Column("rule_id", TEXT, nullable=False, comment="Hygiene rule of the definitions."),
        Column("severity", TEXT, nullable=False, comment="How bad it is. One of: critical, warning, info."),
        Column("record_kind", TEXT, nullable=False, comment="Kind of entity. One of: person, opportunity."),
        Column("record_id", TEXT, nullable=False, comment="Person or opportunity id."),
        Column(
            "record_name",
            TEXT,
            comment="Name of the deal or company a salesperson knows the record by; never a person's name.",
        ),
        Column(
            "owner_id",
            TEXT,
            comment="Golden owner: the key of its first created source record. Refers to curated.dim_owner.owner_id.",
        ),
        Column("state", TEXT, nullable=False, comment="Where the issue is in its life. One of: open, resolved."),
        Column("opened_on", DAY, nullable=False, comment="As-of date the rule first failed."),
        Column("last_seen_on", DAY, nullable=False, comment="As-of date the rule last failed."),
        Column("resolved_on", DAY, comment="As-of date the rule first held again; null while open."),
        Column("is_baseline", BOOLEAN, nullable=False, comment="Found by the first run; counted, alerted to nobody."),
        Column("amount_at_open", MONEY, comment="Corporate amount of the record when the issue was opened."),
        Column(
            "value_at_risk",
            MONEY,
            comment="Corporate amount that the finding puts in doubt; null where the record has none.",
        ),
        Column("says", TEXT, nullable=False, comment="What is wrong, in one sentence, with its numbers."),
        Column("question", TEXT, comment="The question to ask."),
        Column("suggested_action", TEXT, comment="The one thing to do."),
        Column("evidence", JSON, comment="Fields the rule read, with their values."),
        Column(
            "source_url", TEXT, comment="Deep link to the record in its source; null where the source has no pages."
        ),
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
        PrimaryKeyConstraint("issue_id", name="pk_fct_hygiene_issue"),
        schema="curated",
        comment="One life of one issue: a record failing a rule from the day it was opened to the day it was resolved. Key: issue_id.",
    )
    op.create_index("ix_fct_hygiene_issue_record_id", "fct_hygiene_issue", ["record_id"], schema="curated")
    op.create_table(
        "fct_opportunity_daily_snapshot",
        Column("snapshot_date", DAY, nullable=False, comment="As-of date the row was true for."),
        Column(
            "opportunity_id",
            TEXT,
            nullable=False,
            comment="Golden opportunity: the key of its first created source record.",
        ),
        Column("stage_name", TEXT, comment="Stage label as salespeople see it."),
        Column(
            "canonical_stage",
            TEXT,
            comment="Stage in shared words. One of: initial_contact, qualification, meeting_discovery, proposal, closing, closed_won, closed_lost.",
        ),
        Column("stage_order", INTEGER, comment="Position of the canonical stage, 1 first."),
        Column("probability", REAL, comment="Chance of winning, 0 to 1. From 0 to 1."),
        Column(
            "forecast_category",
            TEXT,
            comment="Forecast category in shared words. One of: omitted, pipeline, best_case, most_likely, commit, closed.",
        ),
        Column("amount", MONEY, comment="Amount in the deal's own currency."),
        Column("currency_code", TEXT, comment="Currency of the amount, ISO 4217."),
        Column(
            "amount_corporate",
            MONEY,
            comment="Amount in the reporting currency; null where no rate is declared, never 1:1.",
        ),
        Column(
            "weighted_amount", MONEY, comment="Corporate amount times probability; 0 for a deal that is not forecast."
        ),
        Column(
            "close_date",
            DAY,
            comment="Day the buyer is expected to decide; null where the source has none or a placeholder.",
        ),
        Column("push_count", INTEGER, comment="Times the close date moved to a later calendar month. At least 0."),
        Column("owner_id", TEXT, comment="Golden owner: the key of its first created source record."),
        Column("account_id", TEXT, comment="Golden account: the key of its first created source record."),
        Column("is_open", BOOLEAN, nullable=False, comment="Not closed."),
        Column("is_closed", BOOLEAN, nullable=False, comment="The stage table says the deal is closed."),
        Column("is_won", BOOLEAN, nullable=False, comment="The stage table says the deal is won."),
        Column(
            "pipeline_class",
            TEXT,
            nullable=False,
            comment="Where the deal stands under the definitions. One of: merged_or_deleted, closed_won, closed_duplicate, closed_unqualified, closed_lost, abandoned, no_close_date, overdue, long_term, stalled, unqualified_open, active.",
        ),
        Column("is_forecast_eligible", BOOLEAN, nullable=False, comment="The class counts in the forecast."),
        Column("missing_criteria_count", INTEGER, comment="Criteria the stage requires that are not met. At least 0."),
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
        PrimaryKeyConstraint("snapshot_date", "opportunity_id", name="pk_fct_opportunity_daily_snapshot"),
        schema="curated",
        comment="One opportunity on one day on which it was open, and the first day it was seen closed. Key: snapshot_date, opportunity_id.",
    )
    op.create_index(
        "ix_fct_opportunity_daily_snapshot_opportunity_id",
        "fct_opportunity_daily_snapshot",
        ["opportunity_id"],
        schema="curated",
    )
