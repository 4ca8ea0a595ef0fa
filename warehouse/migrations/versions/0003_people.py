"""People, and the source records they are made of."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy import Column, PrimaryKeyConstraint
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"

TEXT = sa.Text()
INTEGER = sa.Integer()
BIGINT = sa.BigInteger()
REAL: sa.Double[float] = sa.Double()
BOOLEAN = sa.Boolean()
DAY = sa.Date()
MOMENT = sa.DateTime(timezone=True)
JSON = postgresql.JSONB()


def upgrade() -> None:
    """Create `dim_person` and its bridge."""
    op.create_table(
        "dim_person",
        Column(
            "person_id",
            TEXT,
            nullable=False,
            comment="Golden person: the key of its first created source record; never reused.",
        ),
        Column("email", TEXT, comment="E-mail address as the source holds it. Personal data."),
        Column(
            "email_normalised",
            TEXT,
            comment="E-mail address as it is matched on: lower case, IDN as ASCII. Personal data.",
        ),
        Column("email_domain", TEXT, comment="Domain part of the normalised address."),
        Column("email_domain_type", TEXT, comment="What the domain is. One of: business, personal, disposable."),
        Column("is_email_valid", BOOLEAN, comment="The address has valid syntax; null where there is none."),
        Column("phone", TEXT, comment="Telephone number as the source holds it. Personal data."),
        Column(
            "phone_e164",
            TEXT,
            comment="Telephone number in E.164 form; null where it cannot be read as one. Personal data.",
        ),
        Column("first_name", TEXT, comment="Given name, case mended. Personal data."),
        Column("last_name", TEXT, comment="Family name, case mended. Personal data."),
        Column("title", TEXT, comment="Job title as the source holds it."),
        Column("company_name", TEXT, comment="Company as the person's record spells it."),
        Column(
            "account_id",
            TEXT,
            comment="Golden account: the key of its first created source record. Refers to curated.dim_account.account_id.",
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
        Column("lead_source", TEXT, comment="Where the person or deal came from, as the source says."),
        Column(
            "origin_activity_type",
            TEXT,
            comment="Activity type that first brought the person in, from the lead source.",
        ),
        Column("country", TEXT, comment="Country, ISO 3166 alpha-2; null where it cannot be told for certain."),
        Column(
            "lead_status",
            TEXT,
            comment="Status in shared words; null where the source has none. One of: new, open, working, marketing_qualified, sales_accepted, sales_qualified, nurture, disqualified, converted, customer.",
        ),
        Column("source_status", TEXT, comment="Lead status as the source holds it."),
        Column("source_lifecycle_stage", TEXT, comment="Lifecycle stage as the source holds it."),
        Column("is_converted", BOOLEAN, comment="The lead was converted in its source."),
        Column(
            "converted_at", MOMENT, comment="When the lead was converted; midnight where the source keeps only a day."
        ),
        Column("has_opted_out_of_email", BOOLEAN, comment="Asked for no e-mail in any source (most restrictive wins)."),
        Column("do_not_call", BOOLEAN, comment="Asked for no calls in any source (most restrictive wins)."),
        Column("email_bounced_at", MOMENT, comment="When mail to the address bounced hard."),
        Column(
            "reachability",
            TEXT,
            nullable=False,
            comment="Whether there is a way to reach the person. One of: ok, no_channel, hard_bounced, opted_out, do_not_contact.",
        ),
        Column("unreachable_since_on", DAY, comment="Day from which no way to reach the person is known."),
        Column("has_identity", BOOLEAN, comment="Has an e-mail, a phone, or a name with a company."),
        Column("is_deleted", BOOLEAN, nullable=False, comment="The source deleted or archived the record."),
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
            "icp_fit",
            TEXT,
            comment="Fit with the ideal customer profile of the definitions. One of: pass, low_quality, fail, unknown.",
        ),
        Column(
            "is_prospect",
            BOOLEAN,
            comment="Fits the ideal customer profile, wherever the person stands (D1 fit overlay).",
        ),
        Column("fit_score", INTEGER, comment="Points for who they are, 0 to 100. From 0 to 100."),
        Column("engagement_score", INTEGER, comment="Points for what they did, 0 to 100. From 0 to 100."),
        Column(
            "engagement_level",
            TEXT,
            nullable=False,
            comment="Interest the activity or person shows. One of: none, passive, proactive.",
        ),
        Column("has_open_opportunity", BOOLEAN, comment="On a deal whose class is open, by role or by conversion."),
        Column("has_won_opportunity", BOOLEAN, comment="On a won deal, or at an account with one."),
        Column("claims_customer", BOOLEAN, comment="A source says the person or account is a customer."),
        Column("has_discovery", BOOLEAN, comment="A meeting or call with the person took place."),
        Column("lead_since_on", DAY, comment="First day of the lead phase: first creation over all source records."),
        Column("last_inbound_on", DAY, comment="Latest day the buyer moved."),
        Column("last_outbound_on", DAY, comment="Latest day we moved."),
        Column("last_proactive_on", DAY, comment="Latest day the buyer asked for something."),
        Column("last_activity_on", DAY, comment="Latest day of any completed activity."),
        Column(
            "silent_since_on",
            DAY,
            comment="First day after the last proactive move on which all silence limits were reached.",
        ),
        Column("mql_first_on", DAY, comment="First day the lead was an MQL, by source or by score seen."),
        Column("mql_latest_on", DAY, comment="Latest day the lead became an MQL."),
        Column("sales_accepted_on", DAY, comment="Day sales accepted the lead."),
        Column("sales_qualified_on", DAY, comment="Day sales finished qualifying the lead."),
        Column("disqualified_on", DAY, comment="Day the lead was disqualified."),
        Column("disqualified_reason", TEXT, comment="Why the lead was disqualified, as the source says."),
        Column("recycled_on", DAY, comment="Day sales returned the lead."),
        Column("recycle_reason", TEXT, comment="Why sales returned the lead, as the source says."),
        Column("claimed_class", TEXT, comment="Class the sources claim, in shared words; null where they claim none."),
        Column(
            "lifecycle_class",
            TEXT,
            nullable=False,
            comment="Where the person stands under the definitions. One of: merged_or_deleted, excluded, customer, in_opportunity, disqualified, dead, recycled, dormant, sql, sal, mql, lead, inquiry, suspect, list_record, unclassifiable.",
        ),
        Column("lifecycle_class_since", DAY, comment="As-of date of the run that first gave the class."),
        Column(
            "class_reasons",
            TEXT,
            comment="Each class tried, in order, with its answer: dead=false; sql=unknown; lead=true.",
        ),
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
        PrimaryKeyConstraint("person_id", name="pk_dim_person"),
        schema="curated",
        comment="One golden person. Key: person_id.",
    )
    op.create_index("ix_dim_person_account_id", "dim_person", ["account_id"], schema="curated")
    op.create_index("ix_dim_person_email_normalised", "dim_person", ["email_normalised"], schema="curated")
    op.create_table(
        "bridge_person_source",
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
            "person_id",
            TEXT,
            nullable=False,
            comment="Golden person: the key of its first created source record; never reused. Refers to curated.dim_person.person_id.",
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
        PrimaryKeyConstraint("record_key", name="pk_bridge_person_source"),
        schema="curated",
        comment="One source record of a person. Key: record_key.",
    )
    op.create_index("ix_bridge_person_source_person_id", "bridge_person_source", ["person_id"], schema="curated")
