"""Salesforce tasks and events: calls, e-mails and meetings that agree with each person's story.

The buyer's last move, where HubSpot does not know the person, and our last move each have a task of their own.
"""

import numpy as np
import polars as pl

from sandbox.company.chance import Dice, Draws, Ids
from sandbox.company.identifiers import salesforce_ids
from sandbox.company.moments import DAY, HOUR, MOMENT, moments, whole_seconds
from sandbox.company.records import FIRST_AND_LIVE

TASKS_A_PERSON = 1.25
INBOUND = {"Inbound Call": 30, "Email Reply": 40, "Demo Request": 20, "Contact Form": 10}
OUTBOUND = {"Call": 45, "Email": 40, "Meeting": 15}
SUBTYPE = {"Call": "Call", "Inbound Call": "Call", "Email": "Email", "Email Reply": "Email"}
CALL_TYPE = {"Call": "Outbound", "Inbound Call": "Inbound"}
BUSY_STORIES = ("worked", "buyer", "asker")
# Numbers that tell the tasks of one person apart.
REPLY, MOVE, PLAN, EARLIER = 0, 1, 2, 10


def holders(people: pl.DataFrame, leads: pl.DataFrame, contacts: pl.DataFrame) -> pl.DataFrame:
    """One row a person sales holds: the story, and `WhoId`, the contact or else the lead activities hang on."""
    contact = contacts.filter(FIRST_AND_LIVE).select("AccountId", person="_entity", contact="Id", owner="OwnerId")
    unconverted = leads.filter(FIRST_AND_LIVE & ~pl.col("IsConverted"))
    lead = unconverted.select(person="_entity", lead="Id", lead_owner="OwnerId")
    rows = people.join(contact, on="person", how="left", maintain_order="left")
    rows = rows.join(lead, on="person", how="left", maintain_order="left")
    return rows.with_columns(WhoId=pl.coalesce("contact", "lead"), OwnerId=pl.coalesce("owner", "lead_owner")).select(
        "person", "pattern", "story", "born", "inbound", "outbound", "WhoId", "AccountId", "OwnerId"
    ).filter(pl.col("WhoId").is_not_null())  # fmt: skip


def salesforce_tasks(
    held: pl.DataFrame, opportunities: pl.DataFrame, count: int, dice: Dice, last_change: int, *, after: int = 0
) -> pl.DataFrame:
    """At least the tasks the stories need, and older ones up to `count`, in order of creation."""
    replied = held.filter(pl.col("inbound").is_not_null() & ~pl.col("pattern").str.contains("h"))
    moved = held.filter(pl.col("outbound").is_not_null())
    parts = [
        replied.select(pl.all(), at="inbound", kind=pl.lit("in"), mark=pl.lit(REPLY)),
        moved.select(pl.all(), at="outbound", kind=pl.lit("out"), mark=pl.lit(MOVE)),
        _planned(held, dice, last_change),
    ]
    parts.append(_earlier(moved, max(0, count - sum(map(len, parts))), dice))
    return _rows(pl.concat(parts), opportunities, dice, last_change, after=after)


def _planned(held: pl.DataFrame, dice: Dice, last_change: int) -> pl.DataFrame:
    busy = held.filter(pl.col("story").is_in(BUSY_STORIES))
    busy = busy.filter(pl.Series(dice.happens(0.15, "task planned", busy["person"].to_numpy())))
    days = dice.whole(-10, 30, "task due", busy["person"].to_numpy())
    return busy.select(pl.all(), at=moments(last_change + days * DAY), kind=pl.lit("plan"), mark=pl.lit(PLAN))


def _earlier(moved: pl.DataFrame, count: int, dice: Dice) -> pl.DataFrame:
    """`count` older activities, each between the first and the last that is known of its person."""
    ids = np.arange(count if len(moved) else 0, dtype=np.int64)
    rows = moved[dice.whole(0, max(1, len(moved)), "task whose", ids)]
    draws = Draws(dice, "task", ids)
    asked = (draws.weighed({"out": 85, "in": 15}, "kind") == "in") & pl.col("inbound").is_not_null()
    # What the buyer did may not be later than the buyer's last move, nor what we did than ours.
    span = pl.when(asked).then("inbound").otherwise("outbound") - pl.col("born")
    part = pl.lit(pl.Series(dice.unit("task when", ids) * 0.98))
    at = pl.col("born") + (span.dt.total_milliseconds() * part).cast(pl.Int64).cast(pl.Duration("ms"))
    kind = pl.when(asked).then(pl.lit("in")).otherwise(pl.lit("out"))
    return rows.select(pl.all(), at=at.cast(MOMENT), kind=kind, mark=pl.Series(EARLIER + ids).cast(pl.Int32))


def _rows(
    tasks: pl.DataFrame, opportunities: pl.DataFrame, dice: Dice, last_change: int, *, after: int
) -> pl.DataFrame:
    ids: Ids = tasks["person"].to_numpy() * 1_000_003 + tasks["mark"].to_numpy()
    draws = Draws(dice, "task", ids)
    newest, bulk_at = (pl.lit(moment) for moment in moments(np.array([last_change, last_change - 4 * DAY])))
    inbound, planned = pl.col("kind") == "in", pl.col("kind") == "plan"
    created = pl.when(planned).then(newest - pl.duration(days=11)).otherwise("at")
    lag = draws.whole(0, 3 * HOUR, "lag").cast(pl.Duration("ms"))
    bulk = draws.sometimes(0.1, "bulk") & (pl.col("_created") < bulk_at)
    kind = pl.when(inbound).then(draws.weighed(INBOUND, "inbound type")).otherwise(draws.weighed(OUTBOUND, "type"))
    rows = (
        tasks.join(_open_deals(opportunities), on="AccountId", how="left", maintain_order="left")
        .with_columns(Type=kind, _created=whole_seconds(pl.min_horizontal(created, newest)))
        .with_columns(_modified=whole_seconds(pl.min_horizontal(pl.col("_created") + lag, newest)))
        .with_columns(
            _modified=pl.when(bulk).then(pl.max_horizontal("_modified", bulk_at)).otherwise("_modified"),
            _archived=draws.sometimes(0.006, "deleted"),
            _key=pl.Series(ids),
        )
        .sort("_created", "_key")
    )
    numbers = after + 1001 + 13 * np.arange(len(rows), dtype=np.int64)
    return _told(rows.with_columns(_rank=pl.Series(numbers), Id=salesforce_ids("00T", numbers)))


def _open_deals(opportunities: pl.DataFrame) -> pl.DataFrame:
    """The first open opportunity of each account."""
    opened = opportunities.filter(
        (pl.col("_state") == "live") & pl.col("AccountId").is_not_null() & ~pl.col("IsClosed")
    )
    return opened.select("AccountId", WhatId="Id").unique("AccountId", keep="first", maintain_order=True)


def _told(rows: pl.DataFrame) -> pl.DataFrame:
    done = pl.col("kind") != "plan"
    from_buyer = pl.when(pl.col("kind") == "in").then(pl.lit(" from buyer")).otherwise(pl.lit(""))
    return rows.select(
        *("Id", "_rank", "_created", "_modified", "WhoId", "AccountId", "OwnerId", "Type"),
        _entity="person",
        _copy=pl.lit(0),
        _state=pl.when("_archived").then(pl.lit("archived")).otherwise(pl.lit("live")),
        WhatId=pl.when(pl.col("mark") % 3 != 0).then("WhatId"),
        Subject=pl.col("Type") + from_buyer,
        TaskSubtype=pl.col("Type").replace_strict(SUBTYPE, default="Task"),
        CallType=pl.col("Type").replace_strict(CALL_TYPE, default=None, return_dtype=pl.String),
        Status=pl.when(done).then(pl.lit("Completed")).otherwise(pl.lit("Not Started")),
        Priority=pl.lit("Normal"),
        ActivityDate=pl.col("at").dt.date(),
        CompletedDateTime=pl.when(done).then(whole_seconds(pl.col("at"))),
        IsClosed=done,
    )


def salesforce_events(held: pl.DataFrame, dice: Dice, last_change: int) -> pl.DataFrame:
    """Meetings in the calendar: held ones at our last move, a few still ahead."""
    moved = held.filter(pl.col("outbound").is_not_null())
    moved = moved.filter(pl.Series(dice.happens(0.12, "event", moved["person"].to_numpy())))
    draws = Draws(dice, "event", moved["person"].to_numpy())
    ahead = draws.sometimes(0.15, "ahead") & pl.col("story").is_in(BUSY_STORIES)
    newest = pl.lit(moments(np.array([last_change]))[0])
    later = newest + pl.duration(days=draws.whole(1, 21, "in"))
    rows = moved.with_columns(
        at=whole_seconds(pl.when(ahead).then(later).otherwise("outbound")).cast(MOMENT),
        _created=whole_seconds(pl.min_horizontal("outbound", newest)),
    ).sort("_created", "person")
    numbers = 1001 + 3 * np.arange(len(rows), dtype=np.int64)
    return rows.select(
        *("_created", "WhoId", "AccountId", "OwnerId"),
        _modified="_created",
        Id=salesforce_ids("00U", numbers),
        _rank=pl.Series(numbers),
        _entity="person",
        _copy=pl.lit(0),
        _state=pl.lit("live"),
        WhatId=pl.lit(None, dtype=pl.String),
        Subject=pl.lit("Meeting"),
        Type=pl.lit("Meeting"),
        StartDateTime="at",
        EndDateTime=pl.col("at") + pl.duration(minutes=45),
        ActivityDate=pl.col("at").dt.date(),
        IsAllDayEvent=pl.lit(value=False),
    )
