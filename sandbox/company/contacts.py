"""HubSpot contacts: how marketing holds the people it knows."""

import numpy as np
import polars as pl

from sandbox.company.chance import Dice, Draws
from sandbox.company.identifiers import hubspot_numbers
from sandbox.company.moments import MOMENT, moments
from sandbox.company.owners import draw_reps
from sandbox.company.records import DUPLICATE, Habits, held, hubspot_state, losers_of, marks, stamped
from sandbox.company.stories import (
    LEAD_STATUS,
    LIFECYCLE,
    LIST_FILES,
    SOURCES,
    buys_on,
    by_story,
    hours_after,
    story_and_dealing,
)
from sandbox.company.untidy import untidy_address, untidy_name, untidy_phone

HABITS = Habits()


def hubspot_contacts(
    people: pl.DataFrame,
    companies: pl.DataFrame,
    reps: pl.DataFrame,
    dice: Dice,
    last_change: int,
    *,
    after: int = 51,
) -> pl.DataFrame:
    """Contacts of the people HubSpot knows; `after` is the last number HubSpot gave."""
    rows = held(people.filter(pl.col("pattern").str.contains("h")), "person", dice, "contact", HABITS)
    rows = stamped(rows, pl.max_horizontal("inbound", "outbound"), dice, "contact", HABITS, last_change)
    numbers = hubspot_numbers(len(rows), after=after)
    rows = losers_of(rows.with_columns(_rank=pl.Series(numbers), _id=pl.Series(numbers).cast(pl.String)), "_id")
    at_work = companies.filter((pl.col("_copy") == 0) & (pl.col("_state") == "live"))
    rows = rows.join(at_work.select(firm="_entity", company_id="_id"), on="firm", how="left", maintain_order="left")
    draws = Draws(dice, "contact", marks(rows))
    newest = pl.lit(moments(np.array([last_change]))[0])
    owner = pl.lit(reps["hubspot_id"].gather(draw_reps(reps, dice, "contact owner", draws.ids)))
    return rows.select(
        "_id",
        "_rank",
        "_created",
        "_modified",
        "_entity",
        "_copy",
        hubspot_state().alias("_state"),
        pl.col("story").alias("_story"),
        *_who(draws),
        *_standing(draws, owner, newest),
        *_engagement(draws, newest),
        *(pl.col(word).alias(f"bant_{word}") for word in ("budget", "authority", "need", "timeline")),
        buys_on(last_change).alias("purchase_date"),
        pl.col("_losers").alias("hs_merged_object_ids"),
        pl.col("_losers").alias("hs_calculated_merged_vids"),
        pl.lit(None, dtype=pl.String).alias("salesforceleadid"),
        pl.lit(None, dtype=pl.String).alias("salesforcecontactid"),
    )


def _who(draws: Draws) -> list[pl.Expr]:
    # HubSpot keeps one contact an address: a second one of the same person came by another address, or by none.
    local, domain = (pl.col("email").str.split("@").list.get(part) for part in (0, 1))
    second = pl.when(draws.sometimes(0.5, "second address")).then(local + "+old@" + domain)
    is_second = pl.col("_copy") == DUPLICATE
    phone = untidy_phone(draws, known=0.55)
    works = ~pl.col("free_mail") | draws.sometimes(0.5, "employer told")
    return [
        pl.when(is_second).then(second).otherwise(untidy_address(draws)).alias("email"),
        untidy_name("first", draws, known=0.93).alias("firstname"),
        untidy_name("last", draws, known=0.95).alias("lastname"),
        pl.when(is_second).then("phone_international").otherwise(phone).alias("phone"),
        untidy_phone(draws, known=0.08, which="mobile").alias("mobilephone"),
        draws.known(0.8, "title").alias("jobtitle"),
        pl.when(works).then(draws.known(0.85, "firm_name")).alias("company"),
        pl.when(works).then(draws.known(0.4, "firm_domain")).alias("website"),
        draws.known(0.7, "country").alias("country"),
        draws.known(0.5, "city").alias("city"),
        pl.when(works).then("company_id").alias("associatedcompanyid"),
    ]


def _standing(draws: Draws, owner: pl.Expr, newest: pl.Expr) -> list[pl.Expr]:
    is_list = pl.col("story") == "list"
    stage = by_story(LIFECYCLE, draws, "lifecycle", story_and_dealing())
    owned = draws.sometimes(0.62, "owned") | pl.col("story").is_in(["worked", "buyer"])
    is_customer = stage == "customer"
    has_deal = is_customer | (stage == "opportunity")
    accepted = has_deal | (stage == "salesqualifiedlead")
    qualified = accepted | (stage == "marketingqualifiedlead")
    moved = pl.coalesce("inbound", "born")
    return [
        stage.alias("lifecyclestage"),
        by_story(LEAD_STATUS, draws, "status").alias("hs_lead_status"),
        pl.when(owned).then(owner).alias("hubspot_owner_id"),
        pl.col("story").replace_strict(SOURCES, default="DIRECT_TRAFFIC").alias("hs_analytics_source"),
        pl.when(is_list).then(draws.one_of(("IMPORT", "INTEGRATION"), "import")).alias("hs_object_source_label"),
        pl.when(is_list).then(draws.one_of(LIST_FILES, "list")).alias("hs_analytics_source_data_1"),
        pl.col("_created").alias("hs_lifecyclestage_lead_date"),
        pl.when(qualified).then(moved).alias("hs_lifecyclestage_marketingqualifiedlead_date"),
        pl.when(accepted)
        .then(hours_after(pl.col("inbound"), draws, "accepted", 2, 90, newest))
        .alias("hs_lifecyclestage_salesqualifiedlead_date"),
        pl.when(has_deal).then("inbound").alias("hs_lifecyclestage_opportunity_date"),
        pl.when(is_customer).then("inbound").alias("hs_lifecyclestage_customer_date"),
        pl.col("opted_out").alias("hs_email_optout"),
        pl.when("bounced").then(1).alias("hs_email_bounce"),
        pl.when("bounced").then(pl.lit("UNKNOWN_USER")).alias("hs_email_hard_bounce_reason_enum"),
        draws.whole(0, 100, "score").alias("hubspotscore"),
    ]


def _engagement(draws: Draws, newest: pl.Expr) -> list[pl.Expr]:
    asked = pl.col("inbound").is_not_null() & (pl.col("story") != "test")
    # The evidence that fell on the last inbound moment; older evidence of another kind precedes it.
    earlier = pl.min_horizontal(pl.col("born") + pl.duration(hours=1), "inbound")
    last_form = pl.when(pl.col("evidence") == "form").then("inbound").otherwise(earlier)
    first_form = pl.min_horizontal(pl.col("born") + pl.duration(minutes=2), last_form)
    visited = (pl.col("evidence") == "visit") | draws.sometimes(0.6, "visited")
    opened = (pl.col("evidence") == "click") | draws.sometimes(0.3, "opened")
    planned = pl.col("story").is_in(["worked", "buyer"]) & draws.sometimes(0.5, "next planned")
    return [
        pl.when(asked).then("form").alias("recent_conversion_event_name"),
        pl.when(asked).then(last_form).cast(MOMENT).alias("recent_conversion_date"),
        pl.when(asked).then("form").alias("first_conversion_event_name"),
        pl.when(asked).then(first_form).cast(MOMENT).alias("first_conversion_date"),
        pl.when(asked).then(draws.whole(1, 6, "conversions")).otherwise(0).alias("num_conversion_events"),
        pl.when(asked & opened).then("inbound").alias("hs_email_last_open_date"),
        pl.when(asked & (pl.col("evidence") == "click")).then("inbound").alias("hs_email_last_click_date"),
        pl.when(asked & (pl.col("evidence") == "reply")).then("inbound").alias("hs_sales_email_last_replied"),
        pl.when(asked & visited).then("inbound").alias("hs_analytics_last_visit_timestamp"),
        pl.when(asked).then(draws.whole(1, 60, "pages")).alias("hs_analytics_num_page_views"),
        pl.col("outbound").alias("notes_last_contacted"),
        pl.col("outbound").alias("notes_last_updated"),
        pl.when(asked & planned)
        .then(newest + pl.duration(days=draws.whole(-6, 30, "next on")))
        .cast(MOMENT)
        .alias("notes_next_activity_date"),
    ]
