"""What happens to people in a week: some arrive, and some ask for something on the website."""

from dataclasses import replace

import numpy as np
import polars as pl

from sandbox.company.company import Company
from sandbox.company.contacts import hubspot_contacts
from sandbox.company.leads import salesforce_leads
from sandbox.company.links import with_salesforce_ids, work_links
from sandbox.company.moments import MOMENT
from sandbox.company.people import true_people
from sandbox.company.records import FIRST_AND_LIVE
from sandbox.company.trades import PASSIVE_FORMS, PROACTIVE_FORMS
from sandbox.life.week import Week, touch

ARRIVE = 0.004
NEW_STORY = {"silent": "download", "worked": "asker", "buyer": "asker", "nurture": "download", "refused": "download"}
NEW_PATTERN = {"hc": "h", "hlc": "hl", "lc": "l", "c": "l"}
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
PROACTIVE = 0.35
EARLY_STAGES = ("subscriber", "lead", "other")
EARLY_STORIES = ("silent", "list", "subscriber")


def newest(table: pl.DataFrame) -> int:
    """The highest number a table has given out."""
    return int(table["_rank"].to_numpy().max())


def stacked(table: pl.DataFrame, more: pl.DataFrame) -> pl.DataFrame:
    """The table with more rows of its kind below."""
    return pl.concat([table, more.select(table.columns).cast(table.schema)])


def retold(people: pl.DataFrame, moved: pl.DataFrame, column: str) -> pl.DataFrame:
    """The people after `moved` (person, at, story): `column` not earlier than `at`, and the story as told there."""
    news = moved.unique("person", keep="last", maintain_order=True).select("person", _at="at", _told="story")
    joined = people.join(news, on="person", how="left", maintain_order="left")
    later = joined.with_columns(pl.max_horizontal(column, "_at").alias(column), story=pl.coalesce("_told", "story"))
    return later.drop("_at", "_told")


def people_arrive(company: Company, week: Week) -> Company:
    """New people, as HubSpot contacts, Salesforce leads or both, all created this week."""
    dice, hubspot, salesforce = company.dice, company.hubspot, company.salesforce
    first = company.people.height
    ids = np.arange(first, first + max(4, round(first * ARRIVE)), dtype=np.int64)
    drawn = true_people(ids, company.firms, dice, week.ends)
    people = drawn.with_columns(
        story=pl.col("story").replace(NEW_STORY),
        pattern=pl.col("pattern").replace(NEW_PATTERN),
        born=week.times("arrives", ids),
        outbound=pl.lit(None, dtype=MOMENT),
        converted=pl.lit(None, dtype=MOMENT),
    ).with_columns(inbound=pl.when(pl.col("story") != "list").then("born"))
    known = newest(hubspot["contacts"])
    contacts = hubspot_contacts(people, hubspot["companies"], company.reps, dice, week.ends, after=known)
    leads = salesforce_leads(people, company.reps, dice, week.ends, after=newest(salesforce["Lead"]))
    contacts = with_salesforce_ids(contacts, leads, salesforce["Contact"].clear(), dice)
    return replace(
        company,
        people=pl.concat([company.people, people.select(company.people.columns)]),
        hubspot={**hubspot, "contacts": stacked(hubspot["contacts"], contacts)},
        salesforce={**salesforce, "Lead": stacked(salesforce["Lead"], leads)},
        links=pl.concat([company.links, work_links(contacts)]),
    )


def people_ask(company: Company, week: Week) -> Company:
    """Forms filled in on the website; some of those who had gone silent come back."""
    contacts = company.hubspot["contacts"]
    draws = week.draws("asks", contacts)
    share = contacts["_story"].replace_strict(ASK, default=0.0, return_dtype=pl.Float64).to_numpy()
    drawn = pl.lit(pl.Series(draws.dice.unit(draws.what, draws.ids) < share))
    hit = drawn & FIRST_AND_LIVE
    proactive = draws.sometimes(PROACTIVE, "proactive")
    forms = (draws.one_of(words, "form") for words in (PROACTIVE_FORMS, PASSIVE_FORMS))
    form = pl.when(proactive).then(next(forms)).otherwise(next(forms))
    qualifies = pl.col("lifecyclestage").is_in(EARLY_STAGES) & proactive
    story = pl.when(proactive).then(pl.lit("asker")).otherwise(pl.lit("download"))
    mql_date = "hs_lifecyclestage_marketingqualifiedlead_date"
    stage = pl.when(qualifies).then(pl.lit("marketingqualifiedlead")).otherwise("lifecyclestage")
    values = {
        "recent_conversion_event_name": form,
        "recent_conversion_date": pl.col("_at"),
        "first_conversion_event_name": pl.coalesce("first_conversion_event_name", form),
        "first_conversion_date": pl.coalesce("first_conversion_date", "_at"),
        "num_conversion_events": pl.col("num_conversion_events") + 1,
        "hs_analytics_last_visit_timestamp": pl.col("_at"),
        "lifecyclestage": stage,
        mql_date: pl.when(qualifies).then("_at").otherwise(mql_date),
        "_story": pl.when(pl.col("_story").is_in(EARLY_STORIES)).then(story).otherwise("_story"),
    }
    after = touch(contacts, hit, week, "asks", values)
    moved = after.filter(contacts.select(hit).to_series()).select(person="_entity", at="_modified", story="_story")
    people = retold(company.people, moved, "inbound")
    return replace(company, hubspot={**company.hubspot, "contacts": after}, people=people)
