"""Salespeople: the same persons in both systems under one address, some of whom have left, and a queue."""

import numpy as np
import polars as pl

from sandbox.company.chance import Dice, Ids
from sandbox.company.identifiers import salesforce_ids
from sandbox.company.moments import DAY, moments
from sandbox.company.names import NAMES
from sandbox.company.trades import OWN_DOMAIN

LEFT_SHARE = 0.12
LEFT_OWNERS_RECORDS = 0.04
TEAMS = ("Americas", "EMEA", "Enterprise")
QUEUE_ID = salesforce_ids("00G", np.array([1]))[0]


def salespeople(people: int, dice: Dice, last_change: int) -> pl.DataFrame:
    """One row a salesperson: rep, names, email, is_active, team, ids in both systems, when hired and last changed."""
    count = max(12, min(60, people // 600))
    ids = np.arange(count, dtype=np.int64)
    stock = NAMES["US"].given + NAMES["GB"].given, NAMES["GB"].family + NAMES["DE"].family
    first = [stock[0][n] for n in (ids * 7 + dice.seed) % len(stock[0])]
    last = [stock[1][n] for n in (ids * 11 + dice.seed) % len(stock[1])]
    active = ~dice.happens(LEFT_SHARE, "rep left", ids)
    active[:2] = True, True
    active[-1] = False
    hired = last_change - dice.whole(500, 2500, "rep hired", ids) * DAY
    return pl.DataFrame(
        {
            "rep": ids,
            "first": [shown for shown, _ in first],
            "last": [shown for shown, _ in last],
            "email": [f"{a}.{b}@{OWN_DOMAIN}" for (_, a), (_, b) in zip(first, last, strict=True)],
            "active": active,
            "team": [TEAMS[n % len(TEAMS)] for n in ids],
            "hubspot_id": [str(41_000_000 + 313 * n) for n in ids],
            "hubspot_user": 7_100_000 + 17 * ids,
            "salesforce_id": salesforce_ids("005", 101 + 3 * ids),
            "created": moments(hired),
            "modified": moments(np.where(active, hired, last_change - dice.whole(40, 400, "rep left on", ids) * DAY)),
        }
    )


def draw_reps(reps: pl.DataFrame, dice: Dice, salt: str, ids: Ids) -> Ids:
    """Draw an owner for each id: mostly active ones, a few who have left."""
    active = reps["active"].to_numpy()
    share = np.where(
        active, (1 - LEFT_OWNERS_RECORDS) / max(1, active.sum()), LEFT_OWNERS_RECORDS / max(1, (~active).sum())
    )
    return dice.index(share.tolist(), salt, ids)


def hubspot_owners(reps: pl.DataFrame) -> pl.DataFrame:
    """HubSpot owners; one who left is archived."""
    return reps.select(
        _id="hubspot_id",
        _created="created",
        _modified="modified",
        _state=pl.when("active").then(pl.lit("live")).otherwise(pl.lit("archived")),
        email="email",
        firstName="first",
        lastName="last",
        userId="hubspot_user",
        team="team",
        _entity="rep",
    )


def salesforce_users(reps: pl.DataFrame) -> pl.DataFrame:
    """Salesforce users; one who left is inactive; the last row is the user integrations run as."""
    managers = reps["salesforce_id"].head(len(TEAMS))
    people = reps.select(
        Id="salesforce_id",
        FirstName="first",
        LastName="last",
        Name=pl.concat_str("first", "last", separator=" "),
        Email="email",
        Username=pl.col("email") + ".prod",
        IsActive="active",
        UserType=pl.lit("Standard"),
        Department="team",
        Title=pl.when(pl.col("rep") < len(TEAMS)).then(pl.lit("Sales Manager")).otherwise(pl.lit("Account Executive")),
        ManagerId=pl.when(pl.col("rep") >= len(TEAMS)).then(managers.gather(reps["rep"] % len(TEAMS))),
        TimeZoneSidKey=pl.lit("America/New_York"),
        _created="created",
        _modified="modified",
        _entity="rep",
    )
    robot = people.head(1).with_columns(
        Id=salesforce_ids("005", np.array([90_001])),
        FirstName=pl.lit("Integration"),
        LastName=pl.lit("User"),
        Name=pl.lit("Integration User"),
        Email=pl.lit(f"integration@{OWN_DOMAIN}"),
        Username=pl.lit(f"integration@{OWN_DOMAIN}.prod"),
        Title=pl.lit(None, dtype=pl.String),
        _entity=pl.lit(-1, dtype=pl.Int64),
    )
    return pl.concat([people, robot]).with_columns(_state=pl.lit("live"))


def salesforce_queues(last_change: int) -> pl.DataFrame:
    """The queue unassigned leads wait in."""
    return pl.DataFrame(
        {
            "Id": [QUEUE_ID],
            "Name": ["Inbound leads"],
            "DeveloperName": ["Inbound_leads"],
            "Type": ["Queue"],
            "Email": [f"leads@{OWN_DOMAIN}"],
            "_created": moments(np.array([last_change - 2000 * DAY])),
            "_modified": moments(np.array([last_change - 2000 * DAY])),
            "_state": ["live"],
            "_entity": [0],
        }
    )
