"""Every canonical field, once: its type, unit and meaning are the same in every record and table that has it.

Names carry their kind: `_on` or `_date` a day, `_at` an aware UTC moment, `_id` whose id, `_key` a source record,
`is_`/`has_` a boolean, `days_` a whole number of days. Field names are the standard terms of CRM systems.
"""

from definitions.schema import vocabulary as words
from definitions.schema.field import Field, Kind, Sensitivity
from definitions.schema.history_fields import HISTORY, OPERATIONS

_P = Sensitivity.PERSONAL
_T, _I, _N, _R = Kind.TEXT, Kind.INTEGER, Kind.COUNT, Kind.REAL
_M, _B, _D, _AT = Kind.MONEY, Kind.BOOLEAN, Kind.DAY, Kind.MOMENT

_RECORD = (
    Field("record_key", _T, "Source record: source:object:source_id, unique over all sources."),
    Field("source_system", _T, "Name of the configured source the record came from."),
    Field("source_object", _T, "What the source calls the object: contact, lead, deal, Opportunity."),
    Field("source_id", _T, "Id of the record in its source, as the source writes it."),
    Field("source_url", _T, "Deep link to the record in its source; null where the source has no pages."),
    Field("source_created_at", _AT, "When the source says the record was created."),
    Field("source_updated_at", _AT, "When the source says the record last changed."),
    Field("is_deleted", _B, "The source deleted or archived the record."),
    Field("merged_into_key", _T, "Source record that absorbed this one by a merge in the source; null if none."),
    Field("same_as_keys", Kind.TEXTS, "Record keys in other systems that the source itself says are the same entity."),
    Field("run_id", _T, "Run that last wrote the row; the run that is published stands in curated.published_run."),
    Field(
        "definitions_version",
        _T,
        "Version of the definitions under which the row was last changed; the version of the published run stands in "
        "curated.published_run.",
    ),
    Field("loaded_at", _AT, "When the run that last wrote the row began."),
    Field("record_hash", _N, "64-bit hash of the row's content; a row is rewritten only when it differs."),
)

_IDS = (
    Field("person_id", _T, "Golden person: the key of its first created source record; never reused."),
    Field("account_id", _T, "Golden account: the key of its first created source record."),
    Field("opportunity_id", _T, "Golden opportunity: the key of its first created source record."),
    Field("owner_id", _T, "Golden owner: the key of its first created source record."),
    Field("activity_id", _T, "Activity: its source record key."),
    Field("stage_id", _T, "Stage: source:pipeline:stage."),
    Field("product_id", _T, "Product: its source record key."),
    Field("primary_person_id", _T, "Person the opportunity is held with, if the source names one."),
    Field("parent_account_id", _T, "Account that owns this account."),
    Field("manager_id", _T, "Owner this owner reports to."),
    Field("person_key", _T, "Source record of the person."),
    Field("account_key", _T, "Source record of the account."),
    Field("opportunity_key", _T, "Source record of the opportunity."),
    Field("owner_key", _T, "Source record of the owner."),
    Field("manager_key", _T, "Source record of the owner's manager."),
    Field("parent_key", _T, "Source record of the parent account."),
    Field("product_key", _T, "Source record of the product."),
    Field("converted_person_key", _T, "Contact a converted lead became."),
    Field("converted_account_key", _T, "Account a converted lead became part of."),
    Field("converted_opportunity_key", _T, "Opportunity opened at conversion; conversion need not open one."),
    Field("from_key", _T, "Source record an association starts from."),
    Field("to_key", _T, "Source record an association points to."),
)

_PERSON = (
    Field("email", _T, "E-mail address as the source holds it.", sensitivity=_P),
    Field("email_normalised", _T, "E-mail address as it is matched on: lower case, IDN as ASCII.", sensitivity=_P),
    Field("email_domain", _T, "Domain part of the normalised address."),
    Field("email_domain_type", _T, "What the domain is.", values=("business", "personal", "disposable")),
    Field("is_email_valid", _B, "The address has valid syntax; null where there is none."),
    Field("phone", _T, "Telephone number as the source holds it.", sensitivity=_P),
    Field("phone_e164", _T, "Telephone number in E.164 form; null where it cannot be read as one.", sensitivity=_P),
    Field("first_name", _T, "Given name, case mended.", sensitivity=_P),
    Field("last_name", _T, "Family name, case mended.", sensitivity=_P),
    Field("title", _T, "Job title as the source holds it."),
    Field("company_name", _T, "Company as the person's record spells it."),
    Field("lead_source", _T, "Where the person or deal came from, as the source says."),
    Field("origin_activity_type", _T, "Activity type that first brought the person in, from the lead source."),
    Field("lead_status", _T, "Status in shared words; null where the source has none.", values=words.LEAD_STATUS),
    Field("source_status", _T, "Lead status as the source holds it."),
    Field("source_lifecycle_stage", _T, "Lifecycle stage as the source holds it."),
    Field("is_converted", _B, "The lead was converted in its source."),
    Field("converted_at", _AT, "When the lead was converted; midnight where the source keeps only a day."),
    Field("has_opted_out_of_email", _B, "Asked for no e-mail in any source (most restrictive wins)."),
    Field("do_not_call", _B, "Asked for no calls in any source (most restrictive wins)."),
    Field("email_bounced_at", _AT, "When mail to the address bounced hard."),
    Field("mql_at", _AT, "When marketing qualified the lead, as the source says."),
    Field("sales_accepted_at", _AT, "When sales accepted the lead."),
    Field("sales_qualified_at", _AT, "When sales finished qualifying the lead."),
    Field("disqualified_at", _AT, "When the lead was disqualified."),
    Field("disqualified_reason", _T, "Why the lead was disqualified, as the source says."),
    Field("recycled_at", _AT, "When sales returned the lead to marketing."),
    Field("recycle_reason", _T, "Why sales returned the lead, as the source says."),
)

_QUALIFICATION = (
    Field("budget_status", _T, "How far the budget is known (ladder).", values=words.BUDGET_STATUS),
    Field("authority_status", _T, "How near the decision-maker is (ladder).", values=words.AUTHORITY_STATUS),
    Field("need_status", _T, "Whether the need is acknowledged (ladder).", values=words.NEED_STATUS),
    Field("timeline_status", _T, "How firm the purchase date is (ladder).", values=words.TIMELINE_STATUS),
    Field("purchase_date", _D, "Day the buyer intends to have bought."),
    Field("compelling_event", _B, "An event at the buyer makes the purchase urgent."),
)

_ACCOUNT = (
    Field("name", _T, "Name of the account, opportunity, owner or product."),
    Field("name_normalised", _T, "Name as it is matched on: no legal form, no punctuation, lower case."),
    Field("domain", _T, "Registrable web domain."),
    Field("industry", _T, "Industry as the source says."),
    Field("employees", _N, "Number of employees.", low=0),
    Field("annual_revenue", _M, "Revenue in a year, in the source's currency."),
    Field("country", _T, "Country, ISO 3166 alpha-2; null where it cannot be told for certain."),
    Field("source_country", _T, "Country as the source spells it."),
)

_OPPORTUNITY = (
    Field("source_stage", _T, "Stage id or name as the source holds it."),
    Field("stage_name", _T, "Stage label as salespeople see it."),
    Field("canonical_stage", _T, "Stage in shared words.", values=words.CANONICAL_STAGE),
    Field("stage_order", _I, "Position of the canonical stage, 1 first."),
    Field("stage_phase", _T, "Part of the funnel the stage belongs to.", values=words.STAGE_PHASE),
    Field("pipeline_id", _T, "Pipeline or record type the stage belongs to."),
    Field("opportunity_type", _T, "New business, renewal and so on, as the source says."),
    Field("amount", _M, "Amount in the deal's own currency."),
    Field("currency_code", _T, "Currency of the amount, ISO 4217."),
    Field("amount_corporate", _M, "Amount in the reporting currency; null where no rate is declared, never 1:1."),
    Field("fx_rate", _R, "Units of reporting currency for one unit of the deal's currency."),
    Field("weighted_amount", _M, "Corporate amount times probability; 0 for a deal that is not forecast."),
    Field("probability", _R, "Chance of winning, 0 to 1.", low=0, high=1),
    Field("forecast_category", _T, "Forecast category in shared words.", values=words.FORECAST_CATEGORY),
    Field("source_forecast_category", _T, "Forecast category as the source holds it."),
    Field("close_date", _D, "Day the buyer is expected to decide; null where the source has none or a placeholder."),
    Field("source_close_date", _D, "Close date as the source holds it, placeholder or not."),
    Field("original_close_date", _D, "First close date ever seen for the deal."),
    Field("closed_at", _AT, "When the deal was closed, as the source says."),
    Field("last_stage_change_at", _AT, "When the deal entered its present stage."),
    Field("next_step", _T, "Next step agreed; null where blank or a placeholder."),
    Field("next_activity_at", _AT, "When the next activity is planned."),
    Field("last_activity_at", _AT, "Latest activity, as the source says or the activities show."),
    Field("push_count", _I, "Times the close date moved to a later calendar month.", low=0),
    Field("loss_reason", _T, "Why the deal was lost, as the source says."),
    Field("loss_family", _T, "Loss reason in shared words.", values=words.LOSS_FAMILY),
    Field("competitor", _T, "Competitor the deal was lost to."),
    Field("is_closed", _B, "The stage table says the deal is closed; of a stage it does not know, the deal itself."),
    Field("is_won", _B, "The stage table says the deal is won; of a stage it does not know, the deal itself."),
    Field("is_open", _B, "Not closed."),
    Field("sales_cycle_days", _I, "Whole days from creation to close of a won deal.", unit="days"),
)

_ACTIVITY = (
    Field("activity_type", _T, "Kind of activity in shared words: call, meeting, demo_request and so on."),
    Field("engagement_level", _T, "Interest the activity or person shows.", values=words.ENGAGEMENT_LEVEL),
    Field("direction", _T, "Who moved: the buyer (inbound) or us (outbound).", values=words.DIRECTION),
    Field("is_completed", _B, "The activity took place."),
    Field("is_human", _B, "Done by a person, not by an integration user named in the settings."),
    Field("is_inferred", _B, "Read from a date on another record, not from an activity of its own."),
    Field("occurred_at", _AT, "When the activity took place."),
    Field("due_at", _AT, "When the activity is due."),
    Field("is_active", _B, "The owner may still log in."),
    Field("is_queue", _B, "A queue, not a person."),
    Field("team", _T, "Team or region of the owner."),
    Field("owner_email", _T, "Address hygiene alerts go to.", sensitivity=_P),
    Field("owner_name", _T, "Name of the salesperson.", sensitivity=_P),
    Field("association_type", _T, "What is linked.", values=words.ASSOCIATION_TYPE),
    Field("role", _T, "Role of the person on the deal, as the source says."),
    Field("is_primary", _B, "The source marks the link as the primary one."),
    Field("is_decision_maker", _B, "The role is one of those the definitions count as decision-maker."),
    Field("display_order", _I, "Position of the stage in its pipeline."),
    Field("product_family", _T, "Product line."),
    Field("list_price", _M, "Price before discount."),
)

_GOLDEN = (
    Field("first_seen_at", _AT, "Earliest creation over all source records."),
    Field("record_count", _I, "Live source records the entity is made of.", low=1),
    Field("source_count", _I, "Systems that hold a live record of the entity.", low=1),
    Field("field_winners", Kind.JSON, "For each surviving field, the record it came from; null for a single record."),
    Field("match_rule", _T, "Rule that tied the record to the entity."),
    Field("match_confidence", _R, "1 for exact keys.", low=0, high=1),
    Field("is_survivor", _B, "The record gave the entity its id."),
)

_FACETS = (
    Field("has_identity", _B, "Has a valid e-mail, a phone number that can be read, or a name with a company."),
    Field("has_open_opportunity", _B, "On a deal whose class is open, by role or by conversion."),
    Field("has_won_opportunity", _B, "On a won deal, or at an account with one."),
    Field("claims_customer", _B, "A source says the person or account is a customer."),
    Field("reachability", _T, "Whether there is a way to reach the person.", values=words.REACHABILITY),
    Field("unreachable_since_on", _D, "Day from which no way to reach the person is known."),
    Field("owner_state", _T, "State of the owner of the record.", values=words.OWNER_STATE),
    Field("icp_fit", _T, "Fit with the ideal customer profile of the definitions.", values=words.ICP_FIT),
    Field("is_prospect", _B, "Fits the ideal customer profile, wherever the person stands (D1 fit overlay)."),
    Field("fit_score", _I, "Points for who they are, 0 to 100.", low=0, high=100),
    Field("engagement_score", _I, "Points for what they did, 0 to 100.", low=0, high=100),
    Field("lead_since_on", _D, "First day of the lead phase: first creation over all source records."),
    Field("last_inbound_on", _D, "Latest day the buyer moved."),
    Field("last_outbound_on", _D, "Latest day we moved."),
    Field("last_proactive_on", _D, "Latest day the buyer asked for something."),
    Field(
        "last_activity_on",
        _D,
        "Latest day of any completed activity; of a deal without any, the day it was created, where its source tells "
        "of activities.",
    ),
    Field("silent_since_on", _D, "First day after the last proactive move on which all silence limits were reached."),
    Field("mql_first_on", _D, "First day the lead was an MQL, as its sources say; null where none does."),
    Field("mql_latest_on", _D, "Latest day the lead became an MQL, as its sources say; null where none does."),
    Field("sales_accepted_on", _D, "Day sales accepted the lead."),
    Field("sales_qualified_on", _D, "Day sales finished qualifying the lead."),
    Field("disqualified_on", _D, "Day the lead was disqualified."),
    Field("recycled_on", _D, "Day sales returned the lead."),
    Field("has_discovery", _B, "A meeting or call with the person took place; an inbound call only asks for one."),
    Field("created_on", _D, "Day the deal was created, in the reporting time zone."),
    Field("stage_entered_on", _D, "Day the deal entered its present stage; null where the source does not say."),
    Field("last_meaningful_change_on", _D, "Latest day stage, close date or amount changed; creation counts."),
    Field("next_activity_on", _D, "Day of the next planned activity."),
    Field("stage_age_limit_days", _I, "Days in stage above which the deal is slow; null where off.", unit="days"),
    Field("contact_count", _I, "People on the deal.", low=0),
    Field("has_decision_maker", _B, "Someone on the deal has a decision-maker role."),
    Field("has_placeholder_close_date", _B, "The source holds a close date that nobody means."),
    Field("criteria_met", _I, "Qualification criteria met.", low=0),
    Field("criteria_unmet", _I, "Qualification criteria known not to be met.", low=0),
    Field("criteria_unknown", _I, "Qualification criteria nobody has answered.", low=0),
    Field(
        "missing_criteria",
        _T,
        "Criteria the stage requires that are not met or unknown, comma separated; empty if none.",
    ),
    Field("missing_criteria_count", _I, "Criteria the stage requires that are not met or unknown.", low=0),
    Field("criteria", Kind.JSON, "Each criterion: met, not_met or unknown, with the evidence field and its value."),
)

_CLASSES = (
    Field("claimed_class", _T, "Class the sources claim, in shared words; null where they claim none."),
    Field("lifecycle_class", _T, "Where the person stands under the definitions.", values=words.PERSON_CLASS),
    Field("lifecycle_class_since", _D, "As-of date of the run that first gave the class."),
    Field("pipeline_class", _T, "Where the deal stands under the definitions.", values=words.OPPORTUNITY_CLASS),
    Field("pipeline_class_since", _D, "As-of date of the run that first gave the class."),
    Field("class_reasons", _T, "Each class tried, in order, with its answer: dead=false; sql=unknown; lead=true."),
    Field("is_forecast_eligible", _B, "The class counts in the forecast."),
    Field("is_win_rate_eligible", _B, "Closed, and neither duplicate nor unqualified."),
)

FIELDS: dict[str, Field] = {
    field.name: field
    for group in (
        _RECORD, _IDS, _PERSON, _QUALIFICATION, _ACCOUNT, _OPPORTUNITY, _ACTIVITY, _GOLDEN, _FACETS, _CLASSES,
        HISTORY, OPERATIONS,
    )
    for field in group
}  # fmt: skip


def fields(names: str) -> tuple[Field, ...]:
    """Look up fields by their names, separated by white space.

    >>> [field.kind.value for field in fields("close_date amount")]
    ['day', 'money']
    """
    return tuple(FIELDS[name] for name in names.split())
