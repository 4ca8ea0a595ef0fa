"""Dimensions: days, owners, stages, products, accounts."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy import Column, PrimaryKeyConstraint
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"

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
    """Create the dimensions but people."""
    op.create_table(
        "dim_date",
        Column("calendar_date", DAY, nullable=False, comment="The day."),
        Column("calendar_year", INTEGER, nullable=False, comment="Calendar year."),
        Column("calendar_quarter", INTEGER, nullable=False, comment="Calendar quarter. From 1 to 4."),
        Column("calendar_month", INTEGER, nullable=False, comment="Month. From 1 to 12."),
        Column("day_of_week", INTEGER, nullable=False, comment="Day of the week, Monday 1. From 1 to 7."),
        Column("is_business_day", BOOLEAN, nullable=False, comment="Monday to Friday."),
        Column("fiscal_year", INTEGER, nullable=False, comment="Fiscal year, named by the calendar year it ends in."),
        Column("fiscal_quarter", INTEGER, nullable=False, comment="Fiscal quarter. From 1 to 4."),
        Column("fiscal_quarter_name", TEXT, nullable=False, comment="Fiscal quarter as people write it: FY26-Q3."),
        Column("first_day_of_fiscal_quarter", DAY, nullable=False, comment="First day of the fiscal quarter."),
        Column("last_day_of_fiscal_quarter", DAY, nullable=False, comment="Last day of the fiscal quarter."),
        Column(
            "day_of_fiscal_quarter",
            INTEGER,
            nullable=False,
            comment="Day within the fiscal quarter, 1 first. From 1 to 92.",
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
        PrimaryKeyConstraint("calendar_date", name="pk_dim_date"),
        schema="curated",
        comment="One day. Key: calendar_date.",
    )
    op.create_table(
        "dim_owner",
        Column("owner_id", TEXT, nullable=False, comment="Golden owner: the key of its first created source record."),
        Column("owner_name", TEXT, comment="Name of the salesperson. Personal data."),
        Column("owner_email", TEXT, comment="Address hygiene alerts go to. Personal data."),
        Column("is_active", BOOLEAN, nullable=False, comment="The owner may still log in."),
        Column("is_queue", BOOLEAN, nullable=False, comment="A queue, not a person."),
        Column("team", TEXT, comment="Team or region of the owner."),
        Column("manager_id", TEXT, comment="Owner this owner reports to. Refers to curated.dim_owner.owner_id."),
        Column("is_deleted", BOOLEAN, nullable=False, comment="The source deleted or archived the record."),
        Column(
            "record_count", INTEGER, nullable=False, comment="Live source records the entity is made of. At least 1."
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
        PrimaryKeyConstraint("owner_id", name="pk_dim_owner"),
        schema="curated",
        comment="One user of a CRM, over all systems. Key: owner_id.",
    )
    op.create_table(
        "dim_stage",
        Column("stage_id", TEXT, nullable=False, comment="Stage: source:pipeline:stage."),
        Column("source_system", TEXT, comment="Name of the configured source the record came from."),
        Column("pipeline_id", TEXT, comment="Pipeline or record type the stage belongs to."),
        Column("source_stage", TEXT, nullable=False, comment="Stage id or name as the source holds it."),
        Column("stage_name", TEXT, comment="Stage label as salespeople see it."),
        Column("display_order", INTEGER, comment="Position of the stage in its pipeline."),
        Column(
            "canonical_stage",
            TEXT,
            comment="Stage in shared words. One of: initial_contact, qualification, meeting_discovery, proposal, closing, closed_won, closed_lost.",
        ),
        Column("stage_order", INTEGER, comment="Position of the canonical stage, 1 first."),
        Column(
            "stage_phase", TEXT, comment="Part of the funnel the stage belongs to. One of: lead, opportunity, closed."
        ),
        Column("probability", REAL, comment="Chance of winning, 0 to 1. From 0 to 1."),
        Column(
            "forecast_category",
            TEXT,
            comment="Forecast category in shared words. One of: omitted, pipeline, best_case, most_likely, commit, closed.",
        ),
        Column("is_closed", BOOLEAN, nullable=False, comment="The stage table says the deal is closed."),
        Column("is_won", BOOLEAN, nullable=False, comment="The stage table says the deal is won."),
        Column("is_deleted", BOOLEAN, nullable=False, comment="The source deleted or archived the record."),
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
        PrimaryKeyConstraint("stage_id", name="pk_dim_stage"),
        schema="curated",
        comment="One stage of one pipeline of one source. Key: stage_id.",
    )
    op.create_table(
        "dim_product",
        Column("product_id", TEXT, nullable=False, comment="Product: its source record key."),
        Column("name", TEXT, comment="Name of the account, opportunity, owner or product."),
        Column("product_family", TEXT, comment="Product line."),
        Column("list_price", MONEY, comment="Price before discount."),
        Column("is_deleted", BOOLEAN, nullable=False, comment="The source deleted or archived the record."),
        Column("source_system", TEXT, comment="Name of the configured source the record came from."),
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
        PrimaryKeyConstraint("product_id", name="pk_dim_product"),
        schema="curated",
        comment="One product of a price list. Key: product_id.",
    )
    op.create_table(
        "dim_account",
        Column(
            "account_id", TEXT, nullable=False, comment="Golden account: the key of its first created source record."
        ),
        Column("name", TEXT, comment="Name of the account, opportunity, owner or product."),
        Column("name_normalised", TEXT, comment="Name as it is matched on: no legal form, no punctuation, lower case."),
        Column("domain", TEXT, comment="Registrable web domain."),
        Column("industry", TEXT, comment="Industry as the source says."),
        Column("employees", BIGINT, comment="Number of employees. At least 0."),
        Column("annual_revenue", MONEY, comment="Revenue in a year, in the source's currency."),
        Column("country", TEXT, comment="Country, ISO 3166 alpha-2; null where it cannot be told for certain."),
        Column(
            "phone_e164",
            TEXT,
            comment="Telephone number in E.164 form; null where it cannot be read as one. Personal data.",
        ),
        Column(
            "parent_account_id",
            TEXT,
            comment="Account that owns this account. Refers to curated.dim_account.account_id.",
        ),
        Column(
            "owner_id",
            TEXT,
            comment="Golden owner: the key of its first created source record. Refers to curated.dim_owner.owner_id.",
        ),
        Column("owner_state", TEXT, comment="State of the owner of the record. One of: active, inactive, queue, none."),
        Column("claims_customer", BOOLEAN, comment="A source says the person or account is a customer."),
        Column("has_open_opportunity", BOOLEAN, comment="On a deal whose class is open, by role or by conversion."),
        Column("has_won_opportunity", BOOLEAN, comment="On a won deal, or at an account with one."),
        Column("is_deleted", BOOLEAN, nullable=False, comment="The source deleted or archived the record."),
        Column("first_seen_at", MOMENT, comment="Earliest creation over all source records."),
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
        PrimaryKeyConstraint("account_id", name="pk_dim_account"),
        schema="curated",
        comment="One golden account. Key: account_id.",
    )
