"""What happens to records in a week, whoever they are about: bulk edits, merges, deletions, restorations, and an owner leaving."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import polars as pl

from sandbox.company import Company, Tables
from sandbox.owners import hubspot_owners, salesforce_users
from sandbox.records import DUPLICATE
from sandbox.week import Week, live, touch

BULK, MERGED, DELETED, RESTORED, VANISHED = 0.03, 0.08, 0.0015, 0.1, 0.0004
BULK_VALUE = {"contacts": ("hubspotscore", 1), "Lead": ("NumberOfEmployees", 10)}
MERGEABLE = ("contacts", "companies", "Lead", "Contact", "Account")
DELETABLE = ("contacts", "deals", "Lead", "Contact", "Opportunity", "Task")
MORTAL = ("contacts", "Contact")
KEEPS_WORKING = 4

Change = Callable[[str, pl.DataFrame, Week], pl.DataFrame]


def _id(table: pl.DataFrame) -> str:
    return "Id" if "Id" in table.columns else "_id"


def _each(company: Company, names: tuple[str, ...], change: Change, week: Week) -> Company:
    def changed(tables: Tables) -> Tables:
        return {name: change(name, table, week) if name in names else table for name, table in tables.items()}

    return replace(company, hubspot=changed(company.hubspot), salesforce=changed(company.salesforce))


def bulk_edits(company: Company, week: Week) -> Company:
    """One edit over many records at one and the same moment."""
    return _each(company, tuple(BULK_VALUE), _bulk_edited, week)


def _bulk_edited(name: str, table: pl.DataFrame, week: Week) -> pl.DataFrame:
    column, step = BULK_VALUE[name]
    hit = pl.Series(week.happens(BULK, f"{name} bulk", table)) & live()
    return touch(table, hit, week, f"{name} bulk", {column: pl.col(column) + step}, at=week.bulk_time(f"{name} bulk"))


def merges(company: Company, week: Week) -> Company:
    """Duplicates merged into the record they repeat; HubSpot's vanish, Salesforce's go to the bin with a pointer."""
    return _each(company, MERGEABLE, _merged, week)


def _merged(name: str, table: pl.DataFrame, week: Week) -> pl.DataFrame:
    key = _id(table)
    kept = table.filter(live() & (pl.col("_copy") == 0)).select("_entity", _winner=pl.col(key))
    lost = table.filter(
        live() & (pl.col("_copy") == DUPLICATE) & pl.Series(week.happens(MERGED, f"{name} merge", table))
    )
    pairs = (
        lost.select("_entity", _loser=pl.col(key))
        .join(kept, on="_entity", how="inner")
        .unique("_entity", keep="first", maintain_order=True)
    )
    rows = table.join(pairs, on="_entity", how="left", maintain_order="left")
    ids = table["_entity"].to_numpy()
    wins, loses = pl.col(key) == pl.col("_winner"), pl.col(key) == pl.col("_loser")
    if key == "Id":
        values = {
            "MasterRecordId": pl.when(loses).then("_winner").otherwise("MasterRecordId"),
            "_state": pl.when(loses).then(pl.lit("archived")).otherwise("_state"),
        }
        return touch(rows, wins | loses, week, f"{name} merge", values, ids=ids).drop("_loser", "_winner")
    merged = pl.concat_str("hs_merged_object_ids", "_loser", separator=";", ignore_nulls=True)
    columns = [column for column in ("hs_merged_object_ids", "hs_calculated_merged_vids") if column in table.columns]
    values = {
        "_state": pl.when(loses).then(pl.lit("absent")).otherwise("_state"),
        **{c: pl.when(wins).then(merged).otherwise(c) for c in columns},
    }
    return touch(rows, wins | loses, week, f"{name} merge", values, ids=ids).drop("_loser", "_winner")


def deletions(company: Company, week: Week) -> Company:
    """Records deleted, others restored, and a few gone without a trace (erased on request)."""
    return _each(_each(_each(company, DELETABLE, _restored, week), DELETABLE, _deleted, week), MORTAL, _vanished, week)


def _deleted(name: str, table: pl.DataFrame, week: Week) -> pl.DataFrame:
    hit = pl.Series(week.happens(DELETED, f"{name} delete", table)) & live()
    return touch(table, hit, week, f"{name} delete", {"_state": pl.lit("archived")})


def _restored(name: str, table: pl.DataFrame, week: Week) -> pl.DataFrame:
    hit = pl.Series(week.happens(RESTORED, f"{name} restore", table)) & (pl.col("_state") == "archived")
    if "MasterRecordId" in table.columns:
        hit = hit & pl.col("MasterRecordId").is_null()
    return touch(table, hit, week, f"{name} restore", {"_state": pl.lit("live")})


def _vanished(name: str, table: pl.DataFrame, week: Week) -> pl.DataFrame:
    hit = pl.Series(week.happens(VANISHED, f"{name} vanish", table)) & live()
    return touch(table, hit, week, f"{name} vanish", {"_state": pl.lit("absent")})


def an_owner_leaves(company: Company, week: Week) -> Company:
    """One salesperson is deactivated in both systems, while enough are left; the records stay with them."""
    reps = company.reps
    working = reps.filter("active")["rep"].to_numpy()[2:]
    if len(working) <= KEEPS_WORKING:
        return company
    chosen = working[week.dice.whole(0, len(working), week.salt("who leaves"), np.zeros(1, dtype=np.int64))[0]]
    at = week.bulk_time("owner leaves")
    leaves = pl.col("rep") == int(chosen)
    reps = reps.with_columns(active=pl.col("active") & ~leaves, modified=pl.when(leaves).then(at).otherwise("modified"))
    return replace(
        company,
        reps=reps,
        hubspot={**company.hubspot, "owners": hubspot_owners(reps)},
        salesforce={**company.salesforce, "User": salesforce_users(reps)},
    )
