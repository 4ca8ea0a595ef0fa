"""HubSpot contacts: how marketing holds the people it knows."""

import numpy as np
import polars as pl

from sandbox.chance import Dice, Ids
from sandbox.identifiers import hubspot_numbers
from sandbox.moments import DAY, MOMENT, moments
from sandbox.owners import draw_reps
from sandbox.people import hours
from sandbox.records import DUPLICATE, LOSER, Habits, held, losers_of, stamped
from sandbox.untidy import untidy_address, untidy_name, untidy_phone

HABITS = Habits()
LIFECYCLE: dict[str, dict[str, float]] = {
    "subscriber": {"subscriber": 80, "lead": 20}, "download": {"lead": 85, "subscriber": 10, "marketingqualifiedlead": 5},
    "asker": {"marketingqualifiedlead": 75, "lead": 15, "salesqualifiedlead": 10}, "list": {"lead": 60, "marketingqualifiedlead": 25, "other": 15},
    "silent": {"lead": 60, "marketingqualifiedlead": 30, "salesqualifiedlead": 10}, "worked": {"salesqualifiedlead": 80, "marketingqualifiedlead": 20},
    "nurture": {"lead": 70, "marketingqualifiedlead": 30}, "refused": {"other": 50, "lead": 50}, "test": {"lead": 60, "subscriber": 40},
    "buyer": {"opportunity": 55, "customer": 40, "salesqualifiedlead": 5},
}  # fmt: skip
LEAD_STATUS: dict[str, dict[str, float]] = {
    "subscriber": {"": 90, "NEW": 10}, "download": {"NEW": 50, "": 40, "OPEN": 10}, "asker": {"NEW": 30, "OPEN": 40, "IN_PROGRESS": 30},
    "list": {"": 50, "NEW": 50}, "silent": {"OPEN": 40, "NEW": 25, "IN_PROGRESS": 20, "ATTEMPTED_TO_CONTACT": 15},
    "worked": {"CONNECTED": 50, "IN_PROGRESS": 50}, "nurture": {"BAD_TIMING": 90, "": 10}, "refused": {"UNQUALIFIED": 90, "": 10},
    "test": {"": 1}, "buyer": {"OPEN_DEAL": 70, "CONNECTED": 20, "": 10},
}  # fmt: skip
SOURCES: dict[str, str] = {
    "list": "OFFLINE",
    "subscriber": "ORGANIC_SEARCH",
    "download": "PAID_SOCIAL",
    "asker": "DIRECT_TRAFFIC",
}


def by_story(weights: dict[str, dict[str, float]], story: pl.Series, dice: Dice, salt: str, ids: Ids) -> pl.Expr:
    """Draw a word by the weights of each person's story; the empty word is null."""
    drawn = [pl.when(pl.lit(story) == s).then(dice.weigh(dict(w), f"{salt} {s}", ids)) for s, w in weights.items()]
    chosen = pl.coalesce(drawn)
    return pl.when(chosen != "").then(chosen)


def hubspot_contacts(
    people: pl.DataFrame, companies: pl.DataFrame, reps: pl.DataFrame, dice: Dice, last_change: int, *, after: int = 51
) -> pl.DataFrame:
    """Contacts of the people HubSpot knows; `after` is the last number HubSpot gave."""
    rows = held(people.filter(pl.col("pattern").str.contains("h")), "person", dice, "contact", HABITS)
    touched = pl.max_horizontal("inbound", "outbound")
    rows = stamped(rows, touched, dice, "contact", HABITS, last_change)
    numbers = hubspot_numbers(len(rows), after=after)
    rows = losers_of(rows.with_columns(_rank=pl.Series(numbers), _id=pl.Series(numbers).cast(pl.String)), "_id")
    firms = companies.filter((pl.col("_copy") == 0) & (pl.col("_state") == "live")).select(
        firm="_entity", company_id="_id"
    )
    rows = rows.join(firms, on="firm", how="left", maintain_order="left")
    ids = rows["_entity"].to_numpy() * 4 + rows["_copy"].to_numpy()
    archived = pl.when(pl.col("_copy") == LOSER).then(pl.lit("absent")).when("_archived").then(pl.lit("archived"))
    return rows.select(
        "_id", "_rank", "_created", "_modified", "_entity", "_copy",
        *_who(dice, ids), *_standing(rows, reps, dice, ids), *_engagement(dice, ids, rows["story"]), *_answers(last_change),
        _state=archived.otherwise(pl.lit("live")),
        _story="story",
        hs_merged_object_ids="_losers",
        hs_calculated_merged_vids="_losers",
        salesforceleadid=pl.lit(None, dtype=pl.String),
        salesforcecontactid=pl.lit(None, dtype=pl.String),
    )  # fmt: skip


def _who(dice: Dice, ids: Ids) -> list[pl.Expr]:
    # HubSpot keeps one contact an address: a second one of the same person came by another address, or by none.
    local, domain = (pl.col("email").str.split("@").list.get(part) for part in (0, 1))
    second = pl.when(pl.Series(dice.happens(0.5, "contact second address", ids))).then(local + "+old@" + domain)
    works = ~pl.col("free_mail") | pl.Series(dice.happens(0.5, "contact employer known", ids))
    return [
        pl.when(pl.col("_copy") == DUPLICATE).then(second).otherwise(untidy_address(dice, "contact", ids)).alias("email"),
        untidy_name("first", dice, "contact", ids, known=0.93).alias("firstname"),
        untidy_name("last", dice, "contact", ids, known=0.95).alias("lastname"),
        pl.when(pl.col("_copy") == DUPLICATE).then("phone_international")
        .otherwise(untidy_phone(dice, "contact", ids, known=0.55)).alias("phone"),
        untidy_phone(dice, "contact mobile", ids, known=0.08).alias("mobilephone"),
        pl.when(pl.Series(dice.happens(0.8, "contact title known", ids))).then("title").alias("jobtitle"),
        pl.when(works & pl.Series(dice.happens(0.85, "contact company known", ids))).then("firm_name").alias("company"),
        pl.when(works & pl.Series(dice.happens(0.4, "contact website known", ids))).then("firm_domain").alias("website"),
        pl.when(pl.Series(dice.happens(0.7, "contact country known", ids))).then("country").alias("country"),
        pl.when(pl.Series(dice.happens(0.5, "contact city known", ids))).then("city").alias("city"),
        pl.when(works).then("company_id").alias("associatedcompanyid"),
    ]  # fmt: skip


def _standing(rows: pl.DataFrame, reps: pl.DataFrame, dice: Dice, ids: Ids) -> list[pl.Expr]:
    story = rows["story"]
    stage = by_story(LIFECYCLE, story, dice, "contact lifecycle", ids)
    owned = pl.Series(dice.happens(0.62, "contact owned", ids)) | pl.lit(story).is_in(["worked", "buyer"])
    owner = reps["hubspot_id"].gather(draw_reps(reps, dice, "contact owner", ids))
    qualified = stage.is_in(["marketingqualifiedlead", "salesqualifiedlead", "opportunity", "customer"])
    accepted = stage.is_in(["salesqualifiedlead", "opportunity", "customer"])
    mql_at = pl.coalesce("inbound", "born")
    return [
        stage.alias("lifecyclestage"),
        by_story(LEAD_STATUS, story, dice, "contact status", ids).alias("hs_lead_status"),
        pl.when(owned).then(owner).alias("hubspot_owner_id"),
        pl.lit(story).replace_strict(SOURCES, default="DIRECT_TRAFFIC").alias("hs_analytics_source"),
        pl.when(pl.lit(story) == "list").then(dice.pick(("IMPORT", "CRM_UI", "INTEGRATION"), "contact import", ids)).alias("hs_object_source_label"),
        pl.when(pl.lit(story) == "list")
        .then(dice.pick(("purchased_list_q3.csv", "badge_scans_expo.csv", "enrichment_feed"), "contact list", ids))
        .alias("hs_analytics_source_data_1"),
        (pl.col("_created") + pl.duration(minutes=1)).alias("hs_lifecyclestage_lead_date"),
        pl.when(qualified).then(mql_at).alias("hs_lifecyclestage_marketingqualifiedlead_date"),
        pl.when(accepted).then(hours("inbound", dice, "contact accepted", ids, 2, 90)).alias("hs_lifecyclestage_salesqualifiedlead_date"),
        pl.when(stage.is_in(["opportunity", "customer"])).then("inbound").alias("hs_lifecyclestage_opportunity_date"),
        pl.when(stage == "customer").then("inbound").alias("hs_lifecyclestage_customer_date"),
        pl.col("opted_out").alias("hs_email_optout"),
        pl.when("bounced").then(pl.lit("UNKNOWN_USER")).alias("hs_email_hard_bounce_reason_enum"),
        pl.Series(dice.whole(0, 100, "contact score", ids)).alias("hubspotscore"),
    ]  # fmt: skip


def _engagement(dice: Dice, ids: Ids, story: pl.Series) -> list[pl.Expr]:
    filled = pl.col("inbound").is_not_null() & (pl.lit(story) != "test")
    # The evidence that fell on the last inbound moment; older evidence of another kind precedes it.
    last_form = (
        pl.when(pl.col("evidence") == "form")
        .then("inbound")
        .otherwise(pl.min_horizontal(pl.col("born") + pl.duration(hours=1), "inbound"))
    )
    visited = pl.Series(dice.happens(0.6, "contact visited", ids))
    return [
        pl.when(filled).then("form").alias("recent_conversion_event_name"),
        pl.when(filled).then(last_form).cast(MOMENT).alias("recent_conversion_date"),
        pl.when(filled).then("form").alias("first_conversion_event_name"),
        pl.when(filled).then(pl.min_horizontal(pl.col("born") + pl.duration(minutes=2), last_form)).cast(MOMENT).alias("first_conversion_date"),
        pl.when(filled).then(pl.Series(dice.whole(1, 6, "contact conversions", ids))).otherwise(0).alias("num_conversion_events"),
        pl.when(filled & (pl.col("evidence") == "click")).then("inbound").alias("hs_email_last_click_date"),
        pl.when(filled & (pl.col("evidence") == "reply")).then("inbound").alias("hs_sales_email_last_replied"),
        pl.when(filled & ((pl.col("evidence") == "visit") | visited)).then("inbound").alias("hs_analytics_last_visit_timestamp"),
        pl.when(filled).then(pl.Series(dice.whole(1, 60, "contact pages", ids))).alias("hs_analytics_num_page_views"),
        pl.col("outbound").alias("notes_last_contacted"),
        pl.col("outbound").alias("notes_last_updated"),
        pl.when(filled & pl.lit(story).is_in(["worked", "buyer"]) & pl.Series(dice.happens(0.5, "contact next", ids)))
        .then(pl.col("_modified") + pl.duration(days=20)).alias("notes_next_activity_date"),
    ]  # fmt: skip


def _answers(last_change: int) -> list[pl.Expr]:
    return [
        *(pl.col(word).alias(f"bant_{word}") for word in ("budget", "authority", "need", "timeline")),
        buys_on(last_change).alias("purchase_date"),
    ]


def buys_on(last_change: int) -> pl.Expr:
    """Day the buyer means to have bought, from the days ahead in `asked_ahead` (-999: not known)."""
    today = moments(np.array([last_change // DAY * DAY]))[0].date()
    return (
        pl.when(pl.col("asked_ahead") > -999)
        .then(pl.lit(today) + pl.duration(days=pl.col("asked_ahead")))
        .cast(pl.Date)
    )
