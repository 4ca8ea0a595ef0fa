"""Firms the company sells to, and what each system holds of them: HubSpot companies and Salesforce accounts."""

import numpy as np
import polars as pl

from sandbox.company.chance import Dice, Draws, Ids, Units
from sandbox.company.identifiers import hubspot_numbers, salesforce_ids
from sandbox.company.moments import DAY, moments, whole_seconds
from sandbox.company.owners import draw_reps
from sandbox.company.places import PLACES
from sandbox.company.records import (
    DUPLICATE,
    Habits,
    held,
    hubspot_state,
    losers_of,
    marks,
    salesforce_state,
    stamped,
    survivor_of,
)
from sandbox.company.trades import FIRM_FIRST, FIRM_SECOND, INDUSTRIES
from sandbox.company.whereabouts import NUMBERS, with_whereabouts

PEOPLE_A_FIRM = 8
HABITS = Habits(twice=0.02, merged=0.01, archived=0.008, bulk_edited=0.25, bulk_edit_days_ago=53)
REGIONS = ("East", "West", "North", "South", "Group", "Holding", "International", "Labs")
# Share of the firms that sales works at all: those have the deals, and the people sales knows.
WORKED = 0.35
ACCOUNT_TYPES: dict[str, dict[str | None, float]] = {
    "won": {"Customer - Direct": 75, "Customer - Channel": 10, "Prospect": 10, None: 5},
    "open": {"Prospect": 80, "Partner": 4, "Customer - Direct": 1, None: 15},
    "none": {"Prospect": 60, "Partner": 4, "Customer - Direct": 1, None: 35},
}
LIFECYCLE: dict[str, dict[str | None, float]] = {
    "won": {"customer": 85, "opportunity": 10, None: 5},
    "open": {"opportunity": 80, "lead": 15, "customer": 1, None: 4},
    "none": {"lead": 80, "opportunity": 4, "customer": 1, None: 15},
}
ACCOUNT_SOURCES = {"Web": 3, "Partner Referral": 1, "Purchased List": 1, None: 4}
NEVER = pl.lit(value=False)


def true_firms(people: int, dice: Dice, last_change: int) -> pl.DataFrame:
    """One row a firm: who and where it is, and which systems know it."""
    ids = np.arange(max(20, people // PEOPLE_A_FIRM), dtype=np.int64)
    place = dice.index([p.weight for p in PLACES], "firm place", ids)
    form = dice.whole(0, 12, "firm legal form", ids)
    employees = np.round(10 ** dice.spread(0.5, 4.6, "firm size", ids, towards_low=1.3)).astype(np.int64)
    words = (dice.pick(FIRM_FIRST, "firm first word", ids), dice.pick(FIRM_SECOND, "firm second word", ids))
    frame = pl.DataFrame(
        {
            "firm": ids,
            "place": place,
            "name": words[0] + " " + words[1],
            "legal_form": [PLACES[p].forms[f % len(PLACES[p].forms)] for p, f in zip(place, form, strict=True)],
            "industry": dice.pick(list(INDUSTRIES), "firm industry", ids),
            "employees": employees,
            "revenue": (employees * dice.whole(60, 300, "firm revenue", ids) * 1000).astype(np.float64),
            "in_hubspot": dice.happens(0.88, "firm in hubspot", ids),
            "in_salesforce": dice.happens(0.80, "firm in salesforce", ids),
            "born": moments(last_change - dice.whole(60, 1800, "firm born", ids) * DAY),
            "phone_number": dice.whole(0, NUMBERS, "firm phone", ids),
            "turn": np.argsort(np.argsort(dice.unit("firm turn", ids))),
        }
    )
    again = pl.col("firm").cum_count().over("name") - 1
    slug = pl.col("name").str.replace_all(" ", "-").str.to_lowercase()
    numbered = pl.when(again > 0).then("-" + again.cast(pl.String)).otherwise(pl.lit(""))
    return frame.with_columns(
        name=pl.when(again > 0).then(pl.col("name") + " " + _region(again)).otherwise("name"),
        domain=slug + numbered + ".example",
    )


def worked_firm(firms: pl.DataFrame, known: pl.Expr, draw: Units) -> Ids:
    """One of the firms sales works for every draw: `known` to the system, the first of them in turn most often."""
    candidates = firms.filter(known).sort("turn")["firm"].to_numpy()
    worked = candidates[: max(1, round(len(candidates) * WORKED))]
    return worked[(draw**1.2 * len(worked)).astype(np.int64)]


def with_dealings(firms: pl.DataFrame, deals: pl.DataFrame) -> pl.DataFrame:
    """Add `dealing`: won if the firm bought once, open if a deal with it is open, else none."""
    named = deals.filter(~pl.col("firmless"))
    outcomes = named.group_by("firm").agg(
        _won=(pl.col("outcome") == "won").any(), _open=(pl.col("outcome") == "open").any()
    )
    dealing = pl.when("_won").then(pl.lit("won")).when("_open").then(pl.lit("open")).otherwise(pl.lit("none"))
    joined = firms.join(outcomes, on="firm", how="left", maintain_order="left")
    return joined.with_columns(dealing=dealing).drop("_won", "_open")


def by_dealing(weights: dict[str, dict[str | None, float]], draws: Draws, salt: str) -> pl.Expr:
    """Draw a word by the weights of each firm's dealings."""
    return pl.coalesce(
        pl.when(pl.col("dealing") == dealing).then(draws.weighed(words, f"{salt} {dealing}"))
        for dealing, words in weights.items()
    )


def _region(again: pl.Expr) -> pl.Expr:
    """A word to tell firms of one name apart, and a number where the words run out."""
    word = pl.lit(pl.Series(REGIONS)).gather((again % len(REGIONS)).cast(pl.UInt32))
    turn = again // len(REGIONS)
    return word + pl.when(turn > 0).then(" " + turn.cast(pl.String)).otherwise(pl.lit(""))


def hubspot_companies(
    firms: pl.DataFrame, accounts: pl.DataFrame, reps: pl.DataFrame, dice: Dice, last_change: int
) -> pl.DataFrame:
    """HubSpot companies; most of those that are also accounts carry the account's id."""
    rows = held(firms.filter("in_hubspot"), "firm", dice, "company", HABITS)
    rows = stamped(rows, pl.col("born"), dice, "company", HABITS, last_change)
    numbers = hubspot_numbers(len(rows))
    rows = losers_of(rows.with_columns(_rank=pl.Series(numbers), _id=pl.Series(numbers).cast(pl.String)), "_id")
    synced = accounts.filter(pl.col("_copy") == 0).select(_entity="_entity", account="Id")
    rows = rows.join(synced, on="_entity", how="left", maintain_order="left")
    draws = Draws(dice, "company", marks(rows))
    rows = with_whereabouts(rows, draws).with_columns(
        industry=pl.col("industry").replace_strict(INDUSTRIES), website="https://www." + pl.col("domain") + "/"
    )
    legal = pl.col("name") + " " + pl.col("legal_form")
    owner = reps["hubspot_id"].gather(draw_reps(reps, dice, "company owner", draws.ids))
    return rows.select(
        "_id",
        "_rank",
        "_created",
        "_modified",
        "_entity",
        "_copy",
        _state=hubspot_state(),
        name=pl.when(draws.sometimes(0.4, "legal name")).then(legal).otherwise("name"),
        domain=draws.known(0.95, "domain"),
        website=draws.known(0.7, "website"),
        industry=draws.known(0.82, "industry"),
        numberofemployees=draws.known(0.8, "employees"),
        annualrevenue=draws.known(0.5, "revenue"),
        country=draws.known(0.9, "country"),
        city="city",
        phone=draws.known(0.6, "phone_international"),
        lifecyclestage=by_dealing(LIFECYCLE, draws, "stage"),
        hubspot_owner_id=owner,
        hs_parent_company_id=pl.lit(None, dtype=pl.String),
        salesforceaccountid=pl.when(pl.col("_copy") == 0).then(draws.known(0.85, "account")),
        hs_merged_object_ids="_losers",
        hs_is_target_account=draws.sometimes(0.15, "target"),
    )


def salesforce_accounts(firms: pl.DataFrame, reps: pl.DataFrame, dice: Dice, last_change: int) -> pl.DataFrame:
    """Salesforce accounts, with duplicates under other spellings and merge losers in the recycle bin."""
    rows = held(firms.filter("in_salesforce"), "firm", dice, "account", HABITS)
    rows = stamped(rows, pl.col("born"), dice, "account", HABITS, last_change)
    numbers = 1001 + 3 * np.arange(len(rows), dtype=np.int64)
    rows = survivor_of(rows.with_columns(_rank=pl.Series(numbers), Id=salesforce_ids("001", numbers)), "Id")
    draws = Draws(dice, "account", marks(rows))
    rows = with_whereabouts(rows, draws).with_columns(website="www." + pl.col("domain"))
    legal = pl.col("name") + " " + pl.col("legal_form")
    return rows.select(
        "Id",
        "_rank",
        "_entity",
        "_copy",
        _created=whole_seconds(pl.col("_created")),
        _modified=whole_seconds(pl.col("_modified")),
        _state=salesforce_state(NEVER),
        MasterRecordId="_survivor",
        Name=pl.when(pl.col("_copy") == DUPLICATE).then(legal.str.to_uppercase()).otherwise(legal),
        Type=by_dealing(ACCOUNT_TYPES, draws, "type"),
        Website=draws.known(0.85, "website"),
        Industry=draws.known(0.8, "industry"),
        NumberOfEmployees=draws.known(0.75, "employees"),
        AnnualRevenue=draws.known(0.5, "revenue"),
        BillingCountry=draws.known(0.9, "country"),
        BillingCity="city",
        Phone=draws.known(0.7, "phone_national"),
        ParentId=pl.lit(None, dtype=pl.String),
        OwnerId=reps["salesforce_id"].gather(draw_reps(reps, dice, "account owner", draws.ids)),
        AccountSource=draws.weighed(ACCOUNT_SOURCES, "source"),
        LastActivityDate=pl.lit(None, dtype=pl.Date),
    )
