"""What sales does with its leads in a week: calls some, decides on some, converts some."""

from dataclasses import replace

import polars as pl

from sandbox.company.activities import salesforce_tasks
from sandbox.company.company import Company
from sandbox.company.leads import salesforce_contacts
from sandbox.company.moments import MOMENT
from sandbox.company.records import FIRST_AND_LIVE, LIVE
from sandbox.company.trades import RECYCLES
from sandbox.life.people import newest, retold, stacked
from sandbox.life.week import Week, touch

CALLED = 0.035
OPEN_STATUSES = ("Open - Not Contacted", "Working - Contacted", "Marketing Qualified")
DECISIONS = {"Sales Accepted": 0.45, "Nurture": 0.2, "Marketing Qualified": 0.35}
CONVERTED = 0.05
DONE = 0.6


def sales_calls(company: Company, week: Week) -> Company:
    """Sales works some open leads: a task for each, a new status, and for marketing qualified ones a decision."""
    leads, tasks = company.salesforce["Lead"], company.salesforce["Task"]
    draws = week.draws("called", leads)
    hit = draws.sometimes(CALLED, "now") & FIRST_AND_LIVE & pl.col("Status").is_in(OPEN_STATUSES)
    decided = pl.when(pl.col("Status") == "Marketing Qualified").then(draws.weighed(DECISIONS, "decision"))
    status = decided.otherwise(pl.lit("Working - Contacted"))
    accepted, recycled = status == "Sales Accepted", status == "Nurture"
    story = pl.when(accepted).then(pl.lit("worked")).when(recycled).then(pl.lit("nurture")).otherwise("_story")
    reason = pl.when(recycled).then(draws.one_of(RECYCLES, "recycled for")).otherwise("Recycle_Reason__c")
    values = {
        "Status": status,
        "Sales_Accepted_Date__c": pl.when(accepted).then("_at").otherwise("Sales_Accepted_Date__c"),
        "Recycled_Date__c": pl.when(recycled).then("_at").otherwise("Recycled_Date__c"),
        "Recycle_Reason__c": reason,
        "LastActivityDate": pl.col("_at").dt.date(),
        "_story": story,
    }
    after = touch(leads, hit, week, "called", values)
    called = after.filter(leads.select(hit).to_series())
    moved = called.select(person="_entity", at="_modified", story="_story")
    more = _tasks_of(called, company, week)
    return replace(
        company,
        salesforce={**company.salesforce, "Lead": after, "Task": stacked(tasks, more)},
        people=retold(company.people, moved, "outbound"),
    )


def _tasks_of(called: pl.DataFrame, company: Company, week: Week) -> pl.DataFrame:
    held = called.select(
        person="_entity",
        pattern=pl.lit("h"),
        story=pl.lit("called"),
        born="_created",
        inbound=pl.lit(None, dtype=MOMENT),
        outbound="_modified",
        WhoId="Id",
        AccountId=pl.lit(None, dtype=pl.String),
        OwnerId="OwnerId",
    )
    opportunities, after = company.salesforce["Opportunity"], newest(company.salesforce["Task"])
    # The maker of tasks names its draws without the week: dice of the week's own keep them from repeating.
    return salesforce_tasks(held, opportunities, 0, week.own_dice(), week.ends, after=after)


def tasks_get_done(company: Company, week: Week) -> Company:
    """Most planned tasks that fall due this week are done."""
    tasks = company.salesforce["Task"]
    due = ~pl.col("IsClosed") & (pl.col("ActivityDate") < week.as_of) & LIVE
    values = {
        "Status": pl.lit("Completed"),
        "CompletedDateTime": pl.col("_at"),
        "IsClosed": pl.lit(value=True),
    }
    after = touch(tasks, due & week.draws("task", tasks).sometimes(DONE, "done"), week, "task done", values)
    return replace(company, salesforce={**company.salesforce, "Task": after})


def leads_convert(company: Company, week: Week) -> Company:
    """Some accepted leads become contacts, at their firm's account where there is one."""
    leads, contacts, accounts = (company.salesforce[name] for name in ("Lead", "Contact", "Account"))
    hit = week.draws("converted", leads).sometimes(CONVERTED, "now") & FIRST_AND_LIVE
    hit = hit & (pl.col("Status") == "Sales Accepted") & ~pl.col("_entity").is_in(contacts["_entity"].implode())
    persons = leads.filter(hit)["_entity"]
    now = pl.DataFrame({"person": persons, "_now": week.times("converted", persons.to_numpy())})
    rows = company.people.join(now, on="person", how="inner", maintain_order="left").with_columns(
        *(pl.col("_now").alias(name) for name in ("converted", "inbound", "outbound")),
        pattern=pl.col("pattern") + "c",
        story=pl.lit("buyer"),
    )
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
    after = touch(joined, hit, week, "converted", values, ids=leads["_entity"].to_numpy()).drop("_contact", "_account")
    people = company.people.update(
        rows.select("person", "pattern", "story", "outbound", "converted"), on="person", how="left"
    )
    salesforce = {**company.salesforce, "Lead": after, "Contact": stacked(contacts, made)}
    return replace(company, people=people, salesforce=salesforce)
