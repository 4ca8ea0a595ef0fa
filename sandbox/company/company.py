"""The company: the true people and firms, and every record its two systems hold of them, as one immutable value."""

from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl

from sandbox.company.activities import TASKS_A_PERSON, holders, salesforce_events, salesforce_tasks
from sandbox.company.chance import Dice
from sandbox.company.contacts import hubspot_contacts
from sandbox.company.deals import hubspot_deals
from sandbox.company.firms import hubspot_companies, salesforce_accounts, true_firms, with_dealings
from sandbox.company.leads import salesforce_contacts, salesforce_leads
from sandbox.company.links import (
    contact_roles,
    counted_contacts,
    deal_links,
    with_conversions,
    with_dealing,
    with_primary_contact,
    with_salesforce_ids,
    work_links,
)
from sandbox.company.moments import last_change_before
from sandbox.company.opportunities import opportunities
from sandbox.company.owners import hubspot_owners, salesforce_queues, salesforce_users, salespeople
from sandbox.company.people import true_people
from sandbox.company.stages import salesforce_stages
from sandbox.company.true_deals import how_many, true_deals

Tables = dict[str, pl.DataFrame]


@dataclass(frozen=True, slots=True, kw_only=True)
class Company:
    """A company as it stands at the end of a week; `life.next_week` gives the next one."""

    dice: Dice
    as_of: date
    week: int
    people: pl.DataFrame
    firms: pl.DataFrame
    deal_count: int
    reps: pl.DataFrame
    hubspot: Tables
    salesforce: Tables
    links: pl.DataFrame

    @property
    def last_change(self) -> int:
        """Latest moment (ms since 1970, UTC) at which any record may have changed."""
        return last_change_before(self.as_of)


def found(people: int, seed: int, as_of: date) -> Company:
    """Make the company of `people` true people as it stands on the morning of `as_of`."""
    dice, last = Dice(seed), last_change_before(as_of)
    reps = salespeople(people, dice, last)
    bare_firms = true_firms(people, dice, last)
    deals = true_deals(np.arange(how_many(people), dtype=np.int64), bare_firms, reps, dice, last)
    firms = with_dealings(bare_firms, deals)
    persons = true_people(np.arange(people, dtype=np.int64), firms, dice, last)
    accounts = salesforce_accounts(firms, reps, dice, last)
    opps = opportunities(deals, accounts, reps, dice, last)
    sf_contacts = salesforce_contacts(persons, accounts, reps, dice, last)
    roles = contact_roles(opps, sf_contacts, dice)
    opps = with_primary_contact(opps, roles)
    persons = with_dealing(persons, firms, opps, roles, sf_contacts)
    leads = with_conversions(salesforce_leads(persons, reps, dice, last), sf_contacts, opps, dice)
    companies = hubspot_companies(firms, accounts, reps, dice, last)
    contacts = with_salesforce_ids(hubspot_contacts(persons, companies, reps, dice, last), leads, sf_contacts, dice)
    hs_deals = hubspot_deals(deals, opps, reps, dice, last)
    links = pl.concat([deal_links(contacts, companies, hs_deals, dice), work_links(contacts)])
    held = holders(persons, leads, sf_contacts)
    return Company(
        dice=dice,
        as_of=as_of,
        week=0,
        people=persons,
        firms=firms,
        deal_count=deals.height,
        reps=reps,
        hubspot={
            "contacts": contacts,
            "companies": companies,
            "deals": counted_contacts(hs_deals, links),
            "owners": hubspot_owners(reps),
        },
        salesforce={
            "Lead": leads,
            "Contact": sf_contacts,
            "Account": accounts,
            "Opportunity": opps,
            "OpportunityContactRole": roles,
            "Task": salesforce_tasks(held, opps, round(people * TASKS_A_PERSON), dice, last),
            "Event": salesforce_events(held, dice, last),
            "User": salesforce_users(reps),
            "Group": salesforce_queues(last),
            "OpportunityStage": salesforce_stages(last),
        },
        links=links,
    )
