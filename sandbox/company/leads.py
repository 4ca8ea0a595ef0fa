"""Salesforce leads and contacts: how sales holds the people it works."""

import numpy as np
import polars as pl

from sandbox.company.chance import Dice, Draws
from sandbox.company.identifiers import salesforce_ids
from sandbox.company.moments import moments, whole_seconds
from sandbox.company.owners import QUEUE_ID, draw_reps
from sandbox.company.records import Habits, held, marks, salesforce_state, stamped, survivor_of
from sandbox.company.stories import SALESFORCE_STATUS, buys_on, by_story, hours_after
from sandbox.company.trades import INBOUND_SOURCES, LIST_SOURCES, RECYCLES, REFUSALS
from sandbox.company.untidy import untidy_address, untidy_name, untidy_phone

LEAD_HABITS = Habits(twice=0.035, merged=0.01, archived=0.012, bulk_edited=0.38, bulk_edit_days_ago=15)
CONTACT_HABITS = Habits(twice=0.02, merged=0.012, archived=0.01, bulk_edited=0.3, bulk_edit_days_ago=31)
CONVERTED = pl.col("pattern").str.contains("c") & (pl.col("_copy") == 0)
RATINGS = {"Hot": 1, "Warm": 3, "Cold": 2, None: 6}


def salesforce_leads(
    people: pl.DataFrame, reps: pl.DataFrame, dice: Dice, last_change: int, *, after: int = 0
) -> pl.DataFrame:
    """Leads; those of patterns `lc` and `hlc` are converted (ids of what they became are filled in later)."""
    rows = held(people.filter(pl.col("pattern").str.contains("l")), "person", dice, "lead", LEAD_HABITS)
    rows = stamped(rows, pl.max_horizontal("inbound", "outbound"), dice, "lead", LEAD_HABITS, last_change)
    numbers = after + 1001 + 7 * np.arange(len(rows), dtype=np.int64)
    rows = survivor_of(rows.with_columns(_rank=pl.Series(numbers), Id=salesforce_ids("00Q", numbers)), "Id")
    draws = Draws(dice, "lead", marks(rows))
    owner = pl.lit(reps["salesforce_id"].gather(draw_reps(reps, dice, "lead owner", draws.ids)))
    newest = pl.lit(moments(np.array([last_change]))[0])
    return rows.select(
        *_hidden(never=CONVERTED),
        pl.col("story").alias("_story"),
        *_person(draws),
        *_work(draws, owner),
        *_milestones(draws, newest),
        *(pl.col(word).alias(f"{word.title()}_Status__c") for word in ("budget", "authority", "need", "timeline")),
        buys_on(last_change).alias("Purchase_Date__c"),
    )


def _hidden(never: pl.Expr) -> list[pl.Expr]:
    return [
        *(pl.col(name) for name in ("Id", "_rank", "_entity", "_copy")),
        pl.col("_survivor").alias("MasterRecordId"),
        whole_seconds(pl.col("_created")).alias("_created"),
        whole_seconds(pl.col("_modified")).alias("_modified"),
        salesforce_state(never).alias("_state"),
    ]


def _person(draws: Draws) -> list[pl.Expr]:
    bounced = whole_seconds(pl.coalesce("outbound", "born"))
    return [
        untidy_name("first", draws, known=0.96).alias("FirstName"),
        untidy_name("last", draws).alias("LastName"),
        untidy_address(draws).alias("Email"),
        untidy_phone(draws, known=0.6).alias("Phone"),
        untidy_phone(draws, known=0.15, which="mobile").alias("MobilePhone"),
        draws.known(0.85, "title").alias("Title"),
        pl.col("opted_out").alias("HasOptedOutOfEmail"),
        draws.sometimes(0.03, "no calls").alias("DoNotCall"),
        pl.when("bounced").then(bounced).alias("EmailBouncedDate"),
        pl.when("bounced").then(pl.lit("550 5.1.1 user unknown")).alias("EmailBouncedReason"),
        pl.max_horizontal("outbound", "inbound").dt.date().alias("LastActivityDate"),
    ]


def _work(draws: Draws, owner: pl.Expr) -> list[pl.Expr]:
    status = by_story(SALESFORCE_STATUS, draws, "status").fill_null("Working - Contacted")
    status = pl.when(pl.col("story") == "buyer").then(pl.lit("Working - Contacted")).otherwise(status)
    queued = draws.sometimes(0.18, "queued") & pl.col("story").is_in(["asker", "list", "download"])
    source = pl.when(pl.col("story") == "list").then(draws.one_of(LIST_SOURCES, "list"))
    employed = ~pl.col("free_mail") | draws.sometimes(0.6, "employer told")
    return [
        pl.when(employed).then("firm_name").otherwise(pl.lit("[not provided]")).alias("Company"),
        pl.when(employed).then(draws.known(0.5, "firm_domain")).alias("Website"),
        draws.known(0.75, "country").alias("Country"),
        pl.col("city").alias("City"),
        draws.known(0.7, "firm_industry").alias("Industry"),
        draws.known(0.6, "firm_employees").alias("NumberOfEmployees"),
        source.otherwise(draws.one_of(INBOUND_SOURCES, "source")).alias("LeadSource"),
        pl.when(CONVERTED).then(pl.lit("Closed - Converted")).otherwise(status).alias("Status"),
        draws.weighed(RATINGS, "rating").alias("Rating"),
        pl.when(queued).then(pl.lit(QUEUE_ID)).otherwise(owner).alias("OwnerId"),
        CONVERTED.alias("IsConverted"),
        pl.when(CONVERTED).then(pl.col("converted").dt.date()).alias("ConvertedDate"),
        *(pl.lit(None, dtype=pl.String).alias(f"Converted{what}Id") for what in ("Contact", "Account", "Opportunity")),
    ]


def _milestones(draws: Draws, newest: pl.Expr) -> list[pl.Expr]:
    story = pl.col("story")
    once = (story == "silent") & draws.sometimes(0.3, "old mql")
    qualified = story.is_in(["asker", "worked", "buyer", "nurture"]) | once
    finished = (story == "buyer") | ((story == "worked") & draws.sometimes(0.5, "qualified"))
    # A buyer went through all this at the beginning, others at their last move.
    begins = pl.when(story == "buyer").then("born").otherwise(pl.coalesce("inbound", "born"))
    spans = {"accepted": (1, 70), "qualified at": (70, 200), "recycled": (80, 400)}
    later = {salt: hours_after(begins, draws, salt, *span, newest) for salt, span in spans.items()}
    moments_of = {
        "MQL_Date__c": pl.when(qualified).then(begins),
        "Sales_Accepted_Date__c": pl.when(story.is_in(["worked", "buyer", "nurture"])).then(later["accepted"]),
        "Sales_Qualified_Date__c": pl.when(finished).then(later["qualified at"]),
        "Recycled_Date__c": pl.when(story == "nurture").then(later["recycled"]),
    }
    told = draws.sometimes(0.75, "reason told")
    return [
        *(whole_seconds(moment).alias(name) for name, moment in moments_of.items()),
        pl.when((story == "nurture") & told).then(draws.one_of(RECYCLES, "recycled for")).alias("Recycle_Reason__c"),
        pl.when((story == "refused") & told)
        .then(draws.one_of(REFUSALS, "refused for"))
        .alias("Disqualified_Reason__c"),
    ]


def salesforce_contacts(
    people: pl.DataFrame,
    accounts: pl.DataFrame,
    reps: pl.DataFrame,
    dice: Dice,
    last_change: int,
    *,
    after: int = 0,
) -> pl.DataFrame:
    """Contacts of the people sales does business with, at their firm's account where there is one."""
    known = people.filter(pl.col("pattern").str.contains("c")).with_columns(born=pl.coalesce("converted", "born"))
    rows = held(known, "person", dice, "sf contact", CONTACT_HABITS)
    rows = stamped(rows, pl.max_horizontal("inbound", "outbound"), dice, "sf contact", CONTACT_HABITS, last_change)
    numbers = after + 1001 + 11 * np.arange(len(rows), dtype=np.int64)
    rows = survivor_of(rows.with_columns(_rank=pl.Series(numbers), Id=salesforce_ids("003", numbers)), "Id")
    live = accounts.filter((pl.col("_copy") == 0) & (pl.col("_state") == "live")).select(firm="_entity", account="Id")
    rows = rows.join(live, on="firm", how="left", maintain_order="left")
    draws = Draws(dice, "sf contact", marks(rows))
    owner = pl.lit(reps["salesforce_id"].gather(draw_reps(reps, dice, "sf contact owner", draws.ids)))
    return rows.select(
        *_hidden(never=pl.col("pattern").str.contains("l")),
        pl.col("story").alias("_story"),
        pl.col("account").alias("AccountId"),
        *_person(draws),
        draws.known(0.7, "country").alias("MailingCountry"),
        pl.col("city").alias("MailingCity"),
        draws.one_of(("Sales", "IT", "Finance", "Operations", None), "department").alias("Department"),
        draws.one_of((*INBOUND_SOURCES, None), "source").alias("LeadSource"),
        owner.alias("OwnerId"),
        pl.lit(None, dtype=pl.String).alias("ReportsToId"),
    )
