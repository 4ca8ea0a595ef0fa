"""Firms the company sells to, and what each system holds of them: HubSpot companies and Salesforce accounts."""

import numpy as np
import polars as pl

from sandbox.chance import Dice, Ids
from sandbox.identifiers import hubspot_numbers, salesforce_ids
from sandbox.moments import DAY, moments, whole_seconds
from sandbox.owners import draw_reps
from sandbox.places import PLACES
from sandbox.records import Habits, held, losers_of, stamped, survivor_of
from sandbox.trades import FIRM_FIRST, FIRM_SECOND, INDUSTRIES

PEOPLE_A_FIRM = 8
HABITS = Habits(twice=0.02, merged=0.01, archived=0.008, bulk_edited=0.25, bulk_edit_days_ago=53)


def drawn_digits(pattern: pl.Expr, number: pl.Expr) -> pl.Expr:
    """Put the last digits of a number in place of the `#` of a pattern, from the right."""
    digits = number.cast(pl.String).str.zfill(4)
    filled = pattern
    for place in range(3):
        filled = filled.str.replace("#", digits.str.slice(place + 1, 1), literal=True)
    return filled


def true_firms(people: int, dice: Dice, last_change: int) -> pl.DataFrame:
    """One row a firm: who and where it is, and which systems know it."""
    ids = np.arange(max(20, people // PEOPLE_A_FIRM), dtype=np.int64)
    place = dice.index([p.weight for p in PLACES], "firm place", ids)
    form = dice.whole(0, 12, "firm legal form", ids)
    first = dice.pick(FIRM_FIRST, "firm first word", ids)
    second = dice.pick(FIRM_SECOND, "firm second word", ids)
    employees = np.round(10 ** dice.spread(0.5, 4.6, "firm size", ids, towards_low=1.3)).astype(np.int64)
    frame = pl.DataFrame(
        {
            "firm": ids,
            "place": place,
            "name": first + " " + second,
            "legal_form": [PLACES[p].forms[f % len(PLACES[p].forms)] for p, f in zip(place, form, strict=True)],
            "industry": dice.pick(list(INDUSTRIES), "firm industry", ids),
            "employees": employees,
            "revenue": (employees * dice.whole(60, 300, "firm revenue", ids) * 1000).astype(np.float64),
            "in_hubspot": dice.happens(0.88, "firm in hubspot", ids),
            "in_salesforce": dice.happens(0.80, "firm in salesforce", ids),
            "born": moments(last_change - dice.whole(60, 1800, "firm born", ids) * DAY),
            "phone_digits": dice.whole(100, 999, "firm phone", ids),
        }
    )
    again = pl.col("firm").cum_count().over("name") - 1
    word = pl.col("name").str.replace_all(" ", "-").str.to_lowercase()
    return frame.with_columns(again=again).with_columns(
        name=pl.when(again > 0).then(pl.col("name") + " " + _region(again)).otherwise("name"),
        domain=word + pl.when(again > 0).then("-" + again.cast(pl.String)).otherwise(pl.lit("")) + ".example",
    )


def _region(again: pl.Expr) -> pl.Expr:
    regions = pl.Series(["East", "West", "North", "South", "Group", "Holding", "International", "Labs"])
    series = (again // len(regions)).cast(pl.String)
    return pl.lit(regions).gather((again % len(regions)).cast(pl.UInt32)) + pl.when(again >= len(regions)).then(
        " " + series
    ).otherwise(pl.lit(""))


def with_places(frame: pl.DataFrame, dice: Dice, salt: str, ids: Ids) -> pl.DataFrame:
    """Add `country` (spelt one of many ways), `city`, `phone_national` and `phone_international`."""
    places = pl.DataFrame(
        {
            "place": np.arange(len(PLACES), dtype=np.int64),
            "spellings": [list(p.spellings) for p in PLACES],
            "cities": [list(p.cities) for p in PLACES],
            "national": [p.national for p in PLACES],
            "international": [p.international for p in PLACES],
        }
    )
    draws = pl.DataFrame(
        {
            "_spelling": np.maximum(dice.whole(-6, 7, f"{salt} spelling", ids), 0),
            "_city": dice.whole(0, 12, f"{salt} city", ids),
        }
    )
    joined = pl.concat([frame, draws], how="horizontal").join(places, on="place", how="left", maintain_order="left")
    return joined.with_columns(
        country=pl.col("spellings").list.get(pl.col("_spelling") % pl.col("spellings").list.len()),
        city=pl.col("cities").list.get(pl.col("_city") % pl.col("cities").list.len()),
        phone_national=drawn_digits(pl.col("national"), pl.col("phone_digits")),
        phone_international=drawn_digits(pl.col("international"), pl.col("phone_digits")),
    ).drop("spellings", "cities", "national", "international", "_spelling", "_city")


def hubspot_companies(
    firms: pl.DataFrame, accounts: pl.DataFrame, reps: pl.DataFrame, dice: Dice, last_change: int
) -> pl.DataFrame:
    """HubSpot companies; most of those that are also accounts carry the account's id."""
    rows = held(firms.filter("in_hubspot"), "firm", dice, "company", HABITS)
    rows = stamped(rows, pl.col("born"), dice, "company", HABITS, last_change)
    numbers = hubspot_numbers(len(rows))
    rows = rows.with_columns(_rank=pl.Series(numbers), _id=pl.Series(numbers).cast(pl.String))
    rows = losers_of(rows, "_id").join(
        accounts.filter(pl.col("_copy") == 0).select(_entity="_entity", account="Id"),
        on="_entity",
        how="left",
        maintain_order="left",
    )
    ids = rows["_rank"].to_numpy()
    rows = with_places(rows, dice, "company", ids)
    industry = pl.col("industry").replace_strict(INDUSTRIES)
    return rows.select(
        "_id", "_rank", "_created", "_modified", "_entity", "_copy",
        _state=pl.when(pl.col("_copy") == 2).then(pl.lit("absent")).when("_archived").then(pl.lit("archived")).otherwise(pl.lit("live")),
        name=pl.when(pl.Series(dice.happens(0.4, "company legal", ids))).then(pl.col("name") + " " + pl.col("legal_form")).otherwise("name"),
        domain=pl.when(pl.Series(dice.happens(0.95, "company domain", ids))).then("domain"),
        website=pl.when(pl.Series(dice.happens(0.7, "company website", ids))).then("https://www." + pl.col("domain") + "/"),
        industry=pl.when(pl.Series(dice.happens(0.82, "company industry", ids))).then(industry),
        numberofemployees=pl.when(pl.Series(dice.happens(0.8, "company size", ids))).then("employees"),
        annualrevenue=pl.when(pl.Series(dice.happens(0.5, "company revenue", ids))).then("revenue"),
        country=pl.when(pl.Series(dice.happens(0.9, "company country", ids))).then("country"),
        city="city",
        phone=pl.when(pl.Series(dice.happens(0.6, "company phone", ids))).then("phone_international"),
        lifecyclestage=dice.weigh({"lead": 5, "opportunity": 2, "customer": 2, None: 1}, "company stage", ids),
        hubspot_owner_id=reps["hubspot_id"].gather(draw_reps(reps, dice, "company owner", ids)),
        hs_parent_company_id=pl.lit(None, dtype=pl.String),
        salesforceaccountid=pl.when(pl.Series(dice.happens(0.85, "company sync", ids)) & (pl.col("_copy") == 0)).then("account"),
        hs_merged_object_ids="_losers",
        hs_is_target_account=pl.Series(dice.happens(0.15, "company target", ids)),
    )  # fmt: skip


def salesforce_accounts(firms: pl.DataFrame, reps: pl.DataFrame, dice: Dice, last_change: int) -> pl.DataFrame:
    """Salesforce accounts, with duplicates under other spellings and merge losers in the recycle bin."""
    rows = held(firms.filter("in_salesforce"), "firm", dice, "account", HABITS)
    rows = stamped(rows, pl.col("born"), dice, "account", HABITS, last_change)
    numbers = 1001 + 3 * np.arange(len(rows), dtype=np.int64)
    rows = rows.with_columns(_rank=pl.Series(numbers), Id=salesforce_ids("001", numbers))
    ids = rows["_entity"].to_numpy() * 4 + rows["_copy"].to_numpy()
    rows = with_places(survivor_of(rows, "Id"), dice, "account", ids)
    owners = reps["salesforce_id"].gather(draw_reps(reps, dice, "account owner", ids))
    legal = pl.col("name") + " " + pl.col("legal_form")
    return rows.select(
        "Id", "_rank", "_entity", "_copy",
        _created=whole_seconds(pl.col("_created")),
        _modified=whole_seconds(pl.col("_modified")),
        _state=pl.when((pl.col("_copy") == 2) | pl.col("_archived")).then(pl.lit("archived")).otherwise(pl.lit("live")),
        MasterRecordId="_survivor",
        Name=pl.when(pl.col("_copy") == 1).then(legal.str.to_uppercase()).otherwise(legal),
        Type=dice.weigh({"Prospect": 6, "Customer - Direct": 2, "Customer - Channel": 0.5, "Partner": 0.3, None: 2}, "account type", ids),
        Website=pl.when(pl.Series(dice.happens(0.85, "account website", ids))).then("www." + pl.col("domain")),
        Industry=pl.when(pl.Series(dice.happens(0.8, "account industry", ids))).then("industry"),
        NumberOfEmployees=pl.when(pl.Series(dice.happens(0.75, "account size", ids))).then("employees"),
        AnnualRevenue=pl.when(pl.Series(dice.happens(0.5, "account revenue", ids))).then("revenue"),
        BillingCountry=pl.when(pl.Series(dice.happens(0.9, "account country", ids))).then("country"),
        BillingCity="city",
        Phone=pl.when(pl.Series(dice.happens(0.7, "account phone", ids))).then("phone_national"),
        ParentId=pl.lit(None, dtype=pl.String),
        OwnerId=owners,
        AccountSource=dice.weigh({"Web": 3, "Partner Referral": 1, "Purchased List": 1, None: 4}, "account source", ids),
        LastActivityDate=pl.lit(None, dtype=pl.Date),
    )  # fmt: skip
