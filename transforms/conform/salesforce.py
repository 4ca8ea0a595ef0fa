"""Salesforce records to canonical ones (field names of the Object Reference; custom fields by the configured map).

Facts relied on: a merge deletes the loser and names the winner in `MasterRecordId`; a converted lead names the contact,
account and, optionally, opportunity it became; `Probability` is 0 to 100; an owner id starting with 00G is a queue.
"""

import polars as pl

from definitions.schema.records import ACCOUNT, OPPORTUNITY, OWNER, PERSON
from transforms.conform.conformed import Conformed
from transforms.conform.meaning import Meaning
from transforms.conform.raw import decoded
from transforms.conform.typed import Vocabulary, translated, typed

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
_SHARED = {"source_created_at": "CreatedDate", "source_updated_at": "SystemModstamp"}
_PERSON = {
    "email": "Email",
    "first_name": "FirstName",
    "last_name": "LastName",
    "title": "Title",
    "lead_source": "LeadSource",
    "has_opted_out_of_email": "HasOptedOutOfEmail",
    "do_not_call": "DoNotCall",
    "email_bounced_at": "EmailBouncedDate",
    "last_activity_at": "LastActivityDate",
}
_LEAD = {
    **_PERSON,
    "company_name": "Company",
    "domain": "Website",
    "source_country": "Country",
    "source_status": "Status",
    "is_converted": "IsConverted",
    "converted_at": "ConvertedDate",
}
_CONTACT = {**_PERSON, "source_country": "MailingCountry"}
_ACCOUNT = {
    "name": "Name",
    "domain": "Website",
    "industry": "Industry",
    "employees": "NumberOfEmployees",
    "annual_revenue": "AnnualRevenue",
    "source_country": "BillingCountry",
    "phone": "Phone",
}
_OPPORTUNITY = {
    "name": "Name",
    "pipeline_id": "RecordTypeId",
    "source_stage": "StageName",
    "opportunity_type": "Type",
    "amount": "Amount",
    "source_forecast_category": "ForecastCategory",
    "source_close_date": "CloseDate",
    "last_stage_change_at": "LastStageChangeDate",
    "next_step": "NextStep",
    "last_activity_at": "LastActivityDate",
    "push_count": "PushCount",
    "lead_source": "LeadSource",
    "is_closed": "IsClosed",
    "is_won": "IsWon",
}
_ALSO = {
    "lead": "Phone MobilePhone OwnerId MasterRecordId ConvertedContactId ConvertedAccountId ConvertedOpportunityId",
    "contact": "Phone MobilePhone OwnerId MasterRecordId AccountId",
    "account": "OwnerId MasterRecordId ParentId Type",
    "opportunity": "OwnerId AccountId CurrencyIsoCode Probability CloseDate",
    "user": "Name Email IsActive ManagerId Department",
}


def opened(state: pl.LazyFrame, object_name: str, plain: dict[str, str], meaning: Meaning) -> pl.LazyFrame:
    """One row a record version with each field, as text, under Salesforce's name and under its canonical one."""
    chosen = {**_SHARED, **plain, **meaning.fields.get(object_name, {})}
    names = sorted({*chosen.values(), *_ALSO[object_name].split()})
    url = meaning.record_url.get(object_name)
    return decoded(state, pl.Struct(dict.fromkeys(names, pl.String))).with_columns(
        source_url=pl.lit(None, pl.String) if url is None else pl.format(url, pl.col("source_id")),
        **{name: pl.col(column) for name, column in chosen.items()},
    )


def _key(meaning: Meaning, object_name: str, column: str) -> pl.Expr:
    """Record key of the object an id column points to; null where the id is null or blank."""
    filled = pl.col(column).str.strip_chars()
    return pl.when(filled != "").then(pl.concat_str(pl.lit(f"{meaning.source}:{object_name}:"), filled))


def owner_key(meaning: Meaning) -> pl.Expr:
    """Record key of the owner: a user, or a queue, which no user record stands for."""
    kind = pl.when(pl.col("OwnerId").str.starts_with("00G")).then(pl.lit("queue")).otherwise(pl.lit("user"))
    filled = _filled("OwnerId")
    return pl.when(filled.is_not_null()).then(pl.concat_str(pl.lit(f"{meaning.source}:"), kind, pl.lit(":"), filled))


def _person(text: pl.LazyFrame, meaning: Meaning, object_name: str) -> pl.LazyFrame:
    """Columns that leads and contacts share."""
    return text.with_columns(
        phone=pl.coalesce(_filled("Phone"), _filled("MobilePhone")),
        owner_key=owner_key(meaning),
        merged_into_key=_key(meaning, object_name, "MasterRecordId"),
        origin_activity_type=translated(pl.col("LeadSource"), meaning.origins),
    )


def leads(state: pl.LazyFrame, meaning: Meaning) -> Conformed:
    """Leads to persons; a converted lead points to the contact it became."""
    statuses = Vocabulary("source_status", {**LEAD_STATUSES, **meaning.statuses})
    status = statuses.expr(pl.col("Status"))
    text = _person(opened(state, "lead", _LEAD, meaning), meaning, "lead").with_columns(
        converted_person_key=_key(meaning, "contact", "ConvertedContactId"),
        converted_account_key=_key(meaning, "account", "ConvertedAccountId"),
        converted_opportunity_key=_key(meaning, "opportunity", "ConvertedOpportunityId"),
        account_key=_key(meaning, "account", "ConvertedAccountId"),
        lead_status=status,
        claimed_class=translated(status, STATUS_CLAIMS),
        claims_customer=(status == "customer").cast(pl.String),
    )
    return typed(text, PERSON, meaning, object_name="lead", stream="lead", vocabularies=(statuses,))


def contacts(state: pl.LazyFrame, meaning: Meaning) -> Conformed:
    """Contacts to persons."""
    text = _person(opened(state, "contact", _CONTACT, meaning), meaning, "contact").with_columns(
        account_key=_key(meaning, "account", "AccountId")
    )
    return typed(text, PERSON, meaning, object_name="contact", stream="contact")


def accounts(state: pl.LazyFrame, meaning: Meaning) -> Conformed:
    """Accounts to accounts; a type that starts with Customer claims a customer."""
    text = opened(state, "account", _ACCOUNT, meaning).with_columns(
        parent_key=_key(meaning, "account", "ParentId"),
        owner_key=owner_key(meaning),
        merged_into_key=_key(meaning, "account", "MasterRecordId"),
        claims_customer=pl.col("Type").str.to_lowercase().str.starts_with("customer").cast(pl.String),
    )
    return typed(text, ACCOUNT, meaning, object_name="account", stream="account")


def opportunities(state: pl.LazyFrame, meaning: Meaning) -> Conformed:
    """Opportunities to opportunities, every landed version of them."""
    categories = Vocabulary("source_forecast_category", FORECAST_CATEGORIES)
    stages = Vocabulary("source_stage", meaning.stages, scope="pipeline_id")
    percent = pl.col("Probability").cast(pl.Float64, strict=False)
    is_closed = pl.col("IsClosed").str.to_lowercase() == "true"
    text = opened(state, "opportunity", _OPPORTUNITY, meaning).with_columns(
        account_key=_key(meaning, "account", "AccountId"),
        owner_key=owner_key(meaning),
        probability=pl.coalesce((percent / 100).round(6).cast(pl.String), _filled("Probability")),
        currency_code=pl.coalesce(_filled("CurrencyIsoCode"), pl.lit(meaning.currency)),
        forecast_category=categories.expr(pl.col("ForecastCategory")),
        # Salesforce has no closing time of its own; the close date of a closed deal is the day it was closed.
        closed_at=pl.when(is_closed).then(pl.col("CloseDate")),
    )
    return typed(
        text,
        OPPORTUNITY,
        meaning,
        object_name="opportunity",
        stream="opportunity",
        vocabularies=(categories, stages),
        keeps_versions=True,
    )


def users(state: pl.LazyFrame, meaning: Meaning) -> Conformed:
    """Users to owners."""
    plain = {"owner_name": "Name", "owner_email": "Email", "team": "Department"}
    text = opened(state, "user", plain, meaning).with_columns(
        is_active=_filled("IsActive"), is_queue=pl.lit("false"), manager_key=_key(meaning, "user", "ManagerId")
    )
    return typed(text, OWNER, meaning, object_name="user", stream="user")


def _filled(column: str) -> pl.Expr:
    """The column, with blanks as nulls."""
    trimmed = pl.col(column).str.strip_chars()
    return pl.when(trimmed != "").then(trimmed)
