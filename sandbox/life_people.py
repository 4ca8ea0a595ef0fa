"""What happens to people in a week: some arrive, some ask for something, sales calls some, some leads are converted."""

from dataclasses import replace

import numpy as np
import polars as pl

from sandbox.activities import salesforce_tasks
from sandbox.chance import Dice
from sandbox.company import Company
from sandbox.contacts import hubspot_contacts
from sandbox.leads import salesforce_contacts, salesforce_leads
from sandbox.links import with_salesforce_ids, work_links
from sandbox.moments import MOMENT
from sandbox.people import true_people
from sandbox.trades import PASSIVE_FORMS, PROACTIVE_FORMS, RECYCLES
from sandbox.week import Week, live, marks, touch

ARRIVE = 0.004
# Share of HubSpot's contacts that fill in a form in a week, by story.
ASK = {
    "subscriber": 0.02,
    "download": 0.025,
    "asker": 0.03,
    "silent": 0.008,
    "list": 0.006,
    "nurture": 0.01,
    "worked": 0.02,
    "buyer": 0.01,
}
PROACTIVE_SHARE = 0.35
CALLED = 0.035
DECIDED = {"Sales Accepted": 0.45, "Nurture": 0.2, "Marketing Qualified": 0.35}
CONVERTED = 0.05
NEW_STORY = {"silent": "download", "worked": "asker", "buyer": "asker", "nurture": "download", "refused": "download"}
NEW_PATTERN = {"hc": "h", "hlc": "hl", "lc": "l", "c": "l"}


def newest(table: pl.DataFrame) -> int:
    """The highest number a table has given out."""
    return int(table["_rank"].max())  # type: ignore[arg-type]  # an integer column's maximum, typed as any literal


def people_arrive(company: Company, week: Week) -> Company:
    """New people, as HubSpot contacts, Salesforce leads or both, all created this week."""
    first = company.people.height
    ids = np.arange(first, first + max(4, round(first * ARRIVE)), dtype=np.int64)
    people = true_people(ids, company.firms, company.reps, company.dice, week.ends)
    born = week.times("arrives", ids)
    people = people.with_columns(
        story=pl.col("story").replace(NEW_STORY),
        pattern=pl.col("pattern").replace(NEW_PATTERN),
        born=born,
        outbound=pl.lit(None, dtype=MOMENT),
    ).with_columns(inbound=pl.when(pl.col("story") != "list").then("born"))
    hubspot, salesforce = company.hubspot, company.salesforce
    contacts = hubspot_contacts(
        people, hubspot["companies"], company.reps, company.dice, week.ends, after=newest(hubspot["contacts"])
    )
    leads = salesforce_leads(people, company.reps, company.dice, week.ends, after=newest(salesforce["Lead"]))
    contacts = with_salesforce_ids(contacts, leads, salesforce["Contact"].clear(), company.dice)
    return replace(
        company,
        people=pl.concat([company.people, people]),
        hubspot={**hubspot, "contacts": _stacked(hubspot["contacts"], contacts)},
        salesforce={**salesforce, "Lead": _stacked(salesforce["Lead"], leads)},
        links=pl.concat([company.links, work_links(contacts)]),
    )


def _stacked(table: pl.DataFrame, more: pl.DataFrame) -> pl.DataFrame:
    return pl.concat([table, more.select(table.columns).cast(dict(table.schema))])


def people_ask(company: Company, week: Week) -> Company:
    """Forms filled in on the website; some of those who had gone silent come back."""
    contacts = company.hubspot["contacts"]
    share = contacts["_story"].replace_strict(ASK, default=0.0, return_dtype=pl.Float64).to_numpy()
    drawn = company.dice.unit(week.salt("asks"), marks(contacts)) < share
    hit = pl.Series(drawn) & live() & (pl.col("_copy") == 0)
    ids = marks(contacts)
    proactive = pl.Series(week.happens(PROACTIVE_SHARE, "asks for something", contacts))
    form = (
        pl.when(proactive)
        .then(pl.lit(company.dice.pick(PROACTIVE_FORMS, week.salt("form"), ids)))
        .otherwise(pl.lit(company.dice.pick(PASSIVE_FORMS, week.salt("form"), ids)))
    )
    early = pl.col("lifecyclestage").is_in(["subscriber", "lead", "other"])
    story = pl.when(pl.col("_story").is_in(["silent", "list", "subscriber"])).then(
        pl.when(proactive).then(pl.lit("asker")).otherwise(pl.lit("download"))
    )
    values = {
        "recent_conversion_event_name": form,
        "recent_conversion_date": pl.col("_at"),
        "first_conversion_event_name": pl.coalesce("first_conversion_event_name", form),
        "first_conversion_date": pl.coalesce("first_conversion_date", "_at"),
        "num_conversion_events": pl.col("num_conversion_events") + 1,
        "hs_analytics_last_visit_timestamp": pl.col("_at"),
        "lifecyclestage": pl.when(early & proactive).then(pl.lit("marketingqualifiedlead")).otherwise("lifecyclestage"),
        "hs_lifecyclestage_marketingqualifiedlead_date": pl.when(early & proactive)
        .then("_at")
        .otherwise("hs_lifecyclestage_marketingqualifiedlead_date"),
        "_story": story.otherwise("_story"),
    }
    after = touch(contacts, hit, week, "asks", values)
    moved = after.filter(contacts.select(hit).to_series()).select(person="_entity", at="_modified", story="_story")
    return replace(
        company, hubspot={**company.hubspot, "contacts": after}, people=_retold(company.people, moved, "inbound")
    )


def _retold(people: pl.DataFrame, moved: pl.DataFrame, column: str) -> pl.DataFrame:
    """The people's stories after what `moved` says: column `column` at the moment, and the story if it changed."""
    news = moved.unique("person", keep="last", maintain_order=True).select("person", _at="at", _told="story")
    joined = people.join(news, on="person", how="left", maintain_order="left")
    return joined.with_columns(
        pl.max_horizontal(column, "_at").alias(column), story=pl.coalesce("_told", "story")
    ).drop("_at", "_told")


def sales_calls(company: Company, week: Week) -> Company:
    """Sales works some open leads: a task for each, a new status, and for marketing qualified ones a decision."""
    leads = company.salesforce["Lead"]
    hit = pl.Series(week.happens(CALLED, "called", leads)) & live() & (pl.col("_copy") == 0) & ~pl.col("IsConverted")
    hit = hit & pl.col("Status").is_in(["Open - Not Contacted", "Working - Contacted", "Marketing Qualified"])
    ids = marks(leads)
    decision = pl.when(pl.col("Status") == "Marketing Qualified").then(
        pl.lit(company.dice.weigh({**DECIDED}, week.salt("decision"), ids))
    )
    status = decision.otherwise(pl.lit("Working - Contacted"))
    accepted, recycled = status == "Sales Accepted", status == "Nurture"
    reasons = company.dice.pick(RECYCLES, week.salt("recycle"), ids)
    values = {
        "Status": status,
        "Sales_Accepted_Date__c": pl.when(accepted).then("_at").otherwise("Sales_Accepted_Date__c"),
        "Recycled_Date__c": pl.when(recycled).then("_at").otherwise("Recycled_Date__c"),
        "Recycle_Reason__c": pl.when(recycled).then(pl.lit(reasons)).otherwise("Recycle_Reason__c"),
        "LastActivityDate": pl.col("_at").dt.date(),
        "_story": pl.when(accepted).then(pl.lit("worked")).when(recycled).then(pl.lit("nurture")).otherwise("_story"),
    }
    after = touch(leads, hit, week, "called", values)
    worked = after.filter(leads.select(hit).to_series())
    moved = worked.select(person="_entity", at="_modified", story="_story")
    tasks = company.salesforce["Task"]
    held = worked.select(
        "OwnerId", person="_entity", pattern=pl.lit("h"), story=pl.lit("-"), born="_created", inbound=pl.lit(None, dtype=MOMENT),
        outbound="_modified", WhoId="Id", AccountId=pl.lit(None, dtype=pl.String),
    )  # fmt: skip
    more = salesforce_tasks(held, company.salesforce["Opportunity"], 0, dice_of(week), week.ends, after=newest(tasks))
    return replace(
        company,
        salesforce={**company.salesforce, "Lead": after, "Task": _stacked(tasks, more)},
        people=_retold(company.people, moved, "outbound"),
    )


def dice_of(week: Week) -> Dice:
    """Dice of the week's own, for makers that name their draws without it."""
    return replace(week.dice, seed=week.dice.seed * 1_000 + week.number)


def leads_convert(company: Company, week: Week) -> Company:
    """Some accepted leads become contacts, at their firm's account where there is one."""
    leads = company.salesforce["Lead"]
    hit = pl.Series(week.happens(CONVERTED, "converted", leads)) & live() & (pl.col("_copy") == 0)
    hit = hit & (pl.col("Status") == "Sales Accepted") & ~pl.col("IsConverted")
    persons = leads.filter(hit)["_entity"]
    known = company.salesforce["Contact"]["_entity"]
    persons = persons.filter(~persons.is_in(known.implode()))
    at = week.times("converted", persons.to_numpy() * 4)
    rows = company.people.join(
        pl.DataFrame({"person": persons, "_now": at}), on="person", how="inner", maintain_order="left"
    )
    rows = rows.with_columns(
        born="_now", inbound="_now", outbound="_now", pattern=pl.col("pattern") + "c", story=pl.lit("buyer")
    ).drop("_now")
    contacts, accounts = company.salesforce["Contact"], company.salesforce["Account"]
    made = salesforce_contacts(rows, accounts, company.reps, company.dice, week.ends, after=newest(contacts))
    became = made.filter(pl.col("_copy") == 0).select("_entity", _contact="Id", _account="AccountId")
    joined = leads.join(became, on="_entity", how="left", maintain_order="left")
    values = {
        "IsConverted": pl.lit(value=True),
        "Status": pl.lit("Closed - Converted"),
        "ConvertedDate": pl.col("_at").dt.date(),
        "ConvertedContactId": pl.col("_contact"),
        "ConvertedAccountId": pl.col("_account"),
        "_story": pl.lit("buyer"),
    }
    chosen = pl.col("_entity").is_in(persons.implode()) & hit
    after = touch(joined, chosen, week, "converted", values).drop("_contact", "_account")
    people = company.people.update(rows.select("person", "pattern", "story", "outbound"), on="person", how="left")
    return replace(
        company, people=people, salesforce={**company.salesforce, "Lead": after, "Contact": _stacked(contacts, made)}
    )
