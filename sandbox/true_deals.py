"""The true deals: which firm, how far along, when it should close, and what is wrong with its record.

Close dates, next steps, amounts and people are missing or wrong in known shares of the open deals; most are sane.
"""

import numpy as np
import polars as pl

from sandbox.chance import Dice, Flags, Ids
from sandbox.moments import DAY, moments, year_of
from sandbox.owners import draw_reps
from sandbox.people import qualification
from sandbox.trades import COMPETITORS, LOSS_REASONS, NEXT_STEPS, NO_NEXT_STEPS

OPPORTUNITIES_A_PERSON = 0.15
DEALS_A_PERSON = 0.06
SYNCED_A_PERSON = 0.025
STAGES = ("Prospecting", "Qualification", "Needs Analysis", "Proposal/Price Quote", "Negotiation/Review")
WON, LOST = 5, 6
# What the close date of an open deal says.
CLOSE: dict[str, float] = {"sane": 80, "overdue": 11, "placeholder": 4, "far": 5}
PLACEHOLDERS = ("2099-12-31", "1970-01-01", "century")


def true_deals(
    people: int,
    firms: pl.DataFrame,
    reps: pl.DataFrame,
    dice: Dice,
    last_change: int,
    *,
    first: int = 0,
    count: int | None = None,
) -> pl.DataFrame:
    """One row a deal; `where` is s (Salesforce), h (HubSpot) or sh (both, synced)."""
    if count is None:
        count = max(60, round(people * (OPPORTUNITIES_A_PERSON + DEALS_A_PERSON - SYNCED_A_PERSON)))
    ids = np.arange(first, first + count, dtype=np.int64)
    synced = SYNCED_A_PERSON
    where = dice.weigh(
        {"s": OPPORTUNITIES_A_PERSON - synced, "sh": synced, "h": DEALS_A_PERSON - synced}, "deal where", ids
    )
    outcome = dice.weigh({"open": 42, "won": 26, "lost": 32}, "deal outcome", ids)
    is_open: Flags = (outcome == "open").to_numpy()
    firm = _firm(where, firms, dice, ids)
    frame = pl.DataFrame(
        {
            "deal": ids,
            "where": where,
            "outcome": outcome,
            "firm": firm,
            "firm_name": firms["name"].gather(firm),
            "stage": _stage(outcome, dice, ids),
            "rep": draw_reps(reps, dice, "deal owner", ids),
            "what": dice.pick(
                ("New platform", "Pilot", "Expansion", "Renewal", "50 seats", "Annual licence"), "deal what", ids
            ),
            "type": dice.weigh({"New Business": 6, "Existing Business": 3, None: 1}, "deal type", ids),
            "nameless": dice.happens(0.02, "deal no firm", ids),
            "pipeline": np.where(dice.happens(0.25, "deal pipeline", ids), "second", "default"),
        }
    )
    knows = np.where(is_open, 0.35 + 0.12 * frame["stage"].to_numpy(), 0.6)
    parts = [
        frame,
        _dates(frame, dice, ids, last_change),
        _money(is_open, dice, ids),
        _hygiene(is_open, outcome, dice, ids),
    ]
    return pl.concat([*parts, qualification(dice, "deal", ids, knows=knows)], how="horizontal")


def _firm(where: pl.Series, firms: pl.DataFrame, dice: Dice, ids: Ids) -> Ids:
    both = firms.filter(pl.col("in_salesforce") & pl.col("in_hubspot"))["firm"].to_numpy()
    draw = dice.unit("deal firm", ids) ** 1.5
    chosen = {
        "s": firms.filter("in_salesforce")["firm"].to_numpy(), "h": firms.filter("in_hubspot")["firm"].to_numpy(), "sh": both,
    }  # fmt: skip
    return np.select(
        [(where == w).to_numpy() for w in chosen], [f[(draw * len(f)).astype(np.int64)] for f in chosen.values()]
    )


def _stage(outcome: pl.Series, dice: Dice, ids: Ids) -> Ids:
    stage = dice.index((14, 24, 26, 21, 15), "deal stage", ids)
    return np.select(
        [(outcome == "won").to_numpy(), (outcome == "lost").to_numpy()],
        [np.full(len(ids), WON), np.full(len(ids), LOST)],
        stage,
    )


def _dates(frame: pl.DataFrame, dice: Dice, ids: Ids, last_change: int) -> pl.DataFrame:
    """`born`, `close_on`, `close_kind`, `staged` (entered its stage) and `touched` (last activity)."""
    is_open = (frame["outcome"] == "open").to_numpy()
    today = last_change // DAY + 1
    kind = np.where(is_open, dice.weigh(dict(CLOSE), "deal close kind", ids).to_numpy(), "sane")
    slow = is_open & dice.happens(0.09, "deal slow", ids)
    age = np.where(is_open, dice.spread(4, 150, "deal age", ids), dice.spread(40, 1300, "closed deal age", ids))
    age = np.where(slow | (kind == "overdue"), age + 160, age)
    cycle = np.minimum(age - 1, dice.spread(15, 160, "deal cycle", ids))
    ahead = np.select(
        [~is_open, kind == "overdue", kind == "far"],
        [
            -(age - cycle),
            -dice.spread(1, 150, "deal overdue by", ids, towards_low=1.6),
            dice.spread(380, 800, "deal far", ids),
        ],
        dice.spread(2, 170, "deal closes in", ids),
    )
    in_stage = np.where(
        slow,
        dice.spread(70, 150, "deal slow in stage", ids),
        dice.spread(0, 1, "deal in stage", ids) * np.minimum(age, 26),
    )
    in_stage = np.where(is_open, np.minimum(in_stage, age), age - cycle)
    idle = np.where(is_open, np.minimum(dice.spread(0, 13, "deal idle", ids) + np.where(slow, 45, 0), age), age - cycle)
    idle = np.where(is_open & dice.happens(0.07, "deal silent", ids), np.minimum(age, idle + 60), idle)
    frozen = pl.Series(dice.pick(PLACEHOLDERS, "deal placeholder", ids))
    close = pl.Series(today + np.round(ahead).astype(np.int64)).cast(pl.Int32).cast(pl.Date)
    return pl.DataFrame(
        {"born": moments(np.floor(last_change - age * DAY)), "close_kind": kind, "slow": slow, "sane_close_on": close,
         "staged": moments(np.floor(last_change - in_stage * DAY)), "touched": moments(np.floor(last_change - idle * DAY)), "frozen": frozen},
        schema_overrides={"close_kind": pl.String},
    ).with_columns(
        close_on=pl.when(pl.col("close_kind") != "placeholder").then("sane_close_on")
        .when(pl.col("frozen") == "century").then(pl.date(year_of(last_change) + 100, 12, 31))
        .otherwise(pl.col("frozen").str.to_date("%Y-%m-%d", strict=False)),
    )  # fmt: skip


def _money(is_open: Flags, dice: Dice, ids: Ids) -> pl.DataFrame:
    amount = np.round(10 ** dice.spread(3.4, 5.4, "deal amount", ids), -2) + np.where(
        dice.happens(0.1, "deal cents", ids), 0.5, 0
    )
    missing = np.where(
        is_open, dice.happens(0.07, "deal no amount", ids), dice.happens(0.01, "closed deal no amount", ids)
    )
    return pl.DataFrame(
        {
            "amount": pl.select(pl.when(pl.Series(~missing)).then(pl.Series(amount))).to_series(),
            "currency": dice.weigh({"USD": 80, "EUR": 13, "GBP": 7}, "deal currency", ids),
        }
    )


def _hygiene(is_open: Flags, outcome: pl.Series, dice: Dice, ids: Ids) -> pl.DataFrame:
    """`next_step`, `pushes`, `loss_reason`, `competitor`, and how many people are on the deal."""
    stepless = dice.happens(0.18, "deal no next step", ids)
    real = dice.pick(NEXT_STEPS, "deal next step", ids)
    fake = dice.pick([*NO_NEXT_STEPS, None, None, None, None, None, None], "deal fake next step", ids)
    lost = (outcome == "lost").to_numpy()
    reason = dice.pick(LOSS_REASONS, "deal loss reason", ids)
    told = pl.Series(lost & dice.happens(0.8, "deal loss told", ids))
    named = pl.Series(dice.happens(0.7, "deal competitor told", ids)) & (reason == "Lost to Competitor")
    contacts = np.where(dice.happens(0.1, "deal no contact", ids), 0, dice.index((0, 35, 40, 25), "deal contacts", ids))
    return pl.DataFrame({"open": is_open}).select(
        next_step=pl.when(~pl.col("open")).then(None).when(pl.Series(stepless)).then(fake).otherwise(real),
        pushes=pl.Series(dice.index((68, 17, 8, 4, 2, 1), "deal pushes", ids)),
        loss_reason=pl.when(told).then(reason),
        competitor=pl.when(told & named).then(dice.pick(COMPETITORS, "deal competitor", ids)),
        people_on_it=pl.Series(contacts),
    )
