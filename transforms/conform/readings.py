"""Which function reads which stream of which vendor; the one list that ties the two together."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

import polars as pl

from transforms.conform import hubspot, hubspot_links, salesforce, salesforce_links
from transforms.conform.conformed import Conformed
from transforms.conform.hubspot_activities import contact_activities
from transforms.conform.meaning import Meaning

Read = Callable[[pl.LazyFrame, Meaning], Conformed]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """How one stream becomes canonical records of one kind.

    `keeps_versions`: the state keeps every version, for history. `revives`: the source gives a restored record its old
    change time again. `also` gives further records that are told by dates on
    the stream's own records, by kind. `explodes`: one landed record holds several canonical ones.
    """

    kind: str
    read: Read
    keeps_versions: bool = False
    revives: bool = False
    explodes: bool = False
    also: Mapping[str, Read] | None = None


_HUBSPOT = {
    "owners": Reading(kind="owner", read=hubspot.owners),
    "pipelines": Reading(kind="stage", read=hubspot_links.pipelines, explodes=True),
    "companies": Reading(kind="account", read=hubspot.companies, revives=True),
    "contacts": Reading(kind="person", read=hubspot.contacts, revives=True, also={"activity": contact_activities}),
    "deals": Reading(kind="opportunity", read=hubspot.deals, keeps_versions=True, revives=True),
    **{
        name: Reading(kind="association", read=partial(hubspot_links.associations, stream=name), explodes=True)
        for name in ("contacts_companies", "deals_companies", "deals_contacts")
    },
}
_SALESFORCE = {
    "user": Reading(kind="owner", read=salesforce.users),
    "opportunity_stage": Reading(kind="stage", read=salesforce_links.stages),
    "account": Reading(kind="account", read=salesforce.accounts),
    "lead": Reading(kind="person", read=salesforce.leads),
    "contact": Reading(kind="person", read=salesforce.contacts),
    "opportunity": Reading(kind="opportunity", read=salesforce.opportunities, keeps_versions=True),
    "opportunity_contact_role": Reading(kind="association", read=salesforce_links.contact_roles),
    "task": Reading(kind="activity", read=salesforce_links.tasks),
}
READINGS: Mapping[str, Mapping[str, Reading]] = {"hubspot": _HUBSPOT, "salesforce": _SALESFORCE}
