-- The schema at revision 0010, the first that a warehouse may be at. A frozen record: change declarations in
-- definitions/schema and run `make migration` instead.

CREATE TABLE curated.dim_date (
    calendar_date DATE NOT NULL, calendar_year INTEGER NOT NULL, calendar_quarter INTEGER NOT NULL, calendar_month
    INTEGER NOT NULL, day_of_week INTEGER NOT NULL, is_business_day BOOLEAN NOT NULL, fiscal_year INTEGER NOT NULL,
    fiscal_quarter INTEGER NOT NULL, fiscal_quarter_name TEXT NOT NULL, first_day_of_fiscal_quarter DATE NOT NULL,
    last_day_of_fiscal_quarter DATE NOT NULL, day_of_fiscal_quarter INTEGER NOT NULL, run_id TEXT NOT NULL,
    definitions_version TEXT NOT NULL, loaded_at timestamptz NOT NULL, record_hash BIGINT NOT NULL, CONSTRAINT
    pk_dim_date PRIMARY KEY (calendar_date)
);
COMMENT ON TABLE curated.dim_date IS 'One day. Key: calendar_date.';
COMMENT ON COLUMN curated.dim_date.calendar_date IS 'The day.';
COMMENT ON COLUMN curated.dim_date.calendar_year IS 'Calendar year.';
COMMENT ON COLUMN curated.dim_date.calendar_quarter IS 'Calendar quarter. From 1 to 4.';
COMMENT ON COLUMN curated.dim_date.calendar_month IS 'Month. From 1 to 12.';
COMMENT ON COLUMN curated.dim_date.day_of_week IS 'Day of the week, Monday 1. From 1 to 7.';
COMMENT ON COLUMN curated.dim_date.is_business_day IS 'Monday to Friday.';
COMMENT ON COLUMN curated.dim_date.fiscal_year IS 'Fiscal year, named by the calendar year it ends in.';
COMMENT ON COLUMN curated.dim_date.fiscal_quarter IS 'Fiscal quarter. From 1 to 4.';
COMMENT ON COLUMN curated.dim_date.fiscal_quarter_name IS 'Fiscal quarter as people write it: FY26-Q3.';
COMMENT ON COLUMN curated.dim_date.first_day_of_fiscal_quarter IS 'First day of the fiscal quarter.';
COMMENT ON COLUMN curated.dim_date.last_day_of_fiscal_quarter IS 'Last day of the fiscal quarter.';
COMMENT ON COLUMN curated.dim_date.day_of_fiscal_quarter IS 'Day within the fiscal quarter, 1 first. From 1 to 92.';
COMMENT ON COLUMN curated.dim_date.run_id IS 'Run that last wrote the row.';
COMMENT ON COLUMN curated.dim_date.definitions_version IS 'Version of the definitions under which the row was last changed; the version of the published run stands in curated.published_run.';
COMMENT ON COLUMN curated.dim_date.loaded_at IS 'When the run that last wrote the row began.';
COMMENT ON COLUMN curated.dim_date.record_hash IS '64-bit hash of the row''s content; a row is rewritten only when it differs.';

CREATE TABLE curated.dim_owner (
    owner_id TEXT NOT NULL, owner_name TEXT, owner_email TEXT, is_active BOOLEAN NOT NULL, is_queue BOOLEAN NOT NULL,
    team TEXT, manager_id TEXT, is_deleted BOOLEAN NOT NULL, record_count INTEGER NOT NULL, source_system TEXT,
    source_id TEXT, source_url TEXT, source_updated_at timestamptz, run_id TEXT NOT NULL, definitions_version TEXT
    NOT NULL, loaded_at timestamptz NOT NULL, record_hash BIGINT NOT NULL, CONSTRAINT pk_dim_owner PRIMARY KEY
    (owner_id)
);
COMMENT ON TABLE curated.dim_owner IS 'One user of a CRM, over all systems. Key: owner_id.';
COMMENT ON COLUMN curated.dim_owner.owner_id IS 'Golden owner: the key of its first created source record.';
COMMENT ON COLUMN curated.dim_owner.owner_name IS 'Name of the salesperson. Personal data.';
COMMENT ON COLUMN curated.dim_owner.owner_email IS 'Address hygiene alerts go to. Personal data.';
COMMENT ON COLUMN curated.dim_owner.is_active IS 'The owner may still log in.';
COMMENT ON COLUMN curated.dim_owner.is_queue IS 'A queue, not a person.';
COMMENT ON COLUMN curated.dim_owner.team IS 'Team or region of the owner.';
COMMENT ON COLUMN curated.dim_owner.manager_id IS 'Owner this owner reports to. Refers to curated.dim_owner.owner_id.';
COMMENT ON COLUMN curated.dim_owner.is_deleted IS 'The source deleted or archived the record.';
COMMENT ON COLUMN curated.dim_owner.record_count IS 'Live source records the entity is made of. At least 1.';
COMMENT ON COLUMN curated.dim_owner.source_system IS 'Name of the configured source the record came from.';
COMMENT ON COLUMN curated.dim_owner.source_id IS 'Id of the record in its source, as the source writes it.';
COMMENT ON COLUMN curated.dim_owner.source_url IS 'Deep link to the record in its source; null where the source has no pages.';
COMMENT ON COLUMN curated.dim_owner.source_updated_at IS 'When the source says the record last changed.';
COMMENT ON COLUMN curated.dim_owner.run_id IS 'Run that last wrote the row.';
COMMENT ON COLUMN curated.dim_owner.definitions_version IS 'Version of the definitions under which the row was last changed; the version of the published run stands in curated.published_run.';
COMMENT ON COLUMN curated.dim_owner.loaded_at IS 'When the run that last wrote the row began.';
COMMENT ON COLUMN curated.dim_owner.record_hash IS '64-bit hash of the row''s content; a row is rewritten only when it differs.';

CREATE TABLE curated.dim_stage (
    stage_id TEXT NOT NULL, source_system TEXT, pipeline_id TEXT, source_stage TEXT NOT NULL, stage_name TEXT,
    display_order INTEGER, canonical_stage TEXT, stage_order INTEGER, stage_phase TEXT, probability DOUBLE PRECISION,
    forecast_category TEXT, is_closed BOOLEAN NOT NULL, is_won BOOLEAN NOT NULL, is_deleted BOOLEAN NOT NULL,
    source_updated_at timestamptz, run_id TEXT NOT NULL, definitions_version TEXT NOT NULL, loaded_at timestamptz
    NOT NULL, record_hash BIGINT NOT NULL, CONSTRAINT pk_dim_stage PRIMARY KEY (stage_id)
);
COMMENT ON TABLE curated.dim_stage IS 'One stage of one pipeline of one source. Key: stage_id.';
COMMENT ON COLUMN curated.dim_stage.stage_id IS 'Stage: source:pipeline:stage.';
COMMENT ON COLUMN curated.dim_stage.source_system IS 'Name of the configured source the record came from.';
COMMENT ON COLUMN curated.dim_stage.pipeline_id IS 'Pipeline or record type the stage belongs to.';
COMMENT ON COLUMN curated.dim_stage.source_stage IS 'Stage id or name as the source holds it.';
COMMENT ON COLUMN curated.dim_stage.stage_name IS 'Stage label as salespeople see it.';
COMMENT ON COLUMN curated.dim_stage.display_order IS 'Position of the stage in its pipeline.';
COMMENT ON COLUMN curated.dim_stage.canonical_stage IS 'Stage in shared words. One of: initial_contact, qualification, meeting_discovery, proposal, closing, closed_won, closed_lost.';
COMMENT ON COLUMN curated.dim_stage.stage_order IS 'Position of the canonical stage, 1 first.';
COMMENT ON COLUMN curated.dim_stage.stage_phase IS 'Part of the funnel the stage belongs to. One of: lead, opportunity, closed.';
COMMENT ON COLUMN curated.dim_stage.probability IS 'Chance of winning, 0 to 1. From 0 to 1.';
COMMENT ON COLUMN curated.dim_stage.forecast_category IS 'Forecast category in shared words. One of: omitted, pipeline, best_case, most_likely, commit, closed.';
COMMENT ON COLUMN curated.dim_stage.is_closed IS 'The stage table says the deal is closed.';
COMMENT ON COLUMN curated.dim_stage.is_won IS 'The stage table says the deal is won.';
COMMENT ON COLUMN curated.dim_stage.is_deleted IS 'The source deleted or archived the record.';
COMMENT ON COLUMN curated.dim_stage.source_updated_at IS 'When the source says the record last changed.';
COMMENT ON COLUMN curated.dim_stage.run_id IS 'Run that last wrote the row.';
COMMENT ON COLUMN curated.dim_stage.definitions_version IS 'Version of the definitions under which the row was last changed; the version of the published run stands in curated.published_run.';
COMMENT ON COLUMN curated.dim_stage.loaded_at IS 'When the run that last wrote the row began.';
COMMENT ON COLUMN curated.dim_stage.record_hash IS '64-bit hash of the row''s content; a row is rewritten only when it differs.';

CREATE TABLE curated.dim_product (
    product_id TEXT NOT NULL, name TEXT, product_family TEXT, list_price NUMERIC(18, 2), is_deleted BOOLEAN NOT NULL,
    source_system TEXT, source_id TEXT, source_updated_at timestamptz, run_id TEXT NOT NULL, definitions_version TEXT
    NOT NULL, loaded_at timestamptz NOT NULL, record_hash BIGINT NOT NULL, CONSTRAINT pk_dim_product PRIMARY KEY
    (product_id)
);
COMMENT ON TABLE curated.dim_product IS 'One product of a price list. Key: product_id.';
COMMENT ON COLUMN curated.dim_product.product_id IS 'Product: its source record key.';
COMMENT ON COLUMN curated.dim_product.name IS 'Name of the account, opportunity, owner or product.';
COMMENT ON COLUMN curated.dim_product.product_family IS 'Product line.';
COMMENT ON COLUMN curated.dim_product.list_price IS 'Price before discount.';
COMMENT ON COLUMN curated.dim_product.is_deleted IS 'The source deleted or archived the record.';
COMMENT ON COLUMN curated.dim_product.source_system IS 'Name of the configured source the record came from.';
COMMENT ON COLUMN curated.dim_product.source_id IS 'Id of the record in its source, as the source writes it.';
COMMENT ON COLUMN curated.dim_product.source_updated_at IS 'When the source says the record last changed.';
COMMENT ON COLUMN curated.dim_product.run_id IS 'Run that last wrote the row.';
COMMENT ON COLUMN curated.dim_product.definitions_version IS 'Version of the definitions under which the row was last changed; the version of the published run stands in curated.published_run.';
COMMENT ON COLUMN curated.dim_product.loaded_at IS 'When the run that last wrote the row began.';
COMMENT ON COLUMN curated.dim_product.record_hash IS '64-bit hash of the row''s content; a row is rewritten only when it differs.';

CREATE TABLE curated.dim_account (
    account_id TEXT NOT NULL, name TEXT, name_normalised TEXT, domain TEXT, industry TEXT, employees BIGINT,
    annual_revenue NUMERIC(18, 2), country TEXT, phone_e164 TEXT, parent_account_id TEXT, owner_id TEXT, owner_state
    TEXT, claims_customer BOOLEAN, has_open_opportunity BOOLEAN, has_won_opportunity BOOLEAN, is_deleted BOOLEAN
    NOT NULL, first_seen_at timestamptz, record_count INTEGER NOT NULL, source_count INTEGER, field_winners JSONB,
    source_system TEXT, source_id TEXT, source_url TEXT, source_updated_at timestamptz, run_id TEXT NOT NULL,
    definitions_version TEXT NOT NULL, loaded_at timestamptz NOT NULL, record_hash BIGINT NOT NULL, CONSTRAINT
    pk_dim_account PRIMARY KEY (account_id)
);
COMMENT ON TABLE curated.dim_account IS 'One golden account. Key: account_id.';
COMMENT ON COLUMN curated.dim_account.account_id IS 'Golden account: the key of its first created source record.';
COMMENT ON COLUMN curated.dim_account.name IS 'Name of the account, opportunity, owner or product.';
COMMENT ON COLUMN curated.dim_account.name_normalised IS 'Name as it is matched on: no legal form, no punctuation, lower case.';
COMMENT ON COLUMN curated.dim_account.domain IS 'Registrable web domain.';
COMMENT ON COLUMN curated.dim_account.industry IS 'Industry as the source says.';
COMMENT ON COLUMN curated.dim_account.employees IS 'Number of employees. At least 0.';
COMMENT ON COLUMN curated.dim_account.annual_revenue IS 'Revenue in a year, in the source''s currency.';
COMMENT ON COLUMN curated.dim_account.country IS 'Country, ISO 3166 alpha-2; null where it cannot be told for certain.';
COMMENT ON COLUMN curated.dim_account.phone_e164 IS 'Telephone number in E.164 form; null where it cannot be read as one. Personal data.';
COMMENT ON COLUMN curated.dim_account.parent_account_id IS 'Account that owns this account. Refers to curated.dim_account.account_id.';
COMMENT ON COLUMN curated.dim_account.owner_id IS 'Golden owner: the key of its first created source record. Refers to curated.dim_owner.owner_id.';
COMMENT ON COLUMN curated.dim_account.owner_state IS 'State of the owner of the record. One of: active, inactive, queue, none.';
COMMENT ON COLUMN curated.dim_account.claims_customer IS 'A source says the person or account is a customer.';
COMMENT ON COLUMN curated.dim_account.has_open_opportunity IS 'On a deal whose class is open, by role or by conversion.';
COMMENT ON COLUMN curated.dim_account.has_won_opportunity IS 'On a won deal, or at an account with one.';
COMMENT ON COLUMN curated.dim_account.is_deleted IS 'The source deleted or archived the record.';
COMMENT ON COLUMN curated.dim_account.first_seen_at IS 'Earliest creation over all source records.';
COMMENT ON COLUMN curated.dim_account.record_count IS 'Live source records the entity is made of. At least 1.';
COMMENT ON COLUMN curated.dim_account.source_count IS 'Systems that hold a live record of the entity. At least 1.';
COMMENT ON COLUMN curated.dim_account.field_winners IS 'For each surviving field, the record it came from; null for a single record.';
COMMENT ON COLUMN curated.dim_account.source_system IS 'Name of the configured source the record came from.';
COMMENT ON COLUMN curated.dim_account.source_id IS 'Id of the record in its source, as the source writes it.';
COMMENT ON COLUMN curated.dim_account.source_url IS 'Deep link to the record in its source; null where the source has no pages.';
COMMENT ON COLUMN curated.dim_account.source_updated_at IS 'When the source says the record last changed.';
COMMENT ON COLUMN curated.dim_account.run_id IS 'Run that last wrote the row.';
COMMENT ON COLUMN curated.dim_account.definitions_version IS 'Version of the definitions under which the row was last changed; the version of the published run stands in curated.published_run.';
COMMENT ON COLUMN curated.dim_account.loaded_at IS 'When the run that last wrote the row began.';
COMMENT ON COLUMN curated.dim_account.record_hash IS '64-bit hash of the row''s content; a row is rewritten only when it differs.';

CREATE TABLE curated.dim_person (
    person_id TEXT NOT NULL, email TEXT, email_normalised TEXT, email_domain TEXT, email_domain_type TEXT,
    is_email_valid BOOLEAN, phone TEXT, phone_e164 TEXT, first_name TEXT, last_name TEXT, title TEXT, company_name
    TEXT, account_id TEXT, owner_id TEXT, owner_state TEXT NOT NULL, lead_source TEXT, origin_activity_type TEXT,
    country TEXT, lead_status TEXT, source_status TEXT, source_lifecycle_stage TEXT, is_converted BOOLEAN,
    converted_at timestamptz, has_opted_out_of_email BOOLEAN, do_not_call BOOLEAN, email_bounced_at timestamptz,
    reachability TEXT NOT NULL, unreachable_since_on DATE, has_identity BOOLEAN, is_deleted BOOLEAN NOT NULL,
    budget_status TEXT, authority_status TEXT, need_status TEXT, timeline_status TEXT, purchase_date DATE,
    compelling_event BOOLEAN, criteria_met INTEGER, criteria_unmet INTEGER, criteria_unknown INTEGER, criteria JSONB,
    icp_fit TEXT, is_prospect BOOLEAN, fit_score INTEGER, engagement_score INTEGER, engagement_level TEXT NOT NULL,
    has_open_opportunity BOOLEAN, has_won_opportunity BOOLEAN, claims_customer BOOLEAN, has_discovery BOOLEAN,
    lead_since_on DATE, last_inbound_on DATE, last_outbound_on DATE, last_proactive_on DATE, last_activity_on DATE,
    silent_since_on DATE, mql_first_on DATE, mql_latest_on DATE, sales_accepted_on DATE, sales_qualified_on DATE,
    disqualified_on DATE, disqualified_reason TEXT, recycled_on DATE, recycle_reason TEXT, claimed_class TEXT,
    lifecycle_class TEXT NOT NULL, lifecycle_class_since DATE, class_reasons TEXT, first_seen_at timestamptz,
    record_count INTEGER NOT NULL, source_count INTEGER, field_winners JSONB, source_system TEXT, source_id TEXT,
    source_url TEXT, source_updated_at timestamptz, run_id TEXT NOT NULL, definitions_version TEXT NOT NULL, loaded_at
    timestamptz NOT NULL, record_hash BIGINT NOT NULL, CONSTRAINT pk_dim_person PRIMARY KEY (person_id)
);
CREATE INDEX ix_dim_person_account_id ON curated.dim_person (account_id);
CREATE INDEX ix_dim_person_email_normalised ON curated.dim_person (email_normalised);
COMMENT ON TABLE curated.dim_person IS 'One golden person. Key: person_id.';
COMMENT ON COLUMN curated.dim_person.person_id IS 'Golden person: the key of its first created source record; never reused.';
COMMENT ON COLUMN curated.dim_person.email IS 'E-mail address as the source holds it. Personal data.';
COMMENT ON COLUMN curated.dim_person.email_normalised IS 'E-mail address as it is matched on: lower case, IDN as ASCII. Personal data.';
COMMENT ON COLUMN curated.dim_person.email_domain IS 'Domain part of the normalised address.';
COMMENT ON COLUMN curated.dim_person.email_domain_type IS 'What the domain is. One of: business, personal, disposable.';
COMMENT ON COLUMN curated.dim_person.is_email_valid IS 'The address has valid syntax; null where there is none.';
COMMENT ON COLUMN curated.dim_person.phone IS 'Telephone number as the source holds it. Personal data.';
COMMENT ON COLUMN curated.dim_person.phone_e164 IS 'Telephone number in E.164 form; null where it cannot be read as one. Personal data.';
COMMENT ON COLUMN curated.dim_person.first_name IS 'Given name, case mended. Personal data.';
COMMENT ON COLUMN curated.dim_person.last_name IS 'Family name, case mended. Personal data.';
COMMENT ON COLUMN curated.dim_person.title IS 'Job title as the source holds it.';
COMMENT ON COLUMN curated.dim_person.company_name IS 'Company as the person''s record spells it.';
COMMENT ON COLUMN curated.dim_person.account_id IS 'Golden account: the key of its first created source record. Refers to curated.dim_account.account_id.';
COMMENT ON COLUMN curated.dim_person.owner_id IS 'Golden owner: the key of its first created source record. Refers to curated.dim_owner.owner_id.';
COMMENT ON COLUMN curated.dim_person.owner_state IS 'State of the owner of the record. One of: active, inactive, queue, none.';
COMMENT ON COLUMN curated.dim_person.lead_source IS 'Where the person or deal came from, as the source says.';
COMMENT ON COLUMN curated.dim_person.origin_activity_type IS 'Activity type that first brought the person in, from the lead source.';
COMMENT ON COLUMN curated.dim_person.country IS 'Country, ISO 3166 alpha-2; null where it cannot be told for certain.';
COMMENT ON COLUMN curated.dim_person.lead_status IS 'Status in shared words; null where the source has none. One of: new, open, working, marketing_qualified, sales_accepted, sales_qualified, nurture, disqualified, converted, customer.';
COMMENT ON COLUMN curated.dim_person.source_status IS 'Lead status as the source holds it.';
COMMENT ON COLUMN curated.dim_person.source_lifecycle_stage IS 'Lifecycle stage as the source holds it.';
COMMENT ON COLUMN curated.dim_person.is_converted IS 'The lead was converted in its source.';
COMMENT ON COLUMN curated.dim_person.converted_at IS 'When the lead was converted; midnight where the source keeps only a day.';
COMMENT ON COLUMN curated.dim_person.has_opted_out_of_email IS 'Asked for no e-mail in any source (most restrictive wins).';
COMMENT ON COLUMN curated.dim_person.do_not_call IS 'Asked for no calls in any source (most restrictive wins).';
COMMENT ON COLUMN curated.dim_person.email_bounced_at IS 'When mail to the address bounced hard.';
COMMENT ON COLUMN curated.dim_person.reachability IS 'Whether there is a way to reach the person. One of: ok, no_channel, hard_bounced, opted_out, do_not_contact.';
COMMENT ON COLUMN curated.dim_person.unreachable_since_on IS 'Day from which no way to reach the person is known.';
COMMENT ON COLUMN curated.dim_person.has_identity IS 'Has an e-mail, a phone, or a name with a company.';
COMMENT ON COLUMN curated.dim_person.is_deleted IS 'The source deleted or archived the record.';
COMMENT ON COLUMN curated.dim_person.budget_status IS 'How far the budget is known (ladder). One of: unknown, none, identified, realistic, allocated, confirmed.';
COMMENT ON COLUMN curated.dim_person.authority_status IS 'How near the decision-maker is (ladder). One of: unknown, contact_only, influencer, dm_aware, dm_involved, dm_direct.';
COMMENT ON COLUMN curated.dim_person.need_status IS 'Whether the need is acknowledged (ladder). One of: unknown, none, suspected, acknowledged.';
COMMENT ON COLUMN curated.dim_person.timeline_status IS 'How firm the purchase date is (ladder). One of: unknown, none, far, near, agreed.';
COMMENT ON COLUMN curated.dim_person.purchase_date IS 'Day the buyer intends to have bought.';
COMMENT ON COLUMN curated.dim_person.compelling_event IS 'An event at the buyer makes the purchase urgent.';
COMMENT ON COLUMN curated.dim_person.criteria_met IS 'Qualification criteria met. At least 0.';
COMMENT ON COLUMN curated.dim_person.criteria_unmet IS 'Qualification criteria known not to be met. At least 0.';
COMMENT ON COLUMN curated.dim_person.criteria_unknown IS 'Qualification criteria nobody has answered. At least 0.';
COMMENT ON COLUMN curated.dim_person.criteria IS 'Each criterion: met, not_met or unknown, with the evidence field and its value.';
COMMENT ON COLUMN curated.dim_person.icp_fit IS 'Fit with the ideal customer profile of the definitions. One of: pass, low_quality, fail, unknown.';
COMMENT ON COLUMN curated.dim_person.is_prospect IS 'Fits the ideal customer profile, wherever the person stands (D1 fit overlay).';
COMMENT ON COLUMN curated.dim_person.fit_score IS 'Points for who they are, 0 to 100. From 0 to 100.';
COMMENT ON COLUMN curated.dim_person.engagement_score IS 'Points for what they did, 0 to 100. From 0 to 100.';
COMMENT ON COLUMN curated.dim_person.engagement_level IS 'Interest the activity or person shows. One of: none, passive, proactive.';
COMMENT ON COLUMN curated.dim_person.has_open_opportunity IS 'On a deal whose class is open, by role or by conversion.';
COMMENT ON COLUMN curated.dim_person.has_won_opportunity IS 'On a won deal, or at an account with one.';
COMMENT ON COLUMN curated.dim_person.claims_customer IS 'A source says the person or account is a customer.';
COMMENT ON COLUMN curated.dim_person.has_discovery IS 'A meeting or call with the person took place.';
COMMENT ON COLUMN curated.dim_person.lead_since_on IS 'First day of the lead phase: first creation over all source records.';
COMMENT ON COLUMN curated.dim_person.last_inbound_on IS 'Latest day the buyer moved.';
COMMENT ON COLUMN curated.dim_person.last_outbound_on IS 'Latest day we moved.';
COMMENT ON COLUMN curated.dim_person.last_proactive_on IS 'Latest day the buyer asked for something.';
COMMENT ON COLUMN curated.dim_person.last_activity_on IS 'Latest day of any completed activity; of a deal without any, the day it was created, where its source tells of activities.';
COMMENT ON COLUMN curated.dim_person.silent_since_on IS 'First day after the last proactive move on which all silence limits were reached.';
COMMENT ON COLUMN curated.dim_person.mql_first_on IS 'First day the lead was an MQL, as its sources say; null where none does.';
COMMENT ON COLUMN curated.dim_person.mql_latest_on IS 'Latest day the lead became an MQL, as its sources say; null where none does.';
COMMENT ON COLUMN curated.dim_person.sales_accepted_on IS 'Day sales accepted the lead.';
COMMENT ON COLUMN curated.dim_person.sales_qualified_on IS 'Day sales finished qualifying the lead.';
COMMENT ON COLUMN curated.dim_person.disqualified_on IS 'Day the lead was disqualified.';
COMMENT ON COLUMN curated.dim_person.disqualified_reason IS 'Why the lead was disqualified, as the source says.';
COMMENT ON COLUMN curated.dim_person.recycled_on IS 'Day sales returned the lead.';
COMMENT ON COLUMN curated.dim_person.recycle_reason IS 'Why sales returned the lead, as the source says.';
COMMENT ON COLUMN curated.dim_person.claimed_class IS 'Class the sources claim, in shared words; null where they claim none.';
COMMENT ON COLUMN curated.dim_person.lifecycle_class IS 'Where the person stands under the definitions. One of: merged_or_deleted, excluded, customer, in_opportunity, disqualified, dead, recycled, dormant, sql, sal, mql, lead, inquiry, suspect, list_record, unclassifiable.';
COMMENT ON COLUMN curated.dim_person.lifecycle_class_since IS 'As-of date of the run that first gave the class.';
COMMENT ON COLUMN curated.dim_person.class_reasons IS 'Each class tried, in order, with its answer: dead=false; sql=unknown; lead=true.';
COMMENT ON COLUMN curated.dim_person.first_seen_at IS 'Earliest creation over all source records.';
COMMENT ON COLUMN curated.dim_person.record_count IS 'Live source records the entity is made of. At least 1.';
COMMENT ON COLUMN curated.dim_person.source_count IS 'Systems that hold a live record of the entity. At least 1.';
COMMENT ON COLUMN curated.dim_person.field_winners IS 'For each surviving field, the record it came from; null for a single record.';
COMMENT ON COLUMN curated.dim_person.source_system IS 'Name of the configured source the record came from.';
COMMENT ON COLUMN curated.dim_person.source_id IS 'Id of the record in its source, as the source writes it.';
COMMENT ON COLUMN curated.dim_person.source_url IS 'Deep link to the record in its source; null where the source has no pages.';
COMMENT ON COLUMN curated.dim_person.source_updated_at IS 'When the source says the record last changed.';
COMMENT ON COLUMN curated.dim_person.run_id IS 'Run that last wrote the row.';
COMMENT ON COLUMN curated.dim_person.definitions_version IS 'Version of the definitions under which the row was last changed; the version of the published run stands in curated.published_run.';
COMMENT ON COLUMN curated.dim_person.loaded_at IS 'When the run that last wrote the row began.';
COMMENT ON COLUMN curated.dim_person.record_hash IS '64-bit hash of the row''s content; a row is rewritten only when it differs.';

CREATE TABLE curated.fct_opportunity (
    opportunity_id TEXT NOT NULL, name TEXT, account_id TEXT, primary_person_id TEXT, owner_id TEXT, owner_state TEXT
    NOT NULL, product_id TEXT, pipeline_id TEXT, source_stage TEXT, stage_name TEXT, canonical_stage TEXT, stage_order
    INTEGER, stage_phase TEXT, opportunity_type TEXT, amount NUMERIC(18, 2), currency_code TEXT, fx_rate DOUBLE
    PRECISION, amount_corporate NUMERIC(18, 2), weighted_amount NUMERIC(18, 2), probability DOUBLE PRECISION,
    source_forecast_category TEXT, forecast_category TEXT, close_date DATE, source_close_date DATE,
    has_placeholder_close_date BOOLEAN, original_close_date DATE, push_count INTEGER NOT NULL, source_created_at
    timestamptz, created_on DATE, closed_at timestamptz, last_stage_change_at timestamptz, stage_entered_on DATE,
    stage_age_limit_days INTEGER, last_meaningful_change_on DATE, last_activity_at timestamptz, last_activity_on DATE,
    next_step TEXT, next_activity_on DATE, loss_reason TEXT, loss_family TEXT, competitor TEXT, lead_source TEXT,
    contact_count INTEGER NOT NULL, has_decision_maker BOOLEAN, budget_status TEXT, authority_status TEXT, need_status
    TEXT, timeline_status TEXT, purchase_date DATE, compelling_event BOOLEAN, criteria_met INTEGER, criteria_unmet
    INTEGER, criteria_unknown INTEGER, criteria JSONB, missing_criteria TEXT, missing_criteria_count INTEGER NOT NULL,
    is_open BOOLEAN NOT NULL, is_closed BOOLEAN NOT NULL, is_won BOOLEAN NOT NULL, is_deleted BOOLEAN NOT NULL,
    sales_cycle_days INTEGER, claimed_class TEXT, pipeline_class TEXT NOT NULL, pipeline_class_since DATE,
    class_reasons TEXT, is_forecast_eligible BOOLEAN NOT NULL, is_win_rate_eligible BOOLEAN NOT NULL, record_count
    INTEGER NOT NULL, source_count INTEGER, field_winners JSONB, source_system TEXT, source_id TEXT, source_url TEXT,
    source_updated_at timestamptz, run_id TEXT NOT NULL, definitions_version TEXT NOT NULL, loaded_at timestamptz
    NOT NULL, record_hash BIGINT NOT NULL, CONSTRAINT pk_fct_opportunity PRIMARY KEY (opportunity_id)
);
CREATE INDEX ix_fct_opportunity_account_id ON curated.fct_opportunity (account_id);
CREATE INDEX ix_fct_opportunity_owner_id ON curated.fct_opportunity (owner_id);
CREATE INDEX ix_fct_opportunity_primary_person_id ON curated.fct_opportunity (primary_person_id);
COMMENT ON TABLE curated.fct_opportunity IS 'One opportunity, as it stands. Key: opportunity_id.';
COMMENT ON COLUMN curated.fct_opportunity.opportunity_id IS 'Golden opportunity: the key of its first created source record.';
COMMENT ON COLUMN curated.fct_opportunity.name IS 'Name of the account, opportunity, owner or product.';
COMMENT ON COLUMN curated.fct_opportunity.account_id IS 'Golden account: the key of its first created source record. Refers to curated.dim_account.account_id.';
COMMENT ON COLUMN curated.fct_opportunity.primary_person_id IS 'Person the opportunity is held with, if the source names one. Refers to curated.dim_person.person_id.';
COMMENT ON COLUMN curated.fct_opportunity.owner_id IS 'Golden owner: the key of its first created source record. Refers to curated.dim_owner.owner_id.';
COMMENT ON COLUMN curated.fct_opportunity.owner_state IS 'State of the owner of the record. One of: active, inactive, queue, none.';
COMMENT ON COLUMN curated.fct_opportunity.product_id IS 'Product: its source record key. Refers to curated.dim_product.product_id.';
COMMENT ON COLUMN curated.fct_opportunity.pipeline_id IS 'Pipeline or record type the stage belongs to.';
COMMENT ON COLUMN curated.fct_opportunity.source_stage IS 'Stage id or name as the source holds it.';
COMMENT ON COLUMN curated.fct_opportunity.stage_name IS 'Stage label as salespeople see it.';
COMMENT ON COLUMN curated.fct_opportunity.canonical_stage IS 'Stage in shared words. One of: initial_contact, qualification, meeting_discovery, proposal, closing, closed_won, closed_lost.';
COMMENT ON COLUMN curated.fct_opportunity.stage_order IS 'Position of the canonical stage, 1 first.';
COMMENT ON COLUMN curated.fct_opportunity.stage_phase IS 'Part of the funnel the stage belongs to. One of: lead, opportunity, closed.';
COMMENT ON COLUMN curated.fct_opportunity.opportunity_type IS 'New business, renewal and so on, as the source says.';
COMMENT ON COLUMN curated.fct_opportunity.amount IS 'Amount in the deal''s own currency.';
COMMENT ON COLUMN curated.fct_opportunity.currency_code IS 'Currency of the amount, ISO 4217.';
COMMENT ON COLUMN curated.fct_opportunity.fx_rate IS 'Units of reporting currency for one unit of the deal''s currency.';
COMMENT ON COLUMN curated.fct_opportunity.amount_corporate IS 'Amount in the reporting currency; null where no rate is declared, never 1:1.';
COMMENT ON COLUMN curated.fct_opportunity.weighted_amount IS 'Corporate amount times probability; 0 for a deal that is not forecast.';
COMMENT ON COLUMN curated.fct_opportunity.probability IS 'Chance of winning, 0 to 1. From 0 to 1.';
COMMENT ON COLUMN curated.fct_opportunity.source_forecast_category IS 'Forecast category as the source holds it.';
COMMENT ON COLUMN curated.fct_opportunity.forecast_category IS 'Forecast category in shared words. One of: omitted, pipeline, best_case, most_likely, commit, closed.';
COMMENT ON COLUMN curated.fct_opportunity.close_date IS 'Day the buyer is expected to decide; null where the source has none or a placeholder.';
COMMENT ON COLUMN curated.fct_opportunity.source_close_date IS 'Close date as the source holds it, placeholder or not.';
COMMENT ON COLUMN curated.fct_opportunity.has_placeholder_close_date IS 'The source holds a close date that nobody means.';
COMMENT ON COLUMN curated.fct_opportunity.original_close_date IS 'First close date ever seen for the deal.';
COMMENT ON COLUMN curated.fct_opportunity.push_count IS 'Times the close date moved to a later calendar month. At least 0.';
COMMENT ON COLUMN curated.fct_opportunity.source_created_at IS 'When the source says the record was created.';
COMMENT ON COLUMN curated.fct_opportunity.created_on IS 'Day the deal was created, in the reporting time zone.';
COMMENT ON COLUMN curated.fct_opportunity.closed_at IS 'When the deal was closed, as the source says.';
COMMENT ON COLUMN curated.fct_opportunity.last_stage_change_at IS 'When the deal entered its present stage.';
COMMENT ON COLUMN curated.fct_opportunity.stage_entered_on IS 'Day the deal entered its present stage; null where the source does not say.';
COMMENT ON COLUMN curated.fct_opportunity.stage_age_limit_days IS 'Days in stage above which the deal is slow; null where off. Unit: days.';
COMMENT ON COLUMN curated.fct_opportunity.last_meaningful_change_on IS 'Latest day stage, close date or amount changed; creation counts.';
COMMENT ON COLUMN curated.fct_opportunity.last_activity_at IS 'Latest activity, as the source says or the activities show.';
COMMENT ON COLUMN curated.fct_opportunity.last_activity_on IS 'Latest day of any completed activity; of a deal without any, the day it was created, where its source tells of activities.';
COMMENT ON COLUMN curated.fct_opportunity.next_step IS 'Next step agreed; null where blank or a placeholder.';
COMMENT ON COLUMN curated.fct_opportunity.next_activity_on IS 'Day of the next planned activity.';
COMMENT ON COLUMN curated.fct_opportunity.loss_reason IS 'Why the deal was lost, as the source says.';
COMMENT ON COLUMN curated.fct_opportunity.loss_family IS 'Loss reason in shared words. One of: competitor, no_decision, budget, timing, product, price, relationship, stale_auto, unqualified, duplicate, other, unknown.';
COMMENT ON COLUMN curated.fct_opportunity.competitor IS 'Competitor the deal was lost to.';
COMMENT ON COLUMN curated.fct_opportunity.lead_source IS 'Where the person or deal came from, as the source says.';
COMMENT ON COLUMN curated.fct_opportunity.contact_count IS 'People on the deal. At least 0.';
COMMENT ON COLUMN curated.fct_opportunity.has_decision_maker IS 'Someone on the deal has a decision-maker role.';
COMMENT ON COLUMN curated.fct_opportunity.budget_status IS 'How far the budget is known (ladder). One of: unknown, none, identified, realistic, allocated, confirmed.';
COMMENT ON COLUMN curated.fct_opportunity.authority_status IS 'How near the decision-maker is (ladder). One of: unknown, contact_only, influencer, dm_aware, dm_involved, dm_direct.';
COMMENT ON COLUMN curated.fct_opportunity.need_status IS 'Whether the need is acknowledged (ladder). One of: unknown, none, suspected, acknowledged.';
COMMENT ON COLUMN curated.fct_opportunity.timeline_status IS 'How firm the purchase date is (ladder). One of: unknown, none, far, near, agreed.';
COMMENT ON COLUMN curated.fct_opportunity.purchase_date IS 'Day the buyer intends to have bought.';
COMMENT ON COLUMN curated.fct_opportunity.compelling_event IS 'An event at the buyer makes the purchase urgent.';
COMMENT ON COLUMN curated.fct_opportunity.criteria_met IS 'Qualification criteria met. At least 0.';
COMMENT ON COLUMN curated.fct_opportunity.criteria_unmet IS 'Qualification criteria known not to be met. At least 0.';
COMMENT ON COLUMN curated.fct_opportunity.criteria_unknown IS 'Qualification criteria nobody has answered. At least 0.';
COMMENT ON COLUMN curated.fct_opportunity.criteria IS 'Each criterion: met, not_met or unknown, with the evidence field and its value.';
COMMENT ON COLUMN curated.fct_opportunity.missing_criteria IS 'Criteria the stage requires that are not met, comma separated; empty if none.';
COMMENT ON COLUMN curated.fct_opportunity.missing_criteria_count IS 'Criteria the stage requires that are not met. At least 0.';
COMMENT ON COLUMN curated.fct_opportunity.is_open IS 'Not closed.';
COMMENT ON COLUMN curated.fct_opportunity.is_closed IS 'The stage table says the deal is closed.';
COMMENT ON COLUMN curated.fct_opportunity.is_won IS 'The stage table says the deal is won.';
COMMENT ON COLUMN curated.fct_opportunity.is_deleted IS 'The source deleted or archived the record.';
COMMENT ON COLUMN curated.fct_opportunity.sales_cycle_days IS 'Whole days from creation to close of a won deal. Unit: days.';
COMMENT ON COLUMN curated.fct_opportunity.claimed_class IS 'Class the sources claim, in shared words; null where they claim none.';
COMMENT ON COLUMN curated.fct_opportunity.pipeline_class IS 'Where the deal stands under the definitions. One of: merged_or_deleted, closed_won, closed_duplicate, closed_unqualified, closed_lost, abandoned, no_close_date, overdue, long_term, stalled, unqualified_open, active.';
COMMENT ON COLUMN curated.fct_opportunity.pipeline_class_since IS 'As-of date of the run that first gave the class.';
COMMENT ON COLUMN curated.fct_opportunity.class_reasons IS 'Each class tried, in order, with its answer: dead=false; sql=unknown; lead=true.';
COMMENT ON COLUMN curated.fct_opportunity.is_forecast_eligible IS 'The class counts in the forecast.';
COMMENT ON COLUMN curated.fct_opportunity.is_win_rate_eligible IS 'Closed, and neither duplicate nor unqualified.';
COMMENT ON COLUMN curated.fct_opportunity.record_count IS 'Live source records the entity is made of. At least 1.';
COMMENT ON COLUMN curated.fct_opportunity.source_count IS 'Systems that hold a live record of the entity. At least 1.';
COMMENT ON COLUMN curated.fct_opportunity.field_winners IS 'For each surviving field, the record it came from; null for a single record.';
COMMENT ON COLUMN curated.fct_opportunity.source_system IS 'Name of the configured source the record came from.';
COMMENT ON COLUMN curated.fct_opportunity.source_id IS 'Id of the record in its source, as the source writes it.';
COMMENT ON COLUMN curated.fct_opportunity.source_url IS 'Deep link to the record in its source; null where the source has no pages.';
COMMENT ON COLUMN curated.fct_opportunity.source_updated_at IS 'When the source says the record last changed.';
COMMENT ON COLUMN curated.fct_opportunity.run_id IS 'Run that last wrote the row.';
COMMENT ON COLUMN curated.fct_opportunity.definitions_version IS 'Version of the definitions under which the row was last changed; the version of the published run stands in curated.published_run.';
COMMENT ON COLUMN curated.fct_opportunity.loaded_at IS 'When the run that last wrote the row began.';
COMMENT ON COLUMN curated.fct_opportunity.record_hash IS '64-bit hash of the row''s content; a row is rewritten only when it differs.';

CREATE TABLE curated.fct_activity (
    activity_id TEXT NOT NULL, activity_type TEXT NOT NULL, engagement_level TEXT NOT NULL, direction TEXT,
    is_completed BOOLEAN, is_human BOOLEAN NOT NULL, is_inferred BOOLEAN NOT NULL, occurred_at timestamptz, due_at
    timestamptz, person_id TEXT, account_id TEXT, opportunity_id TEXT, owner_id TEXT, source_system TEXT,
    source_object TEXT, source_id TEXT, source_updated_at timestamptz, run_id TEXT NOT NULL, definitions_version TEXT
    NOT NULL, loaded_at timestamptz NOT NULL, record_hash BIGINT NOT NULL, CONSTRAINT pk_fct_activity PRIMARY KEY
    (activity_id)
);
CREATE INDEX ix_fct_activity_opportunity_id ON curated.fct_activity (opportunity_id);
CREATE INDEX ix_fct_activity_person_id ON curated.fct_activity (person_id);
COMMENT ON TABLE curated.fct_activity IS 'One activity: a task, call, e-mail, meeting, or a move read from a date on a person''s record. Key: activity_id.';
COMMENT ON COLUMN curated.fct_activity.activity_id IS 'Activity: its source record key.';
COMMENT ON COLUMN curated.fct_activity.activity_type IS 'Kind of activity in shared words: call, meeting, demo_request and so on.';
COMMENT ON COLUMN curated.fct_activity.engagement_level IS 'Interest the activity or person shows. One of: none, passive, proactive.';
COMMENT ON COLUMN curated.fct_activity.direction IS 'Who moved: the buyer (inbound) or us (outbound). One of: inbound, outbound, internal.';
COMMENT ON COLUMN curated.fct_activity.is_completed IS 'The activity took place.';
COMMENT ON COLUMN curated.fct_activity.is_human IS 'Done by a person, not by an integration user named in the settings.';
COMMENT ON COLUMN curated.fct_activity.is_inferred IS 'Read from a date on another record, not from an activity of its own.';
COMMENT ON COLUMN curated.fct_activity.occurred_at IS 'When the activity took place.';
COMMENT ON COLUMN curated.fct_activity.due_at IS 'When the activity is due.';
COMMENT ON COLUMN curated.fct_activity.person_id IS 'Golden person: the key of its first created source record; never reused. Refers to curated.dim_person.person_id.';
COMMENT ON COLUMN curated.fct_activity.account_id IS 'Golden account: the key of its first created source record. Refers to curated.dim_account.account_id.';
COMMENT ON COLUMN curated.fct_activity.opportunity_id IS 'Golden opportunity: the key of its first created source record. Refers to curated.fct_opportunity.opportunity_id.';
COMMENT ON COLUMN curated.fct_activity.owner_id IS 'Golden owner: the key of its first created source record. Refers to curated.dim_owner.owner_id.';
COMMENT ON COLUMN curated.fct_activity.source_system IS 'Name of the configured source the record came from.';
COMMENT ON COLUMN curated.fct_activity.source_object IS 'What the source calls the object: contact, lead, deal, Opportunity.';
COMMENT ON COLUMN curated.fct_activity.source_id IS 'Id of the record in its source, as the source writes it.';
COMMENT ON COLUMN curated.fct_activity.source_updated_at IS 'When the source says the record last changed.';
COMMENT ON COLUMN curated.fct_activity.run_id IS 'Run that last wrote the row.';
COMMENT ON COLUMN curated.fct_activity.definitions_version IS 'Version of the definitions under which the row was last changed; the version of the published run stands in curated.published_run.';
COMMENT ON COLUMN curated.fct_activity.loaded_at IS 'When the run that last wrote the row began.';
COMMENT ON COLUMN curated.fct_activity.record_hash IS '64-bit hash of the row''s content; a row is rewritten only when it differs.';

CREATE TABLE curated.bridge_person_source (
    record_key TEXT NOT NULL, source_system TEXT NOT NULL, source_object TEXT NOT NULL, source_id TEXT NOT NULL,
    person_id TEXT NOT NULL, match_rule TEXT NOT NULL, match_confidence DOUBLE PRECISION, is_survivor BOOLEAN
    NOT NULL, is_deleted BOOLEAN NOT NULL, source_url TEXT, source_updated_at timestamptz, run_id TEXT NOT NULL,
    definitions_version TEXT NOT NULL, loaded_at timestamptz NOT NULL, record_hash BIGINT NOT NULL, CONSTRAINT
    pk_bridge_person_source PRIMARY KEY (record_key)
);
CREATE INDEX ix_bridge_person_source_person_id ON curated.bridge_person_source (person_id);
COMMENT ON TABLE curated.bridge_person_source IS 'One source record of a person. Key: record_key.';
COMMENT ON COLUMN curated.bridge_person_source.record_key IS 'Source record: source:object:source_id, unique over all sources.';
COMMENT ON COLUMN curated.bridge_person_source.source_system IS 'Name of the configured source the record came from.';
COMMENT ON COLUMN curated.bridge_person_source.source_object IS 'What the source calls the object: contact, lead, deal, Opportunity.';
COMMENT ON COLUMN curated.bridge_person_source.source_id IS 'Id of the record in its source, as the source writes it.';
COMMENT ON COLUMN curated.bridge_person_source.person_id IS 'Golden person: the key of its first created source record; never reused. Refers to curated.dim_person.person_id.';
COMMENT ON COLUMN curated.bridge_person_source.match_rule IS 'Rule that tied the record to the entity.';
COMMENT ON COLUMN curated.bridge_person_source.match_confidence IS '1 for exact keys. From 0 to 1.';
COMMENT ON COLUMN curated.bridge_person_source.is_survivor IS 'The record gave the entity its id.';
COMMENT ON COLUMN curated.bridge_person_source.is_deleted IS 'The source deleted or archived the record.';
COMMENT ON COLUMN curated.bridge_person_source.source_url IS 'Deep link to the record in its source; null where the source has no pages.';
COMMENT ON COLUMN curated.bridge_person_source.source_updated_at IS 'When the source says the record last changed.';
COMMENT ON COLUMN curated.bridge_person_source.run_id IS 'Run that last wrote the row.';
COMMENT ON COLUMN curated.bridge_person_source.definitions_version IS 'Version of the definitions under which the row was last changed; the version of the published run stands in curated.published_run.';
COMMENT ON COLUMN curated.bridge_person_source.loaded_at IS 'When the run that last wrote the row began.';
COMMENT ON COLUMN curated.bridge_person_source.record_hash IS '64-bit hash of the row''s content; a row is rewritten only when it differs.';

CREATE TABLE curated.bridge_account_source (
    record_key TEXT NOT NULL, source_system TEXT NOT NULL, source_object TEXT NOT NULL, source_id TEXT NOT NULL,
    account_id TEXT NOT NULL, match_rule TEXT NOT NULL, match_confidence DOUBLE PRECISION, is_survivor BOOLEAN
    NOT NULL, is_deleted BOOLEAN NOT NULL, source_url TEXT, source_updated_at timestamptz, run_id TEXT NOT NULL,
    definitions_version TEXT NOT NULL, loaded_at timestamptz NOT NULL, record_hash BIGINT NOT NULL, CONSTRAINT
    pk_bridge_account_source PRIMARY KEY (record_key)
);
CREATE INDEX ix_bridge_account_source_account_id ON curated.bridge_account_source (account_id);
COMMENT ON TABLE curated.bridge_account_source IS 'One source record of an account. Key: record_key.';
COMMENT ON COLUMN curated.bridge_account_source.record_key IS 'Source record: source:object:source_id, unique over all sources.';
COMMENT ON COLUMN curated.bridge_account_source.source_system IS 'Name of the configured source the record came from.';
COMMENT ON COLUMN curated.bridge_account_source.source_object IS 'What the source calls the object: contact, lead, deal, Opportunity.';
COMMENT ON COLUMN curated.bridge_account_source.source_id IS 'Id of the record in its source, as the source writes it.';
COMMENT ON COLUMN curated.bridge_account_source.account_id IS 'Golden account: the key of its first created source record. Refers to curated.dim_account.account_id.';
COMMENT ON COLUMN curated.bridge_account_source.match_rule IS 'Rule that tied the record to the entity.';
COMMENT ON COLUMN curated.bridge_account_source.match_confidence IS '1 for exact keys. From 0 to 1.';
COMMENT ON COLUMN curated.bridge_account_source.is_survivor IS 'The record gave the entity its id.';
COMMENT ON COLUMN curated.bridge_account_source.is_deleted IS 'The source deleted or archived the record.';
COMMENT ON COLUMN curated.bridge_account_source.source_url IS 'Deep link to the record in its source; null where the source has no pages.';
COMMENT ON COLUMN curated.bridge_account_source.source_updated_at IS 'When the source says the record last changed.';
COMMENT ON COLUMN curated.bridge_account_source.run_id IS 'Run that last wrote the row.';
COMMENT ON COLUMN curated.bridge_account_source.definitions_version IS 'Version of the definitions under which the row was last changed; the version of the published run stands in curated.published_run.';
COMMENT ON COLUMN curated.bridge_account_source.loaded_at IS 'When the run that last wrote the row began.';
COMMENT ON COLUMN curated.bridge_account_source.record_hash IS '64-bit hash of the row''s content; a row is rewritten only when it differs.';

CREATE TABLE curated.bridge_opportunity_source (
    record_key TEXT NOT NULL, source_system TEXT NOT NULL, source_object TEXT NOT NULL, source_id TEXT NOT NULL,
    opportunity_id TEXT NOT NULL, match_rule TEXT NOT NULL, match_confidence DOUBLE PRECISION, is_survivor BOOLEAN
    NOT NULL, is_deleted BOOLEAN NOT NULL, source_url TEXT, source_updated_at timestamptz, run_id TEXT NOT NULL,
    definitions_version TEXT NOT NULL, loaded_at timestamptz NOT NULL, record_hash BIGINT NOT NULL, CONSTRAINT
    pk_bridge_opportunity_source PRIMARY KEY (record_key)
);
CREATE INDEX ix_bridge_opportunity_source_opportunity_id ON curated.bridge_opportunity_source (opportunity_id);
COMMENT ON TABLE curated.bridge_opportunity_source IS 'One source record of an opportunity. Key: record_key.';
COMMENT ON COLUMN curated.bridge_opportunity_source.record_key IS 'Source record: source:object:source_id, unique over all sources.';
COMMENT ON COLUMN curated.bridge_opportunity_source.source_system IS 'Name of the configured source the record came from.';
COMMENT ON COLUMN curated.bridge_opportunity_source.source_object IS 'What the source calls the object: contact, lead, deal, Opportunity.';
COMMENT ON COLUMN curated.bridge_opportunity_source.source_id IS 'Id of the record in its source, as the source writes it.';
COMMENT ON COLUMN curated.bridge_opportunity_source.opportunity_id IS 'Golden opportunity: the key of its first created source record. Refers to curated.fct_opportunity.opportunity_id.';
COMMENT ON COLUMN curated.bridge_opportunity_source.match_rule IS 'Rule that tied the record to the entity.';
COMMENT ON COLUMN curated.bridge_opportunity_source.match_confidence IS '1 for exact keys. From 0 to 1.';
COMMENT ON COLUMN curated.bridge_opportunity_source.is_survivor IS 'The record gave the entity its id.';
COMMENT ON COLUMN curated.bridge_opportunity_source.is_deleted IS 'The source deleted or archived the record.';
COMMENT ON COLUMN curated.bridge_opportunity_source.source_url IS 'Deep link to the record in its source; null where the source has no pages.';
COMMENT ON COLUMN curated.bridge_opportunity_source.source_updated_at IS 'When the source says the record last changed.';
COMMENT ON COLUMN curated.bridge_opportunity_source.run_id IS 'Run that last wrote the row.';
COMMENT ON COLUMN curated.bridge_opportunity_source.definitions_version IS 'Version of the definitions under which the row was last changed; the version of the published run stands in curated.published_run.';
COMMENT ON COLUMN curated.bridge_opportunity_source.loaded_at IS 'When the run that last wrote the row began.';
COMMENT ON COLUMN curated.bridge_opportunity_source.record_hash IS '64-bit hash of the row''s content; a row is rewritten only when it differs.';

CREATE TABLE curated.bridge_opportunity_person (
    opportunity_id TEXT NOT NULL, person_id TEXT NOT NULL, role TEXT, is_primary BOOLEAN NOT NULL, is_decision_maker
    BOOLEAN NOT NULL, source_updated_at timestamptz, run_id TEXT NOT NULL, definitions_version TEXT NOT NULL,
    loaded_at timestamptz NOT NULL, record_hash BIGINT NOT NULL, CONSTRAINT pk_bridge_opportunity_person PRIMARY KEY
    (opportunity_id, person_id)
);
CREATE INDEX ix_bridge_opportunity_person_person_id ON curated.bridge_opportunity_person (person_id);
COMMENT ON TABLE curated.bridge_opportunity_person IS 'One person on one opportunity. Key: opportunity_id, person_id.';
COMMENT ON COLUMN curated.bridge_opportunity_person.opportunity_id IS 'Golden opportunity: the key of its first created source record. Refers to curated.fct_opportunity.opportunity_id.';
COMMENT ON COLUMN curated.bridge_opportunity_person.person_id IS 'Golden person: the key of its first created source record; never reused. Refers to curated.dim_person.person_id.';
COMMENT ON COLUMN curated.bridge_opportunity_person.role IS 'Role of the person on the deal, as the source says.';
COMMENT ON COLUMN curated.bridge_opportunity_person.is_primary IS 'The source marks the link as the primary one.';
COMMENT ON COLUMN curated.bridge_opportunity_person.is_decision_maker IS 'The role is one of those the definitions count as decision-maker.';
COMMENT ON COLUMN curated.bridge_opportunity_person.source_updated_at IS 'When the source says the record last changed.';
COMMENT ON COLUMN curated.bridge_opportunity_person.run_id IS 'Run that last wrote the row.';
COMMENT ON COLUMN curated.bridge_opportunity_person.definitions_version IS 'Version of the definitions under which the row was last changed; the version of the published run stands in curated.published_run.';
COMMENT ON COLUMN curated.bridge_opportunity_person.loaded_at IS 'When the run that last wrote the row began.';
COMMENT ON COLUMN curated.bridge_opportunity_person.record_hash IS '64-bit hash of the row''s content; a row is rewritten only when it differs.';

CREATE TABLE curated.fct_classification_change (
    change_id TEXT NOT NULL, record_kind TEXT NOT NULL, record_id TEXT NOT NULL, from_class TEXT, to_class TEXT
    NOT NULL, from_kind TEXT NOT NULL, rule TEXT NOT NULL, reason TEXT, changed_on DATE NOT NULL, value_at_risk
    NUMERIC(18, 2), run_id TEXT NOT NULL, definitions_version TEXT NOT NULL, loaded_at timestamptz NOT NULL,
    record_hash BIGINT NOT NULL, CONSTRAINT pk_fct_classification_change PRIMARY KEY (change_id)
);
CREATE INDEX ix_fct_classification_change_record_id ON curated.fct_classification_change (record_id);
COMMENT ON TABLE curated.fct_classification_change IS 'One change of class of one record; never updated or deleted, so every change can be undone. Key: change_id.';
COMMENT ON COLUMN curated.fct_classification_change.change_id IS 'Change: record, as-of date and run, so that the same change is written once.';
COMMENT ON COLUMN curated.fct_classification_change.record_kind IS 'Kind of entity. One of: person, opportunity.';
COMMENT ON COLUMN curated.fct_classification_change.record_id IS 'Person or opportunity id.';
COMMENT ON COLUMN curated.fct_classification_change.from_class IS 'Class before: the one published last, or the source''s claim when first seen.';
COMMENT ON COLUMN curated.fct_classification_change.to_class IS 'Class after.';
COMMENT ON COLUMN curated.fct_classification_change.from_kind IS 'What the class before was. One of: claim, class.';
COMMENT ON COLUMN curated.fct_classification_change.rule IS 'Class rule that matched, with the profile''s name.';
COMMENT ON COLUMN curated.fct_classification_change.reason IS 'The clause that decided, with the values it saw.';
COMMENT ON COLUMN curated.fct_classification_change.changed_on IS 'As-of date of the run that made the change.';
COMMENT ON COLUMN curated.fct_classification_change.value_at_risk IS 'Corporate amount that the finding puts in doubt; null where the record has none.';
COMMENT ON COLUMN curated.fct_classification_change.run_id IS 'Run that last wrote the row.';
COMMENT ON COLUMN curated.fct_classification_change.definitions_version IS 'Version of the definitions under which the row was last changed; the version of the published run stands in curated.published_run.';
COMMENT ON COLUMN curated.fct_classification_change.loaded_at IS 'When the run that last wrote the row began.';
COMMENT ON COLUMN curated.fct_classification_change.record_hash IS '64-bit hash of the row''s content; a row is rewritten only when it differs.';

CREATE TABLE curated.fct_hygiene_issue (
    issue_id TEXT NOT NULL, rule_id TEXT NOT NULL, severity TEXT NOT NULL, record_kind TEXT NOT NULL, record_id TEXT
    NOT NULL, record_name TEXT, owner_id TEXT, state TEXT NOT NULL, opened_on DATE NOT NULL, last_seen_on DATE
    NOT NULL, resolved_on DATE, is_baseline BOOLEAN NOT NULL, amount_at_open NUMERIC(18, 2), value_at_risk NUMERIC(18,
    2), says TEXT NOT NULL, question TEXT, suggested_action TEXT, evidence JSONB, source_url TEXT, run_id TEXT
    NOT NULL, definitions_version TEXT NOT NULL, loaded_at timestamptz NOT NULL, record_hash BIGINT NOT NULL,
    CONSTRAINT pk_fct_hygiene_issue PRIMARY KEY (issue_id)
);
CREATE INDEX ix_fct_hygiene_issue_record_id ON curated.fct_hygiene_issue (record_id);
COMMENT ON TABLE curated.fct_hygiene_issue IS 'One life of one issue: a record failing a rule from the day it was opened to the day it was resolved. Key: issue_id.';
COMMENT ON COLUMN curated.fct_hygiene_issue.issue_id IS 'Issue: record, rule and the day it was opened.';
COMMENT ON COLUMN curated.fct_hygiene_issue.rule_id IS 'Hygiene rule of the definitions.';
COMMENT ON COLUMN curated.fct_hygiene_issue.severity IS 'How bad it is. One of: critical, warning, info.';
COMMENT ON COLUMN curated.fct_hygiene_issue.record_kind IS 'Kind of entity. One of: person, opportunity.';
COMMENT ON COLUMN curated.fct_hygiene_issue.record_id IS 'Person or opportunity id.';
COMMENT ON COLUMN curated.fct_hygiene_issue.record_name IS 'Name of the deal or company a salesperson knows the record by; never a person''s name.';
COMMENT ON COLUMN curated.fct_hygiene_issue.owner_id IS 'Golden owner: the key of its first created source record. Refers to curated.dim_owner.owner_id.';
COMMENT ON COLUMN curated.fct_hygiene_issue.state IS 'Where the issue is in its life. One of: open, resolved.';
COMMENT ON COLUMN curated.fct_hygiene_issue.opened_on IS 'As-of date the rule first failed.';
COMMENT ON COLUMN curated.fct_hygiene_issue.last_seen_on IS 'As-of date the rule last failed.';
COMMENT ON COLUMN curated.fct_hygiene_issue.resolved_on IS 'As-of date the rule first held again; null while open.';
COMMENT ON COLUMN curated.fct_hygiene_issue.is_baseline IS 'Found by the first run; counted, alerted to nobody.';
COMMENT ON COLUMN curated.fct_hygiene_issue.amount_at_open IS 'Corporate amount of the record when the issue was opened.';
COMMENT ON COLUMN curated.fct_hygiene_issue.value_at_risk IS 'Corporate amount that the finding puts in doubt; null where the record has none.';
COMMENT ON COLUMN curated.fct_hygiene_issue.says IS 'What is wrong, in one sentence, with its numbers.';
COMMENT ON COLUMN curated.fct_hygiene_issue.question IS 'The question to ask.';
COMMENT ON COLUMN curated.fct_hygiene_issue.suggested_action IS 'The one thing to do.';
COMMENT ON COLUMN curated.fct_hygiene_issue.evidence IS 'Fields the rule read, with their values.';
COMMENT ON COLUMN curated.fct_hygiene_issue.source_url IS 'Deep link to the record in its source; null where the source has no pages.';
COMMENT ON COLUMN curated.fct_hygiene_issue.run_id IS 'Run that last wrote the row.';
COMMENT ON COLUMN curated.fct_hygiene_issue.definitions_version IS 'Version of the definitions under which the row was last changed; the version of the published run stands in curated.published_run.';
COMMENT ON COLUMN curated.fct_hygiene_issue.loaded_at IS 'When the run that last wrote the row began.';
COMMENT ON COLUMN curated.fct_hygiene_issue.record_hash IS '64-bit hash of the row''s content; a row is rewritten only when it differs.';

CREATE TABLE curated.fct_opportunity_daily_snapshot (
    snapshot_date DATE NOT NULL, opportunity_id TEXT NOT NULL, stage_name TEXT, canonical_stage TEXT, stage_order
    INTEGER, probability DOUBLE PRECISION, forecast_category TEXT, amount NUMERIC(18, 2), currency_code TEXT,
    amount_corporate NUMERIC(18, 2), weighted_amount NUMERIC(18, 2), close_date DATE, push_count INTEGER, owner_id
    TEXT, account_id TEXT, is_open BOOLEAN NOT NULL, is_closed BOOLEAN NOT NULL, is_won BOOLEAN NOT NULL,
    pipeline_class TEXT NOT NULL, is_forecast_eligible BOOLEAN NOT NULL, missing_criteria_count INTEGER, run_id TEXT
    NOT NULL, definitions_version TEXT NOT NULL, loaded_at timestamptz NOT NULL, record_hash BIGINT NOT NULL,
    CONSTRAINT pk_fct_opportunity_daily_snapshot PRIMARY KEY (snapshot_date, opportunity_id)
);
CREATE INDEX ix_fct_opportunity_daily_snapshot_opportunity_id ON curated.fct_opportunity_daily_snapshot (opportunity_id);
COMMENT ON TABLE curated.fct_opportunity_daily_snapshot IS 'One opportunity on one day on which it was open, and the first day it was seen closed. Key: snapshot_date, opportunity_id.';
COMMENT ON COLUMN curated.fct_opportunity_daily_snapshot.snapshot_date IS 'As-of date the row was true for.';
COMMENT ON COLUMN curated.fct_opportunity_daily_snapshot.opportunity_id IS 'Golden opportunity: the key of its first created source record.';
COMMENT ON COLUMN curated.fct_opportunity_daily_snapshot.stage_name IS 'Stage label as salespeople see it.';
COMMENT ON COLUMN curated.fct_opportunity_daily_snapshot.canonical_stage IS 'Stage in shared words. One of: initial_contact, qualification, meeting_discovery, proposal, closing, closed_won, closed_lost.';
COMMENT ON COLUMN curated.fct_opportunity_daily_snapshot.stage_order IS 'Position of the canonical stage, 1 first.';
COMMENT ON COLUMN curated.fct_opportunity_daily_snapshot.probability IS 'Chance of winning, 0 to 1. From 0 to 1.';
COMMENT ON COLUMN curated.fct_opportunity_daily_snapshot.forecast_category IS 'Forecast category in shared words. One of: omitted, pipeline, best_case, most_likely, commit, closed.';
COMMENT ON COLUMN curated.fct_opportunity_daily_snapshot.amount IS 'Amount in the deal''s own currency.';
COMMENT ON COLUMN curated.fct_opportunity_daily_snapshot.currency_code IS 'Currency of the amount, ISO 4217.';
COMMENT ON COLUMN curated.fct_opportunity_daily_snapshot.amount_corporate IS 'Amount in the reporting currency; null where no rate is declared, never 1:1.';
COMMENT ON COLUMN curated.fct_opportunity_daily_snapshot.weighted_amount IS 'Corporate amount times probability; 0 for a deal that is not forecast.';
COMMENT ON COLUMN curated.fct_opportunity_daily_snapshot.close_date IS 'Day the buyer is expected to decide; null where the source has none or a placeholder.';
COMMENT ON COLUMN curated.fct_opportunity_daily_snapshot.push_count IS 'Times the close date moved to a later calendar month. At least 0.';
COMMENT ON COLUMN curated.fct_opportunity_daily_snapshot.owner_id IS 'Golden owner: the key of its first created source record.';
COMMENT ON COLUMN curated.fct_opportunity_daily_snapshot.account_id IS 'Golden account: the key of its first created source record.';
COMMENT ON COLUMN curated.fct_opportunity_daily_snapshot.is_open IS 'Not closed.';
COMMENT ON COLUMN curated.fct_opportunity_daily_snapshot.is_closed IS 'The stage table says the deal is closed.';
COMMENT ON COLUMN curated.fct_opportunity_daily_snapshot.is_won IS 'The stage table says the deal is won.';
COMMENT ON COLUMN curated.fct_opportunity_daily_snapshot.pipeline_class IS 'Where the deal stands under the definitions. One of: merged_or_deleted, closed_won, closed_duplicate, closed_unqualified, closed_lost, abandoned, no_close_date, overdue, long_term, stalled, unqualified_open, active.';
COMMENT ON COLUMN curated.fct_opportunity_daily_snapshot.is_forecast_eligible IS 'The class counts in the forecast.';
COMMENT ON COLUMN curated.fct_opportunity_daily_snapshot.missing_criteria_count IS 'Criteria the stage requires that are not met. At least 0.';
COMMENT ON COLUMN curated.fct_opportunity_daily_snapshot.run_id IS 'Run that last wrote the row.';
COMMENT ON COLUMN curated.fct_opportunity_daily_snapshot.definitions_version IS 'Version of the definitions under which the row was last changed; the version of the published run stands in curated.published_run.';
COMMENT ON COLUMN curated.fct_opportunity_daily_snapshot.loaded_at IS 'When the run that last wrote the row began.';
COMMENT ON COLUMN curated.fct_opportunity_daily_snapshot.record_hash IS '64-bit hash of the row''s content; a row is rewritten only when it differs.';

CREATE TABLE ops.run (
    run_id TEXT NOT NULL, as_of DATE NOT NULL, started_at timestamptz NOT NULL, finished_at timestamptz NOT NULL,
    run_status TEXT NOT NULL, is_draft BOOLEAN NOT NULL, definitions_version TEXT NOT NULL, rows_written BIGINT
    NOT NULL, report JSONB NOT NULL, CONSTRAINT pk_run PRIMARY KEY (run_id)
);
COMMENT ON TABLE ops.run IS 'One published refresh. Key: run_id.';
COMMENT ON COLUMN ops.run.run_id IS 'Run that last wrote the row.';
COMMENT ON COLUMN ops.run.as_of IS 'Date the run is true for, in the reporting time zone.';
COMMENT ON COLUMN ops.run.started_at IS 'When the run began.';
COMMENT ON COLUMN ops.run.finished_at IS 'When the run published.';
COMMENT ON COLUMN ops.run.run_status IS 'How the run ended. One of: published, unchanged.';
COMMENT ON COLUMN ops.run.is_draft IS 'The definitions were not approved by marketing and sales.';
COMMENT ON COLUMN ops.run.definitions_version IS 'Version of the definitions under which the row was last changed; the version of the published run stands in curated.published_run.';
COMMENT ON COLUMN ops.run.rows_written IS 'Curated rows inserted, updated or deleted. At least 0.';
COMMENT ON COLUMN ops.run.report IS 'The run report.';

CREATE TABLE ops.cursor (
    source_system TEXT NOT NULL, stream TEXT NOT NULL, cursor JSONB, state_version TEXT, high_water_at timestamptz,
    pulled_at timestamptz, run_id TEXT NOT NULL, CONSTRAINT pk_cursor PRIMARY KEY (source_system, stream)
);
COMMENT ON TABLE ops.cursor IS 'One stream of one source; moves only with the tables it belongs to. Key: source_system, stream.';
COMMENT ON COLUMN ops.cursor.source_system IS 'Name of the configured source the record came from.';
COMMENT ON COLUMN ops.cursor.stream IS 'Object type of a source.';
COMMENT ON COLUMN ops.cursor.cursor IS 'Where the next pull of the stream starts.';
COMMENT ON COLUMN ops.cursor.state_version IS 'State file that holds the stream''s current records.';
COMMENT ON COLUMN ops.cursor.high_water_at IS 'Moment up to which the stream is known: changes until then were pulled.';
COMMENT ON COLUMN ops.cursor.pulled_at IS 'When the stream was last pulled.';
COMMENT ON COLUMN ops.cursor.run_id IS 'Run that last wrote the row.';

CREATE TABLE ops.quarantine (
    record_key TEXT NOT NULL, source_system TEXT NOT NULL, stream TEXT NOT NULL, reason_code TEXT NOT NULL,
    field_name TEXT, location TEXT, detail TEXT, first_seen_on DATE NOT NULL, last_seen_on DATE NOT NULL, released_at
    timestamptz, run_id TEXT NOT NULL, CONSTRAINT pk_quarantine PRIMARY KEY (record_key, reason_code)
);
COMMENT ON TABLE ops.quarantine IS 'One record set aside. Key: record_key, reason_code.';
COMMENT ON COLUMN ops.quarantine.record_key IS 'Source record: source:object:source_id, unique over all sources.';
COMMENT ON COLUMN ops.quarantine.source_system IS 'Name of the configured source the record came from.';
COMMENT ON COLUMN ops.quarantine.stream IS 'Object type of a source.';
COMMENT ON COLUMN ops.quarantine.reason_code IS 'Why the record was set aside.';
COMMENT ON COLUMN ops.quarantine.field_name IS 'Field at fault; null where the whole record is.';
COMMENT ON COLUMN ops.quarantine.location IS 'Landed file and line of the record.';
COMMENT ON COLUMN ops.quarantine.detail IS 'What was found, without the value.';
COMMENT ON COLUMN ops.quarantine.first_seen_on IS 'As-of date the record was first set aside.';
COMMENT ON COLUMN ops.quarantine.last_seen_on IS 'As-of date the rule last failed.';
COMMENT ON COLUMN ops.quarantine.released_at IS 'When a person let the record through; null while held.';
COMMENT ON COLUMN ops.quarantine.run_id IS 'Run that last wrote the row.';

CREATE TABLE ops.audit_result (
    run_id TEXT NOT NULL, suite TEXT NOT NULL, expectation TEXT NOT NULL, table_name TEXT NOT NULL, is_blocking
    BOOLEAN NOT NULL, is_success BOOLEAN NOT NULL, unexpected_count BIGINT, observed TEXT, CONSTRAINT pk_audit_result
    PRIMARY KEY (run_id, suite, expectation)
);
COMMENT ON TABLE ops.audit_result IS 'One check of one run. Key: run_id, suite, expectation.';
COMMENT ON COLUMN ops.audit_result.run_id IS 'Run that last wrote the row.';
COMMENT ON COLUMN ops.audit_result.suite IS 'Suite of checks.';
COMMENT ON COLUMN ops.audit_result.expectation IS 'One check, in words.';
COMMENT ON COLUMN ops.audit_result.table_name IS 'Table checked.';
COMMENT ON COLUMN ops.audit_result.is_blocking IS 'A failure stops the publication.';
COMMENT ON COLUMN ops.audit_result.is_success IS 'The check passed.';
COMMENT ON COLUMN ops.audit_result.unexpected_count IS 'Rows that failed. At least 0.';
COMMENT ON COLUMN ops.audit_result.observed IS 'What was observed, personal values masked.';

CREATE TABLE ops.conservation (
    run_id TEXT NOT NULL, source_system TEXT NOT NULL, stream TEXT NOT NULL, fetched BIGINT NOT NULL, pulled BIGINT
    NOT NULL, curated BIGINT NOT NULL, merged_into BIGINT NOT NULL, deleted BIGINT NOT NULL, quarantined BIGINT
    NOT NULL, excluded BIGINT NOT NULL, difference BIGINT NOT NULL, CONSTRAINT pk_conservation PRIMARY KEY (run_id,
    source_system, stream)
);
COMMENT ON TABLE ops.conservation IS 'One stream in one run: fetched = curated + merged_into + deleted + quarantined + excluded. Key: run_id, source_system, stream.';
COMMENT ON COLUMN ops.conservation.run_id IS 'Run that last wrote the row.';
COMMENT ON COLUMN ops.conservation.source_system IS 'Name of the configured source the record came from.';
COMMENT ON COLUMN ops.conservation.stream IS 'Object type of a source.';
COMMENT ON COLUMN ops.conservation.fetched IS 'Distinct records the source has shown. At least 0.';
COMMENT ON COLUMN ops.conservation.pulled IS 'Record versions landed by this run. At least 0.';
COMMENT ON COLUMN ops.conservation.curated IS 'Records that gave a curated row. At least 0.';
COMMENT ON COLUMN ops.conservation.merged_into IS 'Records folded into another record''s row. At least 0.';
COMMENT ON COLUMN ops.conservation.deleted IS 'Records the source deleted. At least 0.';
COMMENT ON COLUMN ops.conservation.quarantined IS 'Records set aside. At least 0.';
COMMENT ON COLUMN ops.conservation.excluded IS 'Links one of whose ends no source has shown. At least 0.';
COMMENT ON COLUMN ops.conservation.difference IS 'fetched minus all the others; 0 or the run does not publish.';

CREATE TABLE ops.definitions_version (
    profile TEXT NOT NULL, definitions_version TEXT NOT NULL, status TEXT NOT NULL, text_sha256 TEXT NOT NULL,
    definitions_text TEXT NOT NULL, first_used_at timestamptz NOT NULL, run_id TEXT NOT NULL, CONSTRAINT
    pk_definitions_version PRIMARY KEY (profile, definitions_version)
);
COMMENT ON TABLE ops.definitions_version IS 'One version of the definitions that a run used, in full. Key: profile, definitions_version.';
COMMENT ON COLUMN ops.definitions_version.profile IS 'Definitions profile.';
COMMENT ON COLUMN ops.definitions_version.definitions_version IS 'Version of the definitions under which the row was last changed; the version of the published run stands in curated.published_run.';
COMMENT ON COLUMN ops.definitions_version.status IS 'draft or approved. One of: draft, approved.';
COMMENT ON COLUMN ops.definitions_version.text_sha256 IS 'SHA-256 of what is agreed, signatures left out; the same version with another one is refused.';
COMMENT ON COLUMN ops.definitions_version.definitions_text IS 'The full text of the definitions used.';
COMMENT ON COLUMN ops.definitions_version.first_used_at IS 'When a run first used them.';
COMMENT ON COLUMN ops.definitions_version.run_id IS 'Run that last wrote the row.';

CREATE TABLE ops.notification (
    issue_id TEXT NOT NULL, owner_id TEXT, notified_at timestamptz NOT NULL, notified_count INTEGER NOT NULL, run_id
    TEXT, CONSTRAINT pk_notification PRIMARY KEY (issue_id)
);
COMMENT ON TABLE ops.notification IS 'One issue that somebody was told about: this owner, or RevOps where there is none. Key: issue_id.';
COMMENT ON COLUMN ops.notification.issue_id IS 'Issue: record, rule and the day it was opened.';
COMMENT ON COLUMN ops.notification.owner_id IS 'Golden owner: the key of its first created source record.';
COMMENT ON COLUMN ops.notification.notified_at IS 'When the owner was first told; null if never.';
COMMENT ON COLUMN ops.notification.notified_count IS 'Times the owner was told. At least 0.';
COMMENT ON COLUMN ops.notification.run_id IS 'Run that last wrote the row.';

CREATE TABLE ops.announcement (
    announcement TEXT NOT NULL, told_for DATE NOT NULL, target INTEGER NOT NULL, sent_at timestamptz NOT NULL, run_id
    TEXT, CONSTRAINT pk_announcement PRIMARY KEY (announcement, told_for, target)
);
COMMENT ON TABLE ops.announcement IS 'One message to RevOps that a target accepted; none is sent twice for one day. Key: announcement, told_for, target.';
COMMENT ON COLUMN ops.announcement.announcement IS 'What RevOps is told. One of: roll_up, held_back.';
COMMENT ON COLUMN ops.announcement.told_for IS 'Day the announcement is of: as-of date of a roll-up, day on which alerts were held back.';
COMMENT ON COLUMN ops.announcement.target IS 'Place of the target in `alerts.revops` of the settings. At least 1.';
COMMENT ON COLUMN ops.announcement.sent_at IS 'When the target accepted the message.';
COMMENT ON COLUMN ops.announcement.run_id IS 'Run that last wrote the row.';
