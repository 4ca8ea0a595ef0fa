"""HubSpot: what is pulled, with which properties. How it is walked stands in the files this one names."""

import msgspec

from connectors.http.client import Http
from connectors.http.request import Call
from connectors.hubspot.account import Account, open_http
from connectors.hubspot.associations import association_pages
from connectors.hubspot.lists import archived_and_restored_pages, archived_pages, live_pages, whole_list
from connectors.hubspot.responses import Properties, association_identity, object_identity, simple_identity
from connectors.hubspot.search import changed_pages
from connectors.stream import Pass, Prepared, Stream, When, names
from definitions.errors import ConfigurationError
from definitions.schema.records import ACCOUNT, ASSOCIATION, OPPORTUNITY, OWNER, PERSON, STAGE, RecordKind

__all__ = ["STREAMS", "Account", "open_http"]

CONTACT_PROPERTIES = names(
    """email firstname lastname phone mobilephone jobtitle company website country lifecyclestage hs_lead_status
    hubspot_owner_id associatedcompanyid createdate lastmodifieddate hs_merged_object_ids hs_email_optout
    hs_email_hard_bounce_reason_enum hs_email_bounce hs_analytics_source recent_conversion_event_name
    recent_conversion_date first_conversion_event_name first_conversion_date hs_email_last_open_date
    hs_email_last_click_date hs_sales_email_last_replied hs_analytics_last_visit_timestamp notes_last_contacted
    notes_last_updated notes_next_activity_date hs_lifecyclestage_lead_date
    hs_lifecyclestage_marketingqualifiedlead_date hs_lifecyclestage_salesqualifiedlead_date
    hs_lifecyclestage_opportunity_date hs_lifecyclestage_customer_date salesforceleadid salesforcecontactid"""
)
COMPANY_PROPERTIES = names(
    """name domain website industry numberofemployees annualrevenue country phone hubspot_owner_id lifecyclestage
    hs_parent_company_id createdate hs_lastmodifieddate hs_merged_object_ids salesforceaccountid"""
)
DEAL_PROPERTIES = names(
    """dealname amount deal_currency_code closedate createdate dealstage pipeline dealtype hubspot_owner_id
    hs_lastmodifieddate hs_deal_stage_probability hs_manual_forecast_category hs_next_step notes_last_updated
    notes_last_contacted notes_next_activity_date hs_v2_date_entered_current_stage closed_lost_reason
    num_associated_contacts hs_is_closed hs_is_closed_won hs_merged_object_ids hs_salesforceopportunityid"""
)
_USUAL = {"contact": CONTACT_PROPERTIES, "company": COMPANY_PROPERTIES, "deal": DEAL_PROPERTIES}
_PROPERTIES = msgspec.json.Decoder(Properties)


def check_properties(stream: Stream[Account], account: Account, http: Http) -> Prepared:
    """Choose the properties to ask for: the usual ones this account has, and every configured one.

    Raises `ConfigurationError` naming the configured properties the account lacks: HubSpot would not, and their values
    would stay unknown for ever.
    """
    kind = stream.remote.rpartition("/")[2]
    answer = http.ask(Call(stream=stream.name, path=account.path("properties", f"/{kind}")), _PROPERTIES)
    there = {named.name for named in answer.value.results}
    custom = account.properties.get(stream.source_object, ())
    if missing := sorted(set(custom) - there):
        raise ConfigurationError(
            f"{account.name}: {stream.name}: no such property: {', '.join(missing)}. Correct the field map (it wants "
            "the internal name), or create the property."
        )
    usual = _USUAL[stream.source_object]
    absent = sorted(set(usual) - there)
    return Prepared(
        fields=tuple(dict.fromkeys(name for name in (*usual, *custom) if name in there)),
        notes=(f"properties this account does not have: {', '.join(absent)}",) if absent else (),
        source_now=answer.source_now,
    )


def _crm_object(
    name: str, source_object: str, kind: RecordKind, modified: str, flag: tuple[str, ...] = ()
) -> Stream[Account]:
    return Stream(
        name=name,
        source_object=source_object,
        kind=kind,
        remote=f"objects/{name}",
        identify=object_identity(modified),
        id_path=("id",),
        version_path=("updatedAt",),
        deleted_path=("archived",),
        flag_path=flag,
        modified=modified,
        prepare=check_properties,
        passes=(
            # What is restored meanwhile is then in both lists; in the other order it would be in none.
            Pass(name="archive", when=When.FIRST, pages=archived_pages),
            Pass(name="list", when=When.FIRST, pages=live_pages),
            Pass(name="changes", when=When.AGAIN, pages=changed_pages),
            Pass(name="archived", when=When.AGAIN, pages=archived_and_restored_pages),
        ),
    )


def _association(name: str, source_object: str, remote: str, after: str) -> Stream[Account]:
    return Stream(
        name=name,
        source_object=source_object,
        kind=ASSOCIATION,
        remote=remote,
        identify=association_identity,
        id_path=("from", "id"),
        after=after,
        passes=(Pass(name="associations", when=When.ALWAYS, pages=association_pages),),
    )


CONTACTS = _crm_object(
    "contacts", "contact", PERSON, "lastmodifieddate", flag=("properties", "hs_email_hard_bounce_reason_enum")
)
COMPANIES = _crm_object("companies", "company", ACCOUNT, "hs_lastmodifieddate")
DEALS = _crm_object("deals", "deal", OPPORTUNITY, "hs_lastmodifieddate")
OWNERS = Stream(
    name="owners",
    source_object="owner",
    kind=OWNER,
    remote="owners",
    identify=simple_identity,
    id_path=("id",),
    version_path=("updatedAt",),
    deleted_path=("archived",),
    passes=(
        Pass(name="active", when=When.ALWAYS, pages=live_pages),
        Pass(name="deactivated", when=When.ALWAYS, pages=archived_pages),
    ),
)
PIPELINES = Stream(
    name="pipelines",
    source_object="stage",
    kind=STAGE,
    remote="pipelines/deals",
    identify=simple_identity,
    id_path=("id",),
    version_path=("updatedAt",),
    deleted_path=("archived",),
    passes=(Pass(name="all", when=When.ALWAYS, pages=whole_list),),
)
STREAMS: tuple[Stream[Account], ...] = (
    OWNERS,
    PIPELINES,
    COMPANIES,
    CONTACTS,
    DEALS,
    _association("contacts_companies", "contact_company", "contacts/companies", "contacts"),
    _association("deals_companies", "deal_company", "deals/companies", "deals"),
    _association("deals_contacts", "deal_contact", "deals/contacts", "deals"),
)
"""In an order that pulls a stream after the one it follows (`Stream.after`)."""
