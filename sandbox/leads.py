"""Salesforce leads and contacts: how sales holds the people it works."""

import numpy as np
import polars as pl

from sandbox.chance import Dice, Ids
from sandbox.contacts import buys_on, by_story
from sandbox.identifiers import salesforce_ids
from sandbox.moments import whole_seconds
from sandbox.owners import QUEUE_ID, draw_reps
from sandbox.people import hours
from sandbox.records import LOSER, Habits, held, stamped, survivor_of
from sandbox.trades import INBOUND_SOURCES, INDUSTRIES, LIST_SOURCES, RECYCLES, REFUSALS
from sandbox.untidy import untidy_address, untidy_name, untidy_phone

LEAD_HABITS = Habits(twice=0.035, merged=0.01, archived=0.012, bulk_edited=0.38, bulk_edit_days_ago=15)
CONTACT_HABITS = Habits(twice=0.02, merged=0.012, archived=0.01, bulk_edited=0.3, bulk_edit_days_ago=31)
STATUS: dict[str, dict[str, float]] = {
    "download": {"Open - Not Contacted": 60, "Working - Contacted": 40}, "asker": {"Marketing Qualified": 65, "Working - Contacted": 35},
    "silent": {"Open - Not Contacted": 40, "Working - Contacted": 35, "Marketing Qualified": 25},
    "list": {"Open - Not Contacted": 70, "Marketing Qualified": 30}, "worked": {"Sales Accepted": 85, "Working - Contacted": 15},
    "nurture": {"Nurture": 1}, "refused": {"Closed - Not Converted": 1}, "test": {"Open - Not Contacted": 1},
    "buyer": {"Closed - Converted": 1},
}  # fmt: skip


def salesforce_leads(
    people: pl.DataFrame, reps: pl.DataFrame, dice: Dice, last_change: int, *, after: int = 0
) -> pl.DataFrame:
    """Leads; those of patterns `lc` and `hlc` are converted (ids of what they became are filled in later)."""
    rows = held(people.filter(pl.col("pattern").str.contains("l")), "person", dice, "lead", LEAD_HABITS)
    rows = stamped(rows, pl.max_horizontal("inbound", "outbound"), dice, "lead", LEAD_HABITS, last_change)
    numbers = after + 1001 + 7 * np.arange(len(rows), dtype=np.int64)
    rows = survivor_of(rows.with_columns(_rank=pl.Series(numbers), Id=salesforce_ids("00Q", numbers)), "Id")
    ids = rows["_entity"].to_numpy() * 4 + rows["_copy"].to_numpy()
    converted = pl.col("pattern").str.contains("c") & (pl.col("_copy") == 0)
    return rows.select(
        "Id", "_rank", "_entity", "_copy", _story="story", MasterRecordId="_survivor",
        _created=whole_seconds(pl.col("_created")),
        _modified=whole_seconds(pl.col("_modified")),
        _state=_bin(converted),
        *_person(dice, "lead", ids),
        *_work(rows, reps, dice, ids, converted),
        *_milestones(rows, dice, ids),
        *(pl.col(word).alias(f"{word.title()}_Status__c") for word in ("budget", "authority", "need", "timeline")),
        Purchase_Date__c=buys_on(last_change),
    )  # fmt: skip


def _bin(never: pl.Expr) -> pl.Expr:
    gone = (pl.col("_copy") == LOSER) | (pl.col("_archived") & ~never)
    return pl.when(gone).then(pl.lit("archived")).otherwise(pl.lit("live"))


def _person(dice: Dice, salt: str, ids: Ids) -> list[pl.Expr]:
    return [
        untidy_name("first", dice, salt, ids, known=0.96).alias("FirstName"),
        untidy_name("last", dice, salt, ids).alias("LastName"),
        untidy_address(dice, salt, ids).alias("Email"),
        untidy_phone(dice, salt, ids, known=0.6).alias("Phone"),
        untidy_phone(dice, f"{salt} mobile", ids, known=0.15).alias("MobilePhone"),
        pl.when(pl.Series(dice.happens(0.85, f"{salt} title known", ids))).then("title").alias("Title"),
        pl.col("opted_out").alias("HasOptedOutOfEmail"),
        pl.Series(dice.happens(0.03, f"{salt} no calls", ids)).alias("DoNotCall"),
        pl.when("bounced").then(whole_seconds(pl.coalesce("outbound", "born"))).alias("EmailBouncedDate"),
        pl.when("bounced").then(pl.lit("550 5.1.1 user unknown")).alias("EmailBouncedReason"),
        pl.coalesce("outbound", "inbound").dt.date().alias("LastActivityDate"),
    ]


def _work(rows: pl.DataFrame, reps: pl.DataFrame, dice: Dice, ids: Ids, converted: pl.Expr) -> list[pl.Expr]:
    is_list = pl.col("story") == "list"
    status = pl.when(~pl.col("pattern").str.contains("c")).then(
        by_story(STATUS, rows["story"], dice, "lead status", ids)
    )
    owner = reps["salesforce_id"].gather(draw_reps(reps, dice, "lead owner", ids))
    queued = pl.Series(dice.happens(0.18, "lead queued", ids)) & pl.col("story").is_in(["asker", "list", "download"])
    firm = (pl.col("_entity") % 5 != 0) | ~pl.col("free_mail")
    return [
        pl.when(firm).then("firm_name").otherwise(pl.lit("[not provided]")).alias("Company"),
        pl.when(firm & pl.Series(dice.happens(0.5, "lead website", ids))).then("firm_domain").alias("Website"),
        pl.when(pl.Series(dice.happens(0.75, "lead country", ids))).then("country").alias("Country"),
        pl.col("city").alias("City"),
        dice.pick([*INDUSTRIES, None, None], "lead industry", ids).alias("Industry"),
        pl.Series(dice.whole(1, 4000, "lead size", ids)).alias("NumberOfEmployees"),
        pl.when(is_list).then(dice.pick(LIST_SOURCES, "lead list", ids)).otherwise(dice.pick(INBOUND_SOURCES, "lead source", ids)).alias("LeadSource"),
        pl.when(converted).then(pl.lit("Closed - Converted")).otherwise(status.fill_null("Working - Contacted")).alias("Status"),
        dice.weigh({"Hot": 1, "Warm": 3, "Cold": 2, None: 6}, "lead rating", ids).alias("Rating"),
        pl.when(queued).then(pl.lit(QUEUE_ID)).otherwise(owner).alias("OwnerId"),
        converted.alias("IsConverted"),
        pl.when(converted).then(pl.coalesce("inbound", "born").dt.date()).alias("ConvertedDate"),
        *(pl.lit(None, dtype=pl.String).alias(f"Converted{what}Id") for what in ("Contact", "Account", "Opportunity")),
    ]  # fmt: skip


def _milestones(rows: pl.DataFrame, dice: Dice, ids: Ids) -> list[pl.Expr]:
    story = pl.col("story")
    qualified = story.is_in(["asker", "worked", "buyer", "nurture"]) | (
        (story == "silent") & pl.Series(dice.happens(0.3, "lead old mql", ids))
    )
    accepted = story.is_in(["worked", "buyer", "nurture"])
    finished = story.is_in(["buyer"]) | ((story == "worked") & pl.Series(dice.happens(0.5, "lead qualified", ids)))
    moment = pl.coalesce("inbound", "born")
    told = pl.Series(dice.happens(0.75, "lead reason told", ids))
    rows_at = {
        "MQL_Date__c": pl.when(qualified).then(moment),
        "Sales_Accepted_Date__c": pl.when(accepted).then(hours("inbound", dice, "lead accepted", ids, 1, 70)),
        "Sales_Qualified_Date__c": pl.when(finished).then(hours("inbound", dice, "lead qualified at", ids, 70, 200)),
        "Recycled_Date__c": pl.when(story == "nurture").then(hours("inbound", dice, "lead recycled", ids, 80, 400)),
    }
    latest = pl.lit(rows["_modified"].max())
    return [
        *(whole_seconds(pl.when(at > latest).then(latest).otherwise(at)).alias(name) for name, at in rows_at.items()),
        pl.when((story == "nurture") & told)
        .then(dice.pick(RECYCLES, "lead recycle reason", ids))
        .alias("Recycle_Reason__c"),
        pl.when((story == "refused") & told)
        .then(dice.pick(REFUSALS, "lead refusal", ids))
        .alias("Disqualified_Reason__c"),
    ]


def salesforce_contacts(
    people: pl.DataFrame, accounts: pl.DataFrame, reps: pl.DataFrame, dice: Dice, last_change: int, *, after: int = 0
) -> pl.DataFrame:
    """Contacts of the people sales does business with, at their firm's account where there is one."""
    rows = held(people.filter(pl.col("pattern").str.contains("c")), "person", dice, "sf contact", CONTACT_HABITS)
    rows = stamped(rows, pl.max_horizontal("inbound", "outbound"), dice, "sf contact", CONTACT_HABITS, last_change)
    numbers = after + 1001 + 11 * np.arange(len(rows), dtype=np.int64)
    rows = survivor_of(rows.with_columns(_rank=pl.Series(numbers), Id=salesforce_ids("003", numbers)), "Id")
    live = accounts.filter((pl.col("_copy") == 0) & (pl.col("_state") == "live")).select(firm="_entity", account="Id")
    rows = rows.join(live, on="firm", how="left", maintain_order="left")
    ids = rows["_entity"].to_numpy() * 4 + rows["_copy"].to_numpy()
    return rows.select(
        "Id", "_rank", "_entity", "_copy", _story="story", _firm="firm", MasterRecordId="_survivor", AccountId="account",
        _created=whole_seconds(pl.col("_created")),
        _modified=whole_seconds(pl.col("_modified")),
        _state=_bin(pl.col("pattern").str.contains("l")),
        *_person(dice, "sf contact", ids),
        MailingCountry=pl.when(pl.Series(dice.happens(0.7, "sf contact country", ids))).then("country"),
        MailingCity="city",
        Department=dice.pick(("Sales", "IT", "Finance", "Operations", None), "sf contact department", ids),
        LeadSource=dice.pick((*INBOUND_SOURCES, None), "sf contact source", ids),
        OwnerId=reps["salesforce_id"].gather(draw_reps(reps, dice, "sf contact owner", ids)),
        ReportsToId=pl.lit(None, dtype=pl.String),
    )  # fmt: skip
