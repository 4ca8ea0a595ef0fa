"""Opportunities, and the source records they are made of."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy import Column, PrimaryKeyConstraint
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"

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
    """Create `fct_opportunity` and its bridge."""
    op.create_table(
        "fct_opportunity",
        Column(
            "opportunity_id",
            TEXT,
            nullable=False,
            comment="Golden opportunity: the key of its first created source record.",
        ),
        Column("name", TEXT, comment="Name of the account, opportunity, owner or product."),
        Column(
            "account_id",
            TEXT,
            comment="Golden account: the key of its first created source record. Refers to curated.dim_account.account_id.",
        ),
        Column(
            "primary_person_id",
            TEXT,
            comment="Person the opportunity is held with, if the source names one. Refers to curated.dim_person.person_id.",
        ),
        Column(
            "owner_id",
            TEXT,
            comment="Golden owner: the key of its first created source record. Refers to curated.dim_owner.owner_id.",
        ),
        Column(
            "owner_state",
            TEXT,
            nullable=False,
            comment="State of the owner of the record. One of: active, inactive, queue, none.",
        ),
        Column("product_id", TEXT, comment="Product: its source record key. Refers to curated.dim_product.product_id."),
        Column("pipeline_id", TEXT, comment="Pipeline or record type the stage belongs to."),
        Column("source_stage", TEXT, comment="Stage id or name as the source holds it."),
        Column("stage_name", TEXT, comment="Stage label as salespeople see it."),
        Column(
            "canonical_stage",
            TEXT,
            comment="Stage in shared words. One of: initial_contact, qualification, meeting_discovery, proposal, closing, closed_won, closed_lost.",
        ),
        Column("stage_order", INTEGER, comment="Position of the canonical stage, 1 first."),
        Column(
            "stage_phase", TEXT, comment="Part of the funnel the stage belongs to. One of: lead, opportunity, closed."
        ),
        Column("opportunity_type", TEXT, comment="New business, renewal and so on, as the source says."),
        Column("amount", MONEY, comment="Amount in the deal's own currency."),
        Column("currency_code", TEXT, comment="Currency of the amount, ISO 4217."),
        Column("fx_rate", REAL, comment="Units of reporting currency for one unit of the deal's currency."),
        Column(
            "amount_corporate",
            MONEY,
            comment="Amount in the reporting currency; null where no rate is declared, never 1:1.",
        ),
        Column(
            "weighted_amount", MONEY, comment="Corporate amount times probability; 0 for a deal that is not forecast."
        ),
        Column("probability", REAL, comment="Chance of winning, 0 to 1. From 0 to 1."),
        Column("source_forecast_category", TEXT, comment="Forecast category as the source holds it."),
        Column(
            "forecast_category",
            TEXT,
            comment="Forecast category in shared words. One of: omitted, pipeline, best_case, most_likely, commit, closed.",
        ),
        Column(
            "close_date",
            DAY,
            comment="Day the buyer is expected to decide; null where the source has none or a placeholder.",
        ),
        Column("source_close_date", DAY, comment="Close date as the source holds it, placeholder or not."),
        Column("has_placeholder_close_date", BOOLEAN, comment="The source holds a close date that nobody means."),
        Column("original_close_date", DAY, comment="First close date ever seen for the deal."),
        Column(
            "push_count",
            INTEGER,
            nullable=False,
            comment="Times the close date moved to a later calendar month. At least 0.",
        ),
        Column("source_created_at", MOMENT, comment="When the source says the record was created."),
        Column("created_on", DAY, comment="Day the deal was created, in the reporting time zone."),
        Column("closed_at", MOMENT, comment="When the deal was closed, as the source says."),
        Column("last_stage_change_at", MOMENT, comment="When the deal entered its present stage."),
        Column(
            "stage_entered_on",
            DAY,
            comment="Day the deal entered its present stage; null where the source does not say.",
        ),
        Column(
            "stage_age_limit_days",
            INTEGER,
            comment="Days in stage above which the deal is slow; null where off. Unit: days.",
        ),
        Column(
            "last_meaningful_change_on", DAY, comment="Latest day stage, close date or amount changed; creation counts."
        ),
        Column("last_activity_at", MOMENT, comment="Latest activity, as the source says or the activities show."),
        Column("last_activity_on", DAY, comment="Latest day of any completed activity."),
        Column("next_step", TEXT, comment="Next step agreed; null where blank or a placeholder."),
        Column("next_activity_on", DAY, comment="Day of the next planned activity."),
        Column("loss_reason", TEXT, comment="Why the deal was lost, as the source says."),
        Column(
            "loss_family",
            TEXT,
            comment="Loss reason in shared words. One of: competitor, no_decision, budget, timing, product, price, relationship, stale_auto, unqualified, duplicate, other.",
        ),
        Column("competitor", TEXT, comment="Competitor the deal was lost to."),
        Column("lead_source", TEXT, comment="Where the person or deal came from, as the source says."),
        Column("contact_count", INTEGER, nullable=False, comment="People on the deal. At least 0."),
        Column("has_decision_maker", BOOLEAN, comment="Someone on the deal has a decision-maker role."),
        Column(
            "budget_status",
            TEXT,
            comment="How far the budget is known (ladder). One of: unknown, none, identified, realistic, allocated, confirmed.",
        ),
        Column(
            "authority_status",
            TEXT,
            comment="How near the decision-maker is (ladder). One of: unknown, contact_only, influencer, dm_aware, dm_involved, dm_direct.",
        ),
        Column(
            "need_status",
            TEXT,
            comment="Whether the need is acknowledged (ladder). One of: unknown, none, suspected, acknowledged.",
        ),
        Column(
            "timeline_status",
            TEXT,
            comment="How firm the purchase date is (ladder). One of: unknown, none, far, near, agreed.",
        ),
        Column("purchase_date", DAY, comment="Day the buyer intends to have bought."),
        Column("compelling_event", BOOLEAN, comment="An event at the buyer makes the purchase urgent."),
        Column("criteria_met", INTEGER, comment="Qualification criteria met. At least 0."),
        Column("criteria_unmet", INTEGER, comment="Qualification criteria known not to be met. At least 0."),
        Column("criteria_unknown", INTEGER, comment="Qualification criteria nobody has answered. At least 0."),
        Column(
            "criteria", JSON, comment="Each criterion: met, not_met or unknown, with the evidence field and its value."
        ),
        Column(
            "missing_criteria",
            TEXT,
            comment="Criteria the stage requires that are not met, comma separated; empty if none.",
        ),
        Column(
            "missing_criteria_count",
            INTEGER,
            nullable=False,
            comment="Criteria the stage requires that are not met. At least 0.",
        ),
        Column("is_open", BOOLEAN, nullable=False, comment="Not closed."),
        Column("is_closed", BOOLEAN, nullable=False, comment="The stage table says the deal is closed."),
        Column("is_won", BOOLEAN, nullable=False, comment="The stage table says the deal is won."),
        Column("is_deleted", BOOLEAN, nullable=False, comment="The source deleted or archived the record."),
        Column("sales_cycle_days", INTEGER, comment="Whole days from creation to close of a won deal. Unit: days."),
        Column("claimed_class", TEXT, comment="Class the sources claim, in shared words; null where they claim none."),
        Column(
            "pipeline_class",
            TEXT,
            nullable=False,
            comment="Where the deal stands under the definitions. One of: merged_or_deleted, closed_won, closed_duplicate, closed_unqualified, closed_lost, abandoned, no_close_date, overdue, long_term, stalled, unqualified_open, active.",
        ),
        Column("pipeline_class_since", DAY, comment="As-of date of the run that first gave the class."),
        Column(
            "class_reasons",
            TEXT,
            comment="Each class tried, in order, with its answer: dead=false; sql=unknown; lead=true.",
        ),
        Column("is_forecast_eligible", BOOLEAN, nullable=False, comment="The class counts in the forecast."),
        Column(
            "is_win_rate_eligible", BOOLEAN, nullable=False, comment="Closed, and neither duplicate nor unqualified."
        ),
        Column(
            "record_count", INTEGER, nullable=False, comment="Live source records the entity is made of. At least 1."
        ),
        Column("source_count", INTEGER, comment="Systems that hold a live record of the entity. At least 1."),
        Column(
            "field_winners",
            JSON,
            comment="For each surviving field, the record it came from; null for a single record.",
        ),
        Column("source_system", TEXT, comment="Name of the configured source the record came from."),
        Column("source_id", TEXT, comment="Id of the record in its source, as the source writes it."),
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
        PrimaryKeyConstraint("opportunity_id", name="pk_fct_opportunity"),
        schema="curated",
        comment="One opportunity, as it stands. Key: opportunity_id.",
    )
    op.create_index("ix_fct_opportunity_account_id", "fct_opportunity", ["account_id"], schema="curated")
    op.create_index("ix_fct_opportunity_owner_id", "fct_opportunity", ["owner_id"], schema="curated")
    op.create_index("ix_fct_opportunity_primary_person_id", "fct_opportunity", ["primary_person_id"], schema="curated")
    op.create_table(
        "bridge_opportunity_source",
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
            "opportunity_id",
            TEXT,
            nullable=False,
            comment="Golden opportunity: the key of its first created source record. Refers to curated.fct_opportunity.opportunity_id.",
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
        PrimaryKeyConstraint("record_key", name="pk_bridge_opportunity_source"),
        schema="curated",
        comment="One source record of an opportunity. Key: record_key.",
    )
    op.create_index(
        "ix_bridge_opportunity_source_opportunity_id", "bridge_opportunity_source", ["opportunity_id"], schema="curated"
    )
