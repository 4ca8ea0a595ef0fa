"""What happens to records in a week, whoever they are about: bulk edits, merges, deletions, an owner leaving."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import polars as pl

from sandbox.company.company import Company, Tables
from sandbox.company.owners import hubspot_owners, salesforce_users
from sandbox.company.records import DUPLICATE, FIRST_AND_LIVE, LIVE
from sandbox.life.week import Week, touch

BULK, GROWN, MERGED, DELETED, RESTORED, VANISHED = 0.03, 0.01, 0.08, 0.0015, 0.1, 0.0004
BULK_VALUE = {"contacts": ("hubspotscore", 1), "Lead": ("NumberOfEmployees", 10)}
SIZE = {"companies": "numberofemployees", "Account": "NumberOfEmployees"}
MERGEABLE = ("contacts", "companies", "Lead", "Contact", "Account")
DELETABLE = ("contacts", "deals", "Lead", "Contact", "Opportunity", "Task")
MORTAL = ("contacts", "Contact")
NEVER_LEAVE, KEEP_WORKING = 2, 4

Change = Callable[[str, pl.DataFrame, Week], pl.DataFrame]


def _each(company: Company, names: tuple[str, ...], change: Change, week: Week) -> Company:
    def changed(tables: Tables) -> Tables:
        return {name: change(name, table, week) if name in names else table for name, table in tables.items()}

    return replace(company, hubspot=changed(company.hubspot), salesforce=changed(company.salesforce))


def bulk_edits(company: Company, week: Week) -> Company:
    """One edit over many records at one and the same moment."""
    return _each(company, tuple(BULK_VALUE), _bulk_edited, week)


def _bulk_edited(name: str, table: pl.DataFrame, week: Week) -> pl.DataFrame:
    column, step = BULK_VALUE[name]
    hit = week.draws(f"{name} bulk", table).sometimes(BULK, "now") & LIVE
    at = week.bulk_time(f"{name} bulk")
    return touch(table, hit, week, f"{name} bulk", {column: pl.col(column) + step}, at=at)


def firms_grow(company: Company, week: Week) -> Company:
    """Some firms have more people than before, as each system hears of it."""
    return _each(company, tuple(SIZE), _grown, week)


def _grown(name: str, table: pl.DataFrame, week: Week) -> pl.DataFrame:
    column = SIZE[name]
    hit = week.draws(f"{name} grows", table).sometimes(GROWN, "now") & FIRST_AND_LIVE
    return touch(table, hit, week, f"{name} grows", {column: pl.col(column) + 1 + pl.col(column) // 20})


def merges(company: Company, week: Week) -> Company:
    """Duplicates merged into the record they repeat; HubSpot's vanish, Salesforce's go to the bin with a pointer."""
    return _each(company, MERGEABLE, _merged, week)


def _merged(name: str, table: pl.DataFrame, week: Week) -> pl.DataFrame:
    key = "Id" if "Id" in table.columns else "_id"
    drawn = week.draws(f"{name} merge", table).sometimes(MERGED, "now")
    kept = table.filter(FIRST_AND_LIVE).select("_entity", _winner=key)
    lost = table.filter(LIVE & (pl.col("_copy") == DUPLICATE) & drawn).select("_entity", _loser=key)
    pairs = lost.join(kept, on="_entity", how="inner", maintain_order="left")
    pairs = pairs.unique("_entity", keep="first", maintain_order=True)
    rows = table.join(pairs, on="_entity", how="left", maintain_order="left")
    wins, loses = pl.col(key) == pl.col("_winner"), pl.col(key) == pl.col("_loser")
    gone = pl.lit("archived" if key == "Id" else "absent")
    values = {"_state": pl.when(loses).then(gone).otherwise("_state")}
    if key == "Id":
        values["MasterRecordId"] = pl.when(loses).then("_winner").otherwise("MasterRecordId")
    for column in {"hs_merged_object_ids", "hs_calculated_merged_vids"} & set(table.columns):
        joined = pl.concat_str(column, "_loser", separator=";", ignore_nulls=True)
        values[column] = pl.when(wins).then(joined).otherwise(column)
    ids = table["_entity"].to_numpy()
    return touch(rows, wins | loses, week, f"{name} merge", values, ids=ids).drop("_loser", "_winner")


def deletions(company: Company, week: Week) -> Company:
    """Records restored, others deleted, and a few gone without a trace (erased on request)."""
    for names, change in ((DELETABLE, _restored), (DELETABLE, _deleted), (MORTAL, _vanished)):
        company = _each(company, names, change, week)
    return company


def _deleted(name: str, table: pl.DataFrame, week: Week) -> pl.DataFrame:
    hit = week.draws(f"{name} delete", table).sometimes(DELETED, "now") & LIVE
    return touch(table, hit, week, f"{name} delete", {"_state": pl.lit("archived")})


def _restored(name: str, table: pl.DataFrame, week: Week) -> pl.DataFrame:
    hit = week.draws(f"{name} restore", table).sometimes(RESTORED, "now") & (pl.col("_state") == "archived")
    if "MasterRecordId" in table.columns:
        hit = hit & pl.col("MasterRecordId").is_null()
    return touch(table, hit, week, f"{name} restore", {"_state": pl.lit("live")})


def _vanished(name: str, table: pl.DataFrame, week: Week) -> pl.DataFrame:
    hit = week.draws(f"{name} vanish", table).sometimes(VANISHED, "now") & LIVE
    return touch(table, hit, week, f"{name} vanish", {"_state": pl.lit("absent")})


def an_owner_leaves(company: Company, week: Week) -> Company:
    """One salesperson is deactivated in both systems, while enough are left; the records stay with them."""
    reps = company.reps
    may_leave = reps.filter("active")["rep"].to_numpy()[NEVER_LEAVE:]
    if len(may_leave) <= KEEP_WORKING:
        return company
    place = week.dice.whole(0, len(may_leave), week.salt("who leaves"), np.zeros(1, dtype=np.int64))[0]
    leaves = pl.col("rep") == int(may_leave[place])
    at = week.bulk_time("owner leaves")
    modified = pl.when(leaves).then(at).otherwise("modified")
    reps = reps.with_columns(active=pl.col("active") & ~leaves, modified=modified)
    return replace(
        company,
        reps=reps,
        hubspot={**company.hubspot, "owners": hubspot_owners(reps)},
        salesforce={**company.salesforce, "User": salesforce_users(reps)},
    )
