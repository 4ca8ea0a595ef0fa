"""Mapping of HubSpot fields to canonical ones (property names as documented by HubSpot; every value is text).

Facts relied on (HubSpot developer docs): `closedate` is a UTC moment, so the portal's zone is applied before the day is
taken; stage ids belong to a portal; a merge leaves its losers only in `hs_merged_object_ids` of the survivor; calendar
properties such as a purchase date are midnight UTC and are not shifted.
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
    linked,
    reference,
    source_field,
    text,
    words,
)
from definitions.mapping.stream_mapping import DatedActivity, ListItems, StreamMapping, mapping_of, record_id
from definitions.schema.records import ACCOUNT, ASSOCIATION, OPPORTUNITY, OWNER, PERSON, STAGE, RecordKind

LEAD_STATUSES = {
    "new": "new",
    "open": "open",
    "in_progress": "working",
    "open_deal": "converted",
    "unqualified": "disqualified",
    "attempted_to_contact": "working",
    "connected": "working",
    "bad_timing": "nurture",
}
LIFECYCLE_CLAIMS = {
    "subscriber": "inquiry",
    "lead": "lead",
    "marketingqualifiedlead": "mql",
    "salesqualifiedlead": "sql",
    "opportunity": "in_opportunity",
    "customer": "customer",
    "evangelist": "customer",
    "other": "",
}
FORECAST_CATEGORIES = {
    "omit": "omitted",
    "omitted": "omitted",
    "pipeline": "pipeline",
    "best_case": "best_case",
    "bestcase": "best_case",
    "most_likely": "most_likely",
    "commit": "commit",
    "closed": "closed",
}
STATUS = Vocabulary(LEAD_STATUSES, settings="statuses")
LIFECYCLE = Vocabulary(LIFECYCLE_CLAIMS, settings="lifecycle_stages")
FORECAST = Vocabulary(FORECAST_CATEGORIES)
STAGES = Vocabulary(settings="stages", scope="pipeline_id")

_BOUNCE = "hs_email_hard_bounce_reason_enum"
_CLAIMED_CLASS = words("lifecyclestage", LIFECYCLE)
_CHANGED = mapping_of(source_created_at=text("createdAt"), source_updated_at=text("updatedAt"))


def _crm_object(
    kind: RecordKind,
    name: str,
    fields: dict[str, Entry],
    *,
    extras: tuple[str, ...],
    activities: tuple[DatedActivity, ...] = (),
    flag: str | None = None,
) -> StreamMapping:
    """Build the mapping of an object with properties."""
    return StreamMapping(
        kind=kind,
        object=name,
        fields={**_CHANGED, **fields},
        inside="properties",
        outside=("createdAt", "updatedAt"),
        extras=extras,
        merged_ids="hs_merged_object_ids",
        activities=activities,
        days_are_utc_midnights=True,
        flag=flag,
    )


CONTACT = _crm_object(
    PERSON,
    "contact",
    mapping_of(
        email=text("email"),
        further_emails=computed(filled("hs_additional_emails").str.split(";")),
        first_name=text("firstname"),
        last_name=text("lastname"),
        title=text("jobtitle"),
        phone=text("phone", "mobilephone"),
        company_name=text("company"),
        domain=text("website"),
        source_country=text("country"),
        lead_source=text("hs_analytics_source"),
        origin_activity_type=words("hs_analytics_source", Vocabulary(settings="origins")),
        owner_key=reference("hubspot_owner_id", to="owner"),
        account_key=reference("associatedcompanyid", to="company"),
        same_as_keys=linked(salesforcecontactid="contact", salesforceleadid="lead"),
        source_status=text("hs_lead_status", vocabulary=STATUS),
        lead_status=words("hs_lead_status", STATUS),
        source_lifecycle_stage=text("lifecyclestage", vocabulary=LIFECYCLE),
        claimed_class=_CLAIMED_CLASS,
        claims_customer=words(_CLAIMED_CLASS, {"customer": "true"}, other="false"),
        has_opted_out_of_email=text("hs_email_optout"),
        # HubSpot records that mail bounced, not when: no later than the first version with the flag.
        email_bounced_at=computed(
            pl.when(filled(_BOUNCE).is_not_null()).then(pl.coalesce(pl.col("flag_set_at").list.first(), "version_at"))
        ),
        mql_at=text("hs_lifecyclestage_marketingqualifiedlead_date"),
        sales_accepted_at=text("hs_lifecyclestage_salesqualifiedlead_date"),
        last_activity_at=text("notes_last_updated"),
    ),
    extras=(
        "createdate",
        "lastmodifieddate",
        "hs_email_bounce",
        "notes_next_activity_date",
        "hs_lifecyclestage_lead_date",
        "hs_lifecyclestage_opportunity_date",
        "hs_lifecyclestage_customer_date",
    ),
    activities=(
        DatedActivity("recent_conversion_date", "form_submission", "inbound", "recent_conversion_event_name"),
        DatedActivity("first_conversion_date", "form_submission", "inbound", "first_conversion_event_name"),
        DatedActivity("hs_email_last_click_date", "email_click", "inbound"),
        DatedActivity("hs_email_last_open_date", "email_open", "inbound"),
        DatedActivity("hs_sales_email_last_replied", "reply", "inbound"),
        DatedActivity("hs_analytics_last_visit_timestamp", "web_visit", "inbound"),
        DatedActivity("notes_last_contacted", "sales_touch", "outbound"),
    ),
    flag=_BOUNCE,
)
COMPANY = _crm_object(
    ACCOUNT,
    "company",
    mapping_of(
        name=text("name"),
        domain=text("domain", "website"),
        industry=text("industry"),
        employees=text("numberofemployees"),
        annual_revenue=text("annualrevenue"),
        source_country=text("country"),
        phone=text("phone"),
        parent_key=reference("hs_parent_company_id", to="company"),
        owner_key=reference("hubspot_owner_id", to="owner"),
        same_as_keys=linked(salesforceaccountid="account"),
        claims_customer=words(_CLAIMED_CLASS, {"customer": "true"}, other="false"),
    ),
    extras=("createdate", "hs_lastmodifieddate"),
)
DEAL = _crm_object(
    OPPORTUNITY,
    "deal",
    mapping_of(
        name=text("dealname"),
        pipeline_id=text("pipeline"),
        opportunity_type=text("dealtype"),
        amount=text("amount"),
        currency_code=currency("deal_currency_code"),
        probability=text("hs_deal_stage_probability"),
        source_forecast_category=text("hs_manual_forecast_category", vocabulary=FORECAST),
        forecast_category=words("hs_manual_forecast_category", FORECAST),
        source_stage=text("dealstage", vocabulary=STAGES),
        source_close_date=text("closedate"),
        is_closed=text("hs_is_closed"),
        is_won=text("hs_is_closed_won"),
        closed_at=computed(pl.when(is_true("hs_is_closed")).then(source_field("closedate"))),
        last_stage_change_at=text("hs_v2_date_entered_current_stage"),
        next_step=text("hs_next_step"),
        next_activity_at=text("notes_next_activity_date"),
        last_activity_at=text("notes_last_updated"),
        loss_reason=text("closed_lost_reason"),
        owner_key=reference("hubspot_owner_id", to="owner"),
        same_as_keys=linked(hs_salesforceopportunityid="opportunity"),
    ),
    extras=("createdate", "hs_lastmodifieddate", "notes_last_contacted", "num_associated_contacts"),
)
OWNERS = StreamMapping(
    kind=OWNER,
    object="owner",
    fields=mapping_of(
        **_CHANGED,
        owner_email=text("email"),
        owner_name=computed(pl.concat_str(filled("firstName"), filled("lastName"), separator=" ", ignore_nulls=True)),
        # HubSpot archives an owner who may no longer log in; the owner stays, inactive, for the records they own.
        is_active=computed(~pl.col("is_deleted")),
        is_queue=constant(value=False),
        is_deleted=constant(value=False),
    ),
)


def _stage_fields() -> dict[str, Entry]:
    """Map the fields of a pipeline stage; a closed stage with probability 1 is won."""
    is_closed = is_true("metadata.isClosed").fill_null(value=False)
    is_certain = source_field("metadata.probability").cast(pl.Float64, strict=False) == 1
    is_archived = (source_field("archived") == "true").fill_null(value=False)
    in_pipeline = computed(pl.concat_str("source_id", pl.lit("/"), source_field("id")))
    return mapping_of(
        **_CHANGED,
        source_stage=text("id"),
        stage_name=text("label"),
        pipeline_id=record_id(),
        display_order=text("displayOrder"),
        probability=text("metadata.probability"),
        canonical_stage=first_of(words(in_pipeline, STAGES), words("id", STAGES)),
        is_closed=computed(is_closed),
        is_won=computed((is_closed & is_certain).fill_null(value=False)),
        is_deleted=computed(pl.col("is_deleted") | is_archived),
    )


PIPELINES = StreamMapping(kind=STAGE, object="stage", each=ListItems(field="stages", id="id"), fields=_stage_fields())


def association(kind: str, from_object: str, to_object: str) -> StreamMapping:
    """Map the links between two objects. A response lists all links of a record, so the latest one is current.

    A label that contains "primary" marks the primary link; the first other label is the role.
    """
    labels = source_field("associationTypes").list.eval(pl.element().struct.field("label")).list.drop_nulls()
    is_primary_label = pl.element().str.to_lowercase().str.contains("primary", literal=True)
    return StreamMapping(
        kind=ASSOCIATION,
        object=f"{from_object}_{to_object}",
        each=ListItems(field="to", id="toObjectId"),
        shapes={"associationTypes": pl.List(pl.Struct({"label": pl.String}))},
        fields=mapping_of(
            association_type=constant(kind),
            from_key=reference(record_id(), to=from_object),
            to_key=reference("toObjectId", to=to_object),
            role=computed(labels.list.eval(pl.element().filter(~is_primary_label)).list.first()),
            is_primary=computed(labels.list.eval(is_primary_label).list.any().fill_null(value=False)),
        ),
    )


CONTACTS_COMPANIES = association("person_account", "contact", "company")
DEALS_COMPANIES = association("opportunity_account", "deal", "company")
DEALS_CONTACTS = association("opportunity_person", "deal", "contact")
