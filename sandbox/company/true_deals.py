"""The true deals: which firm, how far along, when it should close, and what is wrong with its record.

Close dates, next steps, amounts and people are missing or wrong in known shares of the open deals; most are sane.
"""

import numpy as np
import polars as pl

from sandbox.company.chance import Dice, Draws, Flags, Ids, Units
from sandbox.company.firms import worked_firm
from sandbox.company.moments import DAY, moments, year_of
from sandbox.company.owners import draw_reps
from sandbox.company.qualification import OF_A_LATE_DEAL, OF_AN_EARLY_DEAL, qualification
from sandbox.company.trades import COMPETITORS, LOSS_REASONS, NEXT_STEPS, NO_NEXT_STEPS

OPPORTUNITIES_A_PERSON = 0.15
DEALS_A_PERSON = 0.06
SYNCED_A_PERSON = 0.025
WHERE = {
    "s": OPPORTUNITIES_A_PERSON - SYNCED_A_PERSON,
    "sh": SYNCED_A_PERSON,
    "h": DEALS_A_PERSON - SYNCED_A_PERSON,
}
STAGES = ("Prospecting", "Qualification", "Needs Analysis", "Proposal/Price Quote", "Negotiation/Review")
STAGE_WEIGHTS = (14, 24, 26, 21, 15)
PROPOSAL, WON, LOST = 3, 5, 6
OUTCOMES = {"open": 42, "won": 26, "lost": 32}
# What the close date of an open deal says.
CLOSE = {"sane": 80, "overdue": 11, "placeholder": 4, "far": 5}
CENTURY = "century"
PLACEHOLDERS = ("2099-12-31", "1970-01-01", CENTURY)
SUBJECTS = ("New platform", "Pilot", "Expansion", "Renewal", "50 seats", "Annual licence")


def how_many(people: int) -> int:
    """Deals of a company of so many people.

    >>> how_many(20_000)
    3700
    """
    return max(60, round(people * sum(WHERE.values())))


def true_deals(ids: Ids, firms: pl.DataFrame, reps: pl.DataFrame, dice: Dice, last_change: int) -> pl.DataFrame:
    """One row a deal; `where` is s (Salesforce), h (HubSpot) or sh (both, synced)."""
    draws = Draws(dice, "deal", ids)
    where = dice.weigh(WHERE, "deal where", ids)
    outcome = dice.weigh(OUTCOMES, "deal outcome", ids)
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
        }
    ).with_columns(
        what=draws.one_of(SUBJECTS, "what"),
        type=draws.weighed({"New Business": 6, "Existing Business": 3, None: 1}, "type"),
        firmless=draws.sometimes(0.02, "no firm"),
        second_pipeline=draws.sometimes(0.25, "second pipeline"),
    )
    parts = [
        frame,
        _dates(is_open, dice, ids, last_change),
        _money(draws, is_open),
        _hygiene(draws, is_open, outcome),
        _qualified(draws, is_open, frame["stage"]),
    ]
    return pl.concat(parts, how="horizontal")


def _firm(where: pl.Series, firms: pl.DataFrame, dice: Dice, ids: Ids) -> Ids:
    """A firm that the deal's systems know and sales works; a few firms have many deals."""
    draw = dice.unit("deal firm", ids)
    known = {
        "s": pl.col("in_salesforce"),
        "h": pl.col("in_hubspot"),
        "sh": pl.col("in_salesforce") & pl.col("in_hubspot"),
    }
    chosen = {word: worked_firm(firms, condition, draw) for word, condition in known.items()}
    return np.select([(where == word).to_numpy() for word in chosen], list(chosen.values()))


def _stage(outcome: pl.Series, dice: Dice, ids: Ids) -> Ids:
    stage = dice.index(STAGE_WEIGHTS, "deal stage", ids)
    won, lost = ((outcome == word).to_numpy() for word in ("won", "lost"))
    return np.where(won, WON, np.where(lost, LOST, stage))


def _dates(is_open: Flags, dice: Dice, ids: Ids, last_change: int) -> pl.DataFrame:
    """`born`, `close_on`, `close_kind`, `staged` (entered its stage) and `touched` (last activity)."""
    kind = np.where(is_open, dice.weigh(CLOSE, "deal close kind", ids).to_numpy(), "sane")
    slow = is_open & dice.happens(0.09, "deal slow", ids)
    age = np.where(is_open, dice.spread(4, 150, "deal age", ids), dice.spread(40, 1300, "closed deal age", ids))
    age = np.where(slow | (kind == "overdue"), age + 160, age)
    closed_ago = age - np.minimum(age - 1, dice.spread(15, 160, "deal cycle", ids))
    ahead = np.select(
        [~is_open, kind == "overdue", kind == "far"],
        [
            -closed_ago,
            -dice.spread(1, 150, "deal overdue by", ids, towards_low=1.6),
            dice.spread(380, 800, "deal far", ids),
        ],
        dice.spread(2, 170, "deal closes in", ids),
    )
    in_stage = dice.unit("deal in stage", ids) * np.minimum(age, 26)
    in_stage = np.where(slow, dice.spread(70, 150, "deal slow in stage", ids), in_stage)
    silent = 45 * slow + 60 * dice.happens(0.07, "deal silent", ids)
    idle = np.minimum(dice.spread(0, 13, "deal idle", ids) + silent, age)
    return pl.DataFrame(
        {
            "born": _ago(age, last_change),
            "staged": _ago(np.where(is_open, np.minimum(in_stage, age), closed_ago), last_change),
            "touched": _ago(np.where(is_open, idle, closed_ago), last_change),
            "close_kind": kind,
            "_ahead": np.round(ahead).astype(np.int64),
            "_frozen": dice.pick(PLACEHOLDERS, "deal placeholder", ids),
        },
        schema_overrides={"close_kind": pl.String},
    ).select("born", "staged", "touched", "close_kind", close_on=_close_on(last_change))


def _ago(days: Units, last_change: int) -> pl.Series:
    return moments(np.floor(last_change - days * DAY))


def _close_on(last_change: int) -> pl.Expr:
    today = last_change // DAY + 1
    placeholder = (
        pl.when(pl.col("_frozen") == CENTURY)
        .then(pl.date(year_of(last_change) + 100, 12, 31))
        .otherwise(pl.col("_frozen").str.to_date("%Y-%m-%d", strict=False))
    )
    sane = (pl.lit(today) + pl.col("_ahead")).cast(pl.Int32).cast(pl.Date)
    return pl.when(pl.col("close_kind") == "placeholder").then(placeholder).otherwise(sane)


def _money(draws: Draws, is_open: Flags) -> pl.DataFrame:
    dice, ids = draws.dice, draws.ids
    cents = 0.5 * dice.happens(0.1, "deal cents", ids)
    amount = np.round(10 ** dice.spread(3.4, 5.4, "deal amount", ids), -2) + cents
    missing = dice.unit("deal no amount", ids) < np.where(is_open, 0.07, 0.01)
    return pl.select(
        amount=pl.when(pl.lit(pl.Series(~missing))).then(pl.lit(pl.Series(amount))),
        currency=draws.weighed({"USD": 80, "EUR": 13, "GBP": 7}, "currency"),
    )


def _qualified(draws: Draws, is_open: Flags, stage: pl.Series) -> pl.DataFrame:
    """What is known of the buyer: the further the deal, the more, and the better."""
    asked = np.where(is_open, 0.6 + 0.06 * stage.to_numpy(), 0.6)
    early, late = (qualification(draws, asked, answers) for answers in (OF_AN_EARLY_DEAL, OF_A_LATE_DEAL))
    is_late = pl.lit(stage >= PROPOSAL)
    return pl.select(
        pl.when(is_late).then(pl.lit(late[name])).otherwise(pl.lit(early[name])).alias(name) for name in early.columns
    )


def _hygiene(draws: Draws, is_open: Flags, outcome: pl.Series) -> pl.DataFrame:
    """`next_step`, `pushes`, `loss_reason`, `competitor`, and how many people are on the deal."""
    opened, lost = pl.lit(pl.Series(is_open)), pl.lit(outcome == "lost")
    no_step = draws.one_of([*NO_NEXT_STEPS, *(None for _ in NO_NEXT_STEPS)], "fake next step")
    step = pl.when(draws.sometimes(0.18, "no next step")).then(no_step).otherwise(draws.one_of(NEXT_STEPS, "next step"))
    reason = draws.one_of(LOSS_REASONS, "loss reason")
    told = lost & draws.sometimes(0.8, "loss told")
    to_competitor = told & (reason == "Lost to Competitor") & draws.sometimes(0.7, "competitor told")
    some = draws.weighed({1: 35, 2: 40, 3: 25}, "people")
    return pl.select(
        next_step=pl.when(opened).then(step),
        pushes=draws.weighed({0: 68, 1: 17, 2: 8, 3: 4, 4: 2, 5: 1}, "pushes"),
        loss_reason=pl.when(told).then(reason),
        competitor=pl.when(to_competitor).then(draws.one_of(COMPETITORS, "competitor")),
        people_on_it=pl.when(draws.sometimes(0.1, "no people")).then(0).otherwise(some),
    )
