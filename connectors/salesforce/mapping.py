"""Mapping of Salesforce fields to canonical ones (field names of the Object Reference; custom ones as configured).

Facts relied on: a merge deletes the loser and names the winner in `MasterRecordId`; a converted lead names the contact,
account and, optionally, opportunity it became; `Probability` is 0 to 100; the first three characters of an id name
the object (standard field record id prefixes), and an owner whose id starts with 00G is a queue.
"""

import polars as pl

from definitions.mapping.entries import (
    Entry,
    Vocabulary,
    computed,
    constant,
    currency,
    filled,
    first_of,
    is_true,
    reference,
    source_field,
    text,
    words,
)
from definitions.mapping.source_mapping import SourceMapping
from definitions.mapping.stream_mapping import StreamMapping, mapping_of
from definitions.schema.records import ACCOUNT, ACTIVITY, ASSOCIATION, OPPORTUNITY, OWNER, PERSON, STAGE

LEAD_STATUSES = {
    "open - not contacted": "new",
    "working - contacted": "working",
    "marketing qualified": "marketing_qualified",
    "sales accepted": "sales_accepted",
    "sales qualified": "sales_qualified",
    "nurture": "nurture",
    "closed - converted": "converted",
    "closed - not converted": "disqualified",
}
STATUS_CLAIMS = {
    "new": "lead",
    "open": "lead",
    "working": "lead",
    "marketing_qualified": "mql",
    "sales_accepted": "sal",
    "sales_qualified": "sql",
    "nurture": "recycled",
    "disqualified": "disqualified",
    "converted": "in_opportunity",
    "customer": "customer",
}
FORECAST_CATEGORIES = {
    "omitted": "omitted",
    "pipeline": "pipeline",
    "bestcase": "best_case",
    "mostlikely": "most_likely",
    "forecast": "commit",
    "closed": "closed",
}
ACTIVITY_TYPES = {"call": "call", "email": "email", "listemail": "list_email", "meeting": "meeting", "task": "task"}
STATUS = Vocabulary(LEAD_STATUSES, settings="statuses")
FORECAST = Vocabulary(FORECAST_CATEGORIES)
STAGES = Vocabulary(settings="stages", scope="pipeline_id")

_LEAD_STATUS = words("Status", STATUS)
# Activity type of a task whose type the settings list as inbound; null for others.
_INBOUND = words("Type", Vocabulary(settings="activity_types"))
_CHANGED = mapping_of(source_created_at=text("CreatedDate"), source_updated_at=text("SystemModstamp"))
_OWNER = reference("OwnerId", to={"00G": "queue", "": "user"})
_PERSON = mapping_of(
    **_CHANGED,
    email=text("Email"),
    first_name=text("FirstName"),
    last_name=text("LastName"),
    title=text("Title"),
    phone=text("Phone", "MobilePhone"),
    lead_source=text("LeadSource"),
    origin_activity_type=words("LeadSource", Vocabulary(settings="origins")),
    owner_key=_OWNER,
    has_opted_out_of_email=text("HasOptedOutOfEmail"),
    do_not_call=text("DoNotCall"),
    email_bounced_at=text("EmailBouncedDate"),
    last_activity_at=text("LastActivityDate"),
)


def _percent(field: str) -> Entry:
    """A field that Salesforce keeps as 0 to 100 without a sign."""
    return computed(pl.concat_str(filled(field), pl.lit("%")))


LEAD = StreamMapping(
    kind=PERSON,
    object="lead",
    fields=mapping_of(
        **_PERSON,
        company_name=text("Company"),
        domain=text("Website"),
        source_country=text("Country"),
        source_status=text("Status", vocabulary=STATUS),
        lead_status=_LEAD_STATUS,
        claimed_class=words(_LEAD_STATUS, STATUS_CLAIMS),
        claims_customer=words(_LEAD_STATUS, {"customer": "true"}, other="false"),
        merged_into_key=reference("MasterRecordId", to="lead"),
        is_converted=text("IsConverted"),
        converted_at=text("ConvertedDate"),
        converted_person_key=reference("ConvertedContactId", to="contact"),
        converted_account_key=reference("ConvertedAccountId", to="account"),
        converted_opportunity_key=reference("ConvertedOpportunityId", to="opportunity"),
        account_key=reference("ConvertedAccountId", to="account"),
    ),
)
CONTACT = StreamMapping(
    kind=PERSON,
    object="contact",
    fields=mapping_of(
        **_PERSON,
        source_country=text("MailingCountry"),
        account_key=reference("AccountId", to="account"),
        merged_into_key=reference("MasterRecordId", to="contact"),
    ),
)
ACCOUNTS = StreamMapping(
    kind=ACCOUNT,
    object="account",
    fields=mapping_of(
        **_CHANGED,
        name=text("Name"),
        domain=text("Website"),
        industry=text("Industry"),
        employees=text("NumberOfEmployees"),
        annual_revenue=text("AnnualRevenue"),
        source_country=text("BillingCountry"),
        phone=text("Phone"),
        parent_key=reference("ParentId", to="account"),
        owner_key=_OWNER,
        merged_into_key=reference("MasterRecordId", to="account"),
        claims_customer=computed(source_field("Type").str.to_lowercase().str.starts_with("customer")),
    ),
)
OPPORTUNITIES = StreamMapping(
    kind=OPPORTUNITY,
    object="opportunity",
    fields=mapping_of(
        **_CHANGED,
        name=text("Name"),
        pipeline_id=text("RecordTypeId"),
        opportunity_type=text("Type"),
        amount=text("Amount"),
        currency_code=currency("CurrencyIsoCode"),
        probability=_percent("Probability"),
        source_forecast_category=text("ForecastCategory", vocabulary=FORECAST),
        forecast_category=words("ForecastCategory", FORECAST),
        source_stage=text("StageName", vocabulary=STAGES),
        source_close_date=text("CloseDate"),
        is_closed=text("IsClosed"),
        is_won=text("IsWon"),
        # Salesforce has no closing time of its own; the close date of a closed deal is the day it was closed.
        closed_at=computed(pl.when(is_true("IsClosed")).then(source_field("CloseDate"))),
        last_stage_change_at=text("LastStageChangeDate"),
        next_step=text("NextStep"),
        last_activity_at=text("LastActivityDate"),
        push_count=text("PushCount"),
        lead_source=text("LeadSource"),
        account_key=reference("AccountId", to="account"),
        owner_key=_OWNER,
    ),
    extras=("ForecastCategoryName", "HasOpenActivity"),
)
USER = StreamMapping(
    kind=OWNER,
    object="user",
    fields=mapping_of(
        **_CHANGED,
        owner_name=text("Name"),
        owner_email=text("Email"),
        team=text("Department"),
        is_active=text("IsActive"),
        is_queue=constant(value=False),
        manager_key=reference("ManagerId", to="user"),
    ),
)


def _stages_of_record_types(stages: pl.DataFrame, source: SourceMapping) -> pl.DataFrame:
    """Return a row per stage that the settings name `record type/stage`, unless it is a plain stage with a slash.

    Salesforce has one list of stages for all record types.
    """
    by_record_type = [stages.clear()]
    for key, canonical in source.stages.items():
        record_type, slash, stage = key.partition("/")
        named = stages.filter(pl.col("source_stage").str.to_lowercase() == stage.strip().lower(), pl.lit(bool(slash)))
        by_record_type.append(
            named.with_columns(
                pl.concat_str("record_key", pl.lit(f"/{record_type}")),
                pl.concat_str("source_id", pl.lit(f"/{record_type}")),
                pipeline_id=pl.lit(record_type),
                canonical_stage=pl.lit(canonical),
            )
        )
    return pl.concat(by_record_type)


STAGE_LIST = StreamMapping(
    kind=STAGE,
    object="stage",
    fields=mapping_of(
        **_CHANGED,
        source_stage=text("ApiName", "MasterLabel"),
        stage_name=text("MasterLabel"),
        display_order=text("SortOrder"),
        canonical_stage=words(text("ApiName", "MasterLabel"), STAGES),
        probability=_percent("DefaultProbability"),
        forecast_category=words("ForecastCategory", FORECAST),
        is_closed=text("IsClosed"),
        is_won=text("IsWon"),
    ),
    extras=("ForecastCategoryName", "IsActive"),
    derived_rows=_stages_of_record_types,
)
CONTACT_ROLE = StreamMapping(
    kind=ASSOCIATION,
    object="contact_role",
    fields=mapping_of(
        **_CHANGED,
        association_type=constant("opportunity_person"),
        from_key=reference("OpportunityId", to="opportunity"),
        to_key=reference("ContactId", to="contact"),
        role=text("Role"),
        is_primary=first_of(text("IsPrimary"), constant("false")),
    ),
)
# A task is outbound unless its type is configured as inbound: Salesforce stores no direction on a task.
TASK = StreamMapping(
    kind=ACTIVITY,
    object="task",
    fields=mapping_of(
        **_CHANGED,
        activity_type=first_of(_INBOUND, words("TaskSubtype", ACTIVITY_TYPES), constant("task")),
        direction=first_of(words(_INBOUND, {}, other="inbound"), constant("outbound")),
        is_completed=text("IsClosed"),
        is_inferred=constant(value=False),
        occurred_at=computed(
            pl.when(is_true("IsClosed")).then(
                pl.coalesce(*(source_field(name) for name in ("CompletedDateTime", "ActivityDate", "CreatedDate")))
            )
        ),
        due_at=text("ActivityDate"),
        person_key=reference("WhoId", to={"00Q": "lead", "003": "contact"}),
        account_key=reference("WhatId", to={"001": "account"}),
        opportunity_key=reference("WhatId", to={"006": "opportunity"}),
        owner_key=_OWNER,
    ),
    extras=("Status",),
)
