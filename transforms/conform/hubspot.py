"""HubSpot records to canonical ones (property names as HubSpot documents them; every value arrives as text).

Facts relied on (HubSpot developer docs): `closedate` is a UTC moment, so the portal's zone is applied before the day is
taken; stage ids belong to a portal; a merge leaves its losers only in `hs_merged_object_ids` of the survivor; calendar
properties such as a purchase date are midnight UTC and are not shifted.
"""

import polars as pl

from definitions.schema.column import Kind
from definitions.schema.columns import COLUMNS
from definitions.schema.records import ACCOUNT, OPPORTUNITY, OWNER, PERSON
from transforms.conform.conformed import Conformed
from transforms.conform.hubspot_activities import PROPERTIES as ACTIVITY_PROPERTIES
from transforms.conform.hubspot_activities import unreadable_moves
from transforms.conform.hubspot_merges import with_merges
from transforms.conform.meaning import Meaning
from transforms.conform.raw import decoded
from transforms.conform.typed import Vocabulary, translated, typed
from transforms.step import ROW, step
from transforms.values.dates import day_in_zone, moment

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

_CONTACT = {
    "email": "email",
    "first_name": "firstname",
    "last_name": "lastname",
    "title": "jobtitle",
    "company_name": "company",
    "domain": "website",
    "source_country": "country",
    "lead_source": "hs_analytics_source",
    "source_status": "hs_lead_status",
    "source_lifecycle_stage": "lifecyclestage",
    "has_opted_out_of_email": "hs_email_optout",
    "mql_at": "hs_lifecyclestage_marketingqualifiedlead_date",
    "sales_accepted_at": "hs_lifecyclestage_salesqualifiedlead_date",
    "last_activity_at": "notes_last_updated",
}
_COMPANY = {
    "name": "name",
    "domain": "domain",
    "industry": "industry",
    "employees": "numberofemployees",
    "annual_revenue": "annualrevenue",
    "source_country": "country",
    "phone": "phone",
}
_DEAL = {
    "name": "dealname",
    "pipeline_id": "pipeline",
    "source_stage": "dealstage",
    "opportunity_type": "dealtype",
    "amount": "amount",
    "probability": "hs_deal_stage_probability",
    "source_forecast_category": "hs_manual_forecast_category",
    "last_stage_change_at": "hs_v2_date_entered_current_stage",
    "next_step": "hs_next_step",
    "next_activity_at": "notes_next_activity_date",
    "last_activity_at": "notes_last_updated",
    "loss_reason": "closed_lost_reason",
    "is_closed": "hs_is_closed",
    "is_won": "hs_is_closed_won",
}
_ALSO = {
    "contact": (
        "phone mobilephone associatedcompanyid hubspot_owner_id hs_merged_object_ids salesforcecontactid "
        "salesforceleadid hs_email_hard_bounce_reason_enum"
    ),
    "company": "hubspot_owner_id hs_parent_company_id hs_merged_object_ids salesforceaccountid lifecyclestage website",
    "deal": "closedate deal_currency_code hubspot_owner_id hs_merged_object_ids hs_salesforceopportunityid",
}


def properties(object_name: str, meaning: Meaning) -> list[str]:
    """Every property of an object that its conform reads, the configured custom ones too."""
    plain = {"contact": _CONTACT, "company": _COMPANY, "deal": _DEAL}[object_name]
    moves = list(ACTIVITY_PROPERTIES) if object_name == "contact" else []
    custom = list(meaning.fields.get(object_name, {}).values())
    return sorted({*plain.values(), *_ALSO[object_name].split(), *moves, *custom})


@step(partition_by=ROW)
def opened(state: pl.LazyFrame, meaning: Meaning, *, object_name: str) -> pl.LazyFrame:
    """One row a record: what the state knows, `createdAt`, `updatedAt` and each property as a text column.

    The state comes with `survivor` (`hubspot_merges.with_survivors`) and the flag history of each record.
    """
    names = properties(object_name, meaning)
    shape = pl.Struct(
        {"createdAt": pl.String, "updatedAt": pl.String, "properties": pl.Struct(dict.fromkeys(names, pl.String))}
    )
    return decoded(state, shape, beside=("survivor", "flag_set_at")).unnest("properties")


def _shared(object_name: str, meaning: Meaning, plain: dict[str, str]) -> dict[str, pl.Expr]:
    """Columns that every HubSpot object has, and its plain ones under their canonical names."""
    chosen = {**plain, **meaning.fields.get(object_name, {})}
    url = meaning.record_url.get(object_name)
    return {
        "source_created_at": pl.col("createdAt"),
        "source_updated_at": pl.col("updatedAt"),
        "source_url": pl.lit(None, pl.String) if url is None else pl.format(url, pl.col("source_id")),
        "owner_key": _key(meaning.source, "owner", "hubspot_owner_id"),
        **{name: _as_told(name, pl.col(column)) for name, column in chosen.items()},
    }


def _as_told(name: str, column: pl.Expr) -> pl.Expr:
    """Take the day of a calendar property as it stands; a property with a time of day, and all others, are left as is.

    HubSpot keeps a calendar day as its midnight in UTC, wherever the portal is.
    """
    if name not in COLUMNS or COLUMNS[name].kind is not Kind.DAY:
        return column
    at = moment(column)
    is_midnight = at == at.dt.truncate("1d")
    return pl.when(is_midnight).then(at.dt.date().cast(pl.String)).otherwise(column)


def _key(source: str | None, object_name: str, column: str) -> pl.Expr:
    """Record key of the object a column points to; null where the column is null or blank."""
    if source is None:
        return pl.lit(None, pl.String)
    filled = pl.col(column).str.strip_chars()
    return pl.when(filled != "").then(pl.concat_str(pl.lit(f"{source}:{object_name}:"), filled))


def _same_as(*keys: pl.Expr) -> pl.Expr:
    return pl.concat_list(keys).list.drop_nulls()


def contacts(text: pl.LazyFrame, meaning: Meaning) -> Conformed:
    """Opened contacts to persons."""
    statuses = Vocabulary("source_status", {**LEAD_STATUSES, **meaning.statuses})
    stages = Vocabulary("source_lifecycle_stage", {**LIFECYCLE_CLAIMS, **meaning.lifecycle_stages})
    claimed = stages.expr(pl.col("lifecyclestage"))
    told = text.with_columns(
        **_shared("contact", meaning, _CONTACT),
        phone=pl.coalesce(_filled("phone"), _filled("mobilephone")),
        account_key=_key(meaning.source, "company", "associatedcompanyid"),
        same_as_keys=_same_as(
            _key(meaning.twin, "contact", "salesforcecontactid"), _key(meaning.twin, "lead", "salesforceleadid")
        ),
        # HubSpot tells that mail bounced, not when: no later than the first version that showed it.
        email_bounced_at=pl.when(_filled("hs_email_hard_bounce_reason_enum").is_not_null()).then(
            pl.coalesce(pl.col("flag_set_at").list.first(), "version_at")
        ),
        origin_activity_type=translated(pl.col("hs_analytics_source"), meaning.origins),
        lead_status=statuses.expr(pl.col("hs_lead_status")),
        claimed_class=claimed,
        claims_customer=(claimed == "customer").cast(pl.String),
    )
    return typed(
        with_merges(told, meaning.source, "contact"),
        PERSON,
        meaning,
        object_name="contact",
        stream="contacts",
        vocabularies=(statuses, stages),
        faults=unreadable_moves(),
    )


def companies(text: pl.LazyFrame, meaning: Meaning) -> Conformed:
    """Opened companies to accounts."""
    claimed = translated(pl.col("lifecyclestage"), {**LIFECYCLE_CLAIMS, **meaning.lifecycle_stages})
    told = text.with_columns(
        **_shared("company", meaning, _COMPANY),
        parent_key=_key(meaning.source, "company", "hs_parent_company_id"),
        same_as_keys=_same_as(_key(meaning.twin, "account", "salesforceaccountid")),
        claims_customer=(claimed == "customer").cast(pl.String),
    )
    told = told.with_columns(domain=pl.coalesce(_filled("domain"), _filled("website")))
    return typed(
        with_merges(told, meaning.source, "company"), ACCOUNT, meaning, object_name="company", stream="companies"
    )


def deals(text: pl.LazyFrame, meaning: Meaning) -> Conformed:
    """Opened deals to opportunities, every landed version of them."""
    categories = Vocabulary("source_forecast_category", FORECAST_CATEGORIES)
    stage = Vocabulary("source_stage", meaning.stages, scope="pipeline_id")
    closes = moment(pl.col("closedate"))
    told = text.with_columns(
        **_shared("deal", meaning, _DEAL),
        source_close_date=pl.coalesce(day_in_zone(closes, meaning.time_zone).cast(pl.String), pl.col("closedate")),
        closed_at=pl.when(pl.col("hs_is_closed").str.to_lowercase() == "true").then(pl.col("closedate")),
        same_as_keys=_same_as(_key(meaning.twin, "opportunity", "hs_salesforceopportunityid")),
        forecast_category=categories.expr(pl.col("hs_manual_forecast_category")),
        currency_code=pl.coalesce(_filled("deal_currency_code"), pl.lit(meaning.currency)),
    )
    return typed(
        with_merges(told, meaning.source, "deal"),
        OPPORTUNITY,
        meaning,
        object_name="deal",
        stream="deals",
        vocabularies=(categories, stage),
        keeps_versions=True,
    )


def owners(state: pl.LazyFrame, meaning: Meaning) -> Conformed:
    """Owners, deactivated ones too: HubSpot archives an owner who may no longer log in."""
    shape = pl.Struct(dict.fromkeys(("createdAt", "updatedAt", "email", "firstName", "lastName"), pl.String))
    text = decoded(state, shape).with_columns(
        source_created_at=pl.col("createdAt"),
        source_updated_at=pl.col("updatedAt"),
        owner_email=pl.col("email"),
        owner_name=pl.concat_str([_filled("firstName"), _filled("lastName")], separator=" ", ignore_nulls=True),
        is_active=(~pl.col("is_deleted")).cast(pl.String),
        is_queue=pl.lit("false"),
        # A deactivated owner still owns records: the person left, the record of them stays.
        is_deleted=pl.lit(value=False),
    )
    return typed(text, OWNER, meaning, object_name="owner", stream="owners")


def _filled(column: str) -> pl.Expr:
    """The column, with blanks as nulls."""
    trimmed = pl.col(column).str.strip_chars()
    return pl.when(trimmed != "").then(trimmed)
