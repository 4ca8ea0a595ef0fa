"""Salesforce tasks and events: calls, e-mails and meetings that agree with each person's story.

The buyer's last move of a person HubSpot does not know, and our last move towards anybody, each have a task of their own.
"""

import numpy as np
import polars as pl

from sandbox.chance import Dice, Ids
from sandbox.identifiers import salesforce_ids
from sandbox.moments import DAY, HOUR, MOMENT, moments, whole_seconds

TASKS_A_PERSON = 1.25
INBOUND: dict[str, float] = {"Inbound Call": 30, "Email Reply": 40, "Demo Request": 20, "Contact Form": 10}
OUTBOUND: dict[str, float] = {"Call": 45, "Email": 40, "Meeting": 15}
SUBTYPE = {"Call": "Call", "Inbound Call": "Call", "Email": "Email", "Email Reply": "Email"}
CALL_TYPE = {"Call": "Outbound", "Inbound Call": "Inbound"}


def holders(people: pl.DataFrame, leads: pl.DataFrame, contacts: pl.DataFrame) -> pl.DataFrame:
    """One row a person sales holds: the record activities hang on (the contact if there is one), and the story's moments."""
    live = (pl.col("_copy") == 0) & (pl.col("_state") == "live")
    contact = contacts.filter(live).select(person="_entity", contact="Id", AccountId="AccountId", owner="OwnerId")
    lead = leads.filter(live & ~pl.col("IsConverted")).select(person="_entity", lead="Id", lead_owner="OwnerId")
    rows = people.join(contact, on="person", how="left", maintain_order="left").join(
        lead, on="person", how="left", maintain_order="left"
    )
    rows = rows.with_columns(WhoId=pl.coalesce("contact", "lead"), OwnerId=pl.coalesce("owner", "lead_owner"))
    return rows.filter(pl.col("WhoId").is_not_null()).select(
        "person", "pattern", "story", "born", "inbound", "outbound", "WhoId", "AccountId", "OwnerId"
    )


def salesforce_tasks(
    held: pl.DataFrame, opportunities: pl.DataFrame, people: int, dice: Dice, last_change: int, *, after: int = 0
) -> pl.DataFrame:
    """Tasks of the people sales holds, in order of creation."""
    replied = held.filter(pl.col("inbound").is_not_null() & ~pl.col("pattern").str.contains("h"))
    moved = held.filter(pl.col("outbound").is_not_null())
    parts = [
        replied.select(pl.all(), at="inbound", kind=pl.lit("in"), salt=pl.lit(0)),
        moved.select(pl.all(), at="outbound", kind=pl.lit("out"), salt=pl.lit(1)),
        _planned(held, dice, last_change),
    ]
    missing = max(0, round(people * TASKS_A_PERSON) - sum(map(len, parts)))
    parts.append(_earlier(held, missing, dice))
    return _rows(pl.concat(parts), opportunities, dice, last_change, after=after)


def _planned(held: pl.DataFrame, dice: Dice, last_change: int) -> pl.DataFrame:
    active = held.filter(pl.col("story").is_in(["worked", "buyer", "asker"]))
    active = active.filter(pl.Series(dice.happens(0.15, "task planned", active["person"].to_numpy())))
    days = dice.whole(-10, 30, "task due", active["person"].to_numpy())
    return active.select(pl.all(), at=moments(last_change + days * DAY), kind=pl.lit("plan"), salt=pl.lit(2))


def _earlier(held: pl.DataFrame, count: int, dice: Dice) -> pl.DataFrame:
    """`count` older activities, each between the first and the last that is known of its person."""
    known = held.filter(pl.col("outbound").is_not_null())
    ids = np.arange(count if len(known) else 0, dtype=np.int64)
    rows = known[dice.whole(0, max(1, len(known)), "task whose", ids)]
    part = pl.Series(dice.unit("task when", ids) * 0.98)
    kind = dice.weigh({"out": 85, "in": 15}, "task kind", ids)
    # What the buyer did may not be later than the buyer's last move.
    until = pl.when(kind == "in").then(pl.coalesce("inbound", "born")).otherwise("outbound")
    at = pl.col("born") + ((until - pl.col("born")).dt.total_milliseconds() * part).cast(pl.Int64).cast(
        pl.Duration("ms")
    )
    kind_known = pl.when(pl.col("inbound").is_null()).then(pl.lit("out")).otherwise(kind)
    return rows.select(pl.all(), at=at.cast(MOMENT), kind=kind_known, salt=pl.Series(10 + ids).cast(pl.Int32))


def _rows(
    tasks: pl.DataFrame, opportunities: pl.DataFrame, dice: Dice, last_change: int, *, after: int
) -> pl.DataFrame:
    ids: Ids = tasks["person"].to_numpy() * 1_000_003 + tasks["salt"].to_numpy()
    open_deals = opportunities.filter(
        (pl.col("_state") == "live") & pl.col("AccountId").is_not_null() & ~pl.col("IsClosed")
    )
    deal = open_deals.select("AccountId", WhatId="Id").unique("AccountId", keep="first", maintain_order=True)
    newest = moments(np.array([last_change]))[0]
    planned = pl.col("kind") == "plan"
    bulk = pl.Series(dice.happens(0.1, "task bulk", ids))
    bulk_at = moments(np.array([(last_change - 4 * DAY) // 1000 * 1000]))[0]
    lag = pl.Series(dice.whole(0, 3 * HOUR, "task lag", ids)).cast(pl.Duration("ms"))
    created = pl.when(planned).then(pl.lit(newest) - pl.duration(days=11)).otherwise("at")
    rows = tasks.with_columns(
        Type=pl.when(pl.col("kind") == "in")
        .then(dice.weigh(dict(INBOUND), "task inbound type", ids))
        .otherwise(dice.weigh(dict(OUTBOUND), "task type", ids)),
        _created=whole_seconds(pl.min_horizontal(created, pl.lit(newest))),
    ).with_columns(_modified=whole_seconds(pl.min_horizontal(pl.col("_created") + lag, pl.lit(newest))))
    rows = rows.join(deal, on="AccountId", how="left", maintain_order="left").with_columns(
        _modified=pl.when(bulk & (pl.col("_created") < bulk_at))
        .then(pl.max_horizontal("_modified", pl.lit(bulk_at)))
        .otherwise("_modified"),
        _archived=pl.Series(dice.happens(0.006, "task deleted", ids)),
        _key=pl.Series(ids),
    )
    rows = rows.sort("_created", "_key")
    numbers = after + 1001 + 13 * np.arange(len(rows), dtype=np.int64)
    return _told(rows.with_columns(_rank=pl.Series(numbers), Id=salesforce_ids("00T", numbers)))


def _told(rows: pl.DataFrame) -> pl.DataFrame:
    done = pl.col("kind") != "plan"
    return rows.select(
        "Id", "_rank", "_created", "_modified", "WhoId", "AccountId", "OwnerId", "Type",
        _entity="person",
        _copy=pl.lit(0),
        _state=pl.when("_archived").then(pl.lit("archived")).otherwise(pl.lit("live")),
        WhatId=pl.when((pl.col("salt") % 3) != 0).then("WhatId"),
        Subject=pl.col("Type") + pl.when(pl.col("kind") == "in").then(pl.lit(" from buyer")).otherwise(pl.lit("")),
        TaskSubtype=pl.col("Type").replace_strict(SUBTYPE, default="Task"),
        CallType=pl.col("Type").replace_strict(CALL_TYPE, default=None, return_dtype=pl.String),
        Status=pl.when(done).then(pl.lit("Completed")).otherwise(pl.lit("Not Started")),
        Priority=pl.lit("Normal"),
        ActivityDate=pl.col("at").dt.date(),
        CompletedDateTime=pl.when(done).then(whole_seconds(pl.col("at"))),
        IsClosed=done,
    )  # fmt: skip


def salesforce_events(held: pl.DataFrame, dice: Dice, last_change: int, *, after: int = 0) -> pl.DataFrame:
    """Meetings in the calendar: held ones at our last move, a few still ahead."""
    ids = held["person"].to_numpy()
    keep = held.filter(pl.Series(dice.happens(0.12, "event", ids)) & pl.col("outbound").is_not_null())
    ids = keep["person"].to_numpy()
    ahead = pl.Series(dice.happens(0.15, "event ahead", ids)) & keep["story"].is_in(["worked", "buyer", "asker"])
    later = moments(last_change + dice.whole(1, 21, "event in", ids) * DAY)
    newest = pl.lit(moments(np.array([last_change]))[0])
    rows = keep.with_columns(
        at=whole_seconds(pl.when(ahead).then(later).otherwise("outbound")),
        _created=whole_seconds(pl.min_horizontal(pl.col("outbound"), newest)),
    ).sort("_created", "person")
    numbers = after + 1001 + 3 * np.arange(len(rows), dtype=np.int64)
    return rows.select(
        "_created", "WhoId", "AccountId", "OwnerId",
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
        IsAllDayEvent=pl.lit(False),
    )  # fmt: skip
