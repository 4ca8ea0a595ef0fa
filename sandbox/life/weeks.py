"""The company lives on: each week is a pure function of the week before, the seed and the week's number."""

from dataclasses import dataclass, replace
from datetime import timedelta

import polars as pl

from sandbox.company.company import Company
from sandbox.life.deals import deals_move, deals_open
from sandbox.life.leads import leads_convert, sales_calls, tasks_get_done
from sandbox.life.people import people_arrive, people_ask
from sandbox.life.records import an_owner_leaves, bulk_edits, deletions, firms_grow, merges
from sandbox.life.week import DAYS, Week

HAPPENINGS = (
    bulk_edits,
    firms_grow,
    people_arrive,
    people_ask,
    tasks_get_done,
    sales_calls,
    leads_convert,
    deals_move,
    deals_open,
    merges,
    deletions,
    an_owner_leaves,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """Ids of one table's records by what a week did to them; a record is named once."""

    created: list[str]
    changed: list[str]
    archived: list[str]
    restored: list[str]
    gone: list[str]

    def counts(self) -> dict[str, int]:
        """How many of each."""
        return {name: len(ids) for name, ids in self.ids().items()}

    def ids(self) -> dict[str, list[str]]:
        """The ids, by what was done."""
        return {name: getattr(self, name) for name in ("created", "changed", "archived", "restored", "gone")}


def next_week(company: Company) -> Company:
    """The company seven days later."""
    as_of = company.as_of + timedelta(days=DAYS)
    week = Week(company.dice, company.week + 1, as_of)
    for happening in HAPPENINGS:
        company = happening(company, week)
    return replace(company, as_of=as_of, week=week.number)


def changes(before: Company, after: Company) -> dict[str, Changes]:
    """What is different, by table: told from the tables, not from what the week meant to do."""
    old, new = ({**company.hubspot, **company.salesforce} for company in (before, after))
    return {name: _changes(old[name], new[name]) for name in new}


def _changes(old: pl.DataFrame, new: pl.DataFrame) -> Changes:
    key = "Id" if "Id" in new.columns else "_id"
    known = old.select(key, _was="_state", _when="_modified")
    rows = new.select(key, "_state", "_modified").join(known, on=key, how="left", maintain_order="left")
    moved = (pl.col("_modified") != pl.col("_when")) | (pl.col("_state") != pl.col("_was"))
    was, now = pl.col("_was"), pl.col("_state")
    deed = (
        pl.when((was == now) & moved).then(pl.lit("changed"))
        .when(was == now).then(None)
        .when(now == "absent").then(pl.lit("gone"))
        .when(was.is_null()).then(pl.lit("created"))
        .when(now == "archived").then(pl.lit("archived"))
        .otherwise(pl.lit("restored"))
    )  # fmt: skip
    deeds = rows.select(key, deed=deed).filter((pl.col("deed") != "gone") | pl.col(key).is_in(old[key].implode()))
    by_deed = dict(deeds.drop_nulls().group_by("deed").agg(key).iter_rows())
    return Changes(
        **{name: sorted(by_deed.get(name, [])) for name in ("created", "changed", "archived", "restored", "gone")}
    )
