"""What the systems say of a person, by the person's story: the words, how often each, and dates that go with them."""

import numpy as np
import polars as pl

from sandbox.company.chance import Draws
from sandbox.company.moments import DAY, HOUR, MOMENT, moments
from sandbox.company.qualification import NOT_KNOWN

ByStory = dict[str, dict[str, float]]

LIFECYCLE: ByStory = {
    "subscriber": {"subscriber": 80, "lead": 20},
    "download": {"lead": 85, "subscriber": 10, "marketingqualifiedlead": 5},
    "asker": {"marketingqualifiedlead": 75, "lead": 15, "salesqualifiedlead": 10},
    "list": {"lead": 60, "marketingqualifiedlead": 25, "other": 15},
    "silent": {"lead": 60, "marketingqualifiedlead": 30, "salesqualifiedlead": 10},
    "worked": {"salesqualifiedlead": 80, "marketingqualifiedlead": 20},
    "nurture": {"lead": 70, "marketingqualifiedlead": 30},
    "refused": {"other": 50, "lead": 50},
    "test": {"lead": 60, "subscriber": 40},
    "buyer, open": {"opportunity": 90, "salesqualifiedlead": 10},
    "buyer, won": {"customer": 85, "opportunity": 10, "salesqualifiedlead": 5},
    "buyer, none": {"salesqualifiedlead": 60, "lead": 25, "opportunity": 15},
}
LEAD_STATUS: ByStory = {
    "subscriber": {"": 90, "NEW": 10},
    "download": {"NEW": 50, "": 40, "OPEN": 10},
    "asker": {"NEW": 30, "OPEN": 40, "IN_PROGRESS": 30},
    "list": {"": 50, "NEW": 50},
    "silent": {"OPEN": 40, "NEW": 25, "IN_PROGRESS": 20, "ATTEMPTED_TO_CONTACT": 15},
    "worked": {"CONNECTED": 50, "IN_PROGRESS": 50},
    "nurture": {"BAD_TIMING": 90, "": 10},
    "refused": {"UNQUALIFIED": 90, "": 10},
    "test": {"": 1},
    "buyer": {"OPEN_DEAL": 70, "CONNECTED": 20, "": 10},
}
SALESFORCE_STATUS: ByStory = {
    "download": {"Open - Not Contacted": 60, "Working - Contacted": 40},
    "asker": {"Marketing Qualified": 65, "Working - Contacted": 35},
    "silent": {"Open - Not Contacted": 40, "Working - Contacted": 35, "Marketing Qualified": 25},
    "list": {"Open - Not Contacted": 70, "Marketing Qualified": 30},
    "worked": {"Sales Accepted": 85, "Working - Contacted": 15},
    "nurture": {"Nurture": 1},
    "refused": {"Closed - Not Converted": 1},
    "test": {"Open - Not Contacted": 1},
    "buyer": {"Closed - Converted": 1},
}
SOURCES = {"list": "OFFLINE", "subscriber": "ORGANIC_SEARCH", "download": "PAID_SOCIAL", "asker": "DIRECT_TRAFFIC"}
LIST_FILES = ("purchased_list_q3.csv", "badge_scans_expo.csv", "enrichment_feed")


def story_and_dealing() -> pl.Expr:
    """The story, for a buyer with how far the dealings are."""
    dealing = "buyer, " + pl.col("dealing").fill_null("none")
    return pl.when(pl.col("story") == "buyer").then(dealing).otherwise("story")


def by_story(weights: ByStory, draws: Draws, salt: str, story_is: pl.Expr | None = None) -> pl.Expr:
    """Draw a word by the weights of each person's story; the empty word, or a story without weights, is null."""
    told = pl.col("story") if story_is is None else story_is
    chosen = pl.coalesce(
        pl.when(told == story).then(draws.weighed(words, f"{salt} {story}")) for story, words in weights.items()
    )
    return pl.when(chosen != "").then(chosen)


def hours_after(since: pl.Expr, draws: Draws, salt: str, low: int, high: int, newest: pl.Expr) -> pl.Expr:
    """The moment some hours after `since`, but never later than `newest`; null stays null."""
    later = since + draws.whole(low * HOUR, high * HOUR, salt).cast(pl.Duration("ms"))
    return pl.when(later > newest).then(newest).otherwise(later).cast(MOMENT)


def buys_on(last_change: int) -> pl.Expr:
    """Day the buyer means to have bought, from the days ahead in `asked_ahead`; null where not known."""
    today = pl.lit(moments(np.array([last_change // DAY * DAY]))[0].date())
    ahead = pl.col("asked_ahead")
    return pl.when(ahead != NOT_KNOWN).then(today + pl.duration(days=ahead)).cast(pl.Date)
