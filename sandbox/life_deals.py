"""What happens to deals in a week: they move on, slip, are won, lost or opened; synced pairs alike in both systems."""

from dataclasses import replace

import numpy as np
import polars as pl

from sandbox.company import Company
from sandbox.deals import (
    CATEGORY,
    CATEGORY_NAME,
    DEFAULT_STAGES,
    HUBSPOT_CATEGORY,
    HUBSPOT_PROBABILITY,
    PROBABILITY,
    SALESFORCE_STAGES,
    SECOND_STAGES,
    by_stage,
    hubspot_deals,
    opportunities,
)  # fmt: skip
from sandbox.life_people import newest
from sandbox.links import contact_roles, counted_contacts, deal_links, with_primary_contact
from sandbox.moments import NEW_YORK, new_york_evening
from sandbox.trades import COMPETITORS, LOSS_REASONS, NEXT_STEPS
from sandbox.true_deals import LOST, WON, true_deals
from sandbox.week import Week, live, touch

FATES = {"won": 2.5, "lost": 3.5, "forward": 7, "redated": 6, "stepped": 5, "nothing": 76}
OPENED = 0.012


def _fate(table: pl.DataFrame, week: Week) -> pl.DataFrame:
    """Add `_fate` (null for a closed deal) and the stage, day and words it brings."""
    ids = table["_entity"].to_numpy()
    dice = week.dice
    fate = dice.weigh({**FATES}, week.salt("fate"), ids)
    is_open = (pl.col("_stage") < WON) & live()
    rows = table.with_columns(_fate=pl.when(is_open & (pl.lit(fate) != "nothing")).then(pl.lit(fate)))
    stage = (
        pl.when(pl.col("_fate") == "won").then(WON).when(pl.col("_fate") == "lost").then(LOST)
        .when(pl.col("_fate") == "forward").then(pl.min_horizontal(pl.col("_stage") + 1, pl.lit(WON - 1)))
        .otherwise("_stage")
    )  # fmt: skip
    return rows.with_columns(
        _stage=stage,
        _later=pl.Series(dice.whole(20, 80, week.salt("redated by"), ids)),
        _step=dice.pick(NEXT_STEPS, week.salt("next step"), ids),
        _reason=dice.pick((*LOSS_REASONS, None, None), week.salt("loss"), ids),
        _rival=dice.pick(COMPETITORS, week.salt("rival"), ids),
    )


def _close_on(column: str, week: Week) -> pl.Expr:
    """The new close date: the day of closing, or later than it was, or than today where it was no date."""
    today = pl.lit(week.as_of)
    real = pl.col(column).is_between(pl.date(2000, 1, 1), pl.date(week.as_of.year + 10, 1, 1))
    base = pl.when(real).then(pl.max_horizontal(pl.col(column), today)).otherwise(today)
    closed = pl.col("_at").dt.replace_time_zone("UTC").dt.convert_time_zone(NEW_YORK).dt.date()
    return (
        pl.when(pl.col("_fate").is_in(["won", "lost"])).then(closed)
        .when(pl.col("_fate") == "redated").then(base + pl.duration(days="_later"))
        .otherwise(column)
    )  # fmt: skip


_CLOSING = pl.col("_fate").is_in(["won", "lost"])
_STAGED = pl.col("_fate").is_in(["won", "lost", "forward"])
_DROPPED = ("_fate", "_later", "_step", "_reason", "_rival")


def _salesforce_fates(table: pl.DataFrame, week: Week) -> pl.DataFrame:
    lost = pl.col("_fate") == "lost"
    close = _close_on("CloseDate", week)
    pushed = close.dt.truncate("1mo") > pl.col("CloseDate").dt.truncate("1mo")
    values = {
        "StageName": by_stage(SALESFORCE_STAGES, "_stage"), "Probability": by_stage(PROBABILITY, "_stage"), "IsClosed": pl.col("_stage") >= WON,
        "IsWon": pl.col("_stage") == WON, "ForecastCategory": by_stage(CATEGORY, "_stage"), "ForecastCategoryName": by_stage(CATEGORY_NAME, "_stage"),
        "ExpectedRevenue": pl.col("Amount") * by_stage(PROBABILITY, "_stage") / 100,
        "LastStageChangeDate": pl.when(_STAGED).then("_at").otherwise("LastStageChangeDate"),
        "PushCount": pl.col("PushCount") + ((pl.col("_fate") == "redated") & pushed).cast(pl.Int64),
        "CloseDate": close, "LastActivityDate": pl.col("_at").dt.date(),
        "NextStep": pl.when(_CLOSING).then(None).when(pl.col("_fate") == "stepped").then("_step").otherwise("NextStep"),
        "Loss_Reason__c": pl.when(lost).then("_reason").otherwise("Loss_Reason__c"),
        "Competitor__c": pl.when(lost & (pl.col("_reason") == "Lost to Competitor")).then("_rival").otherwise("Competitor__c"),
        "HasOpenActivity": pl.col("HasOpenActivity") & ~_CLOSING, "HasOverdueTask": pl.col("HasOverdueTask") & ~_CLOSING,
    }  # fmt: skip
    rows = _fate(table, week)
    return touch(rows, pl.col("_fate").is_not_null(), week, "deal", values, ids=table["_entity"].to_numpy()).drop(
        _DROPPED
    )


def _hubspot_fates(table: pl.DataFrame, week: Week) -> pl.DataFrame:
    lost = pl.col("_fate") == "lost"
    stage = (
        pl.when(pl.col("pipeline") == "default")
        .then(by_stage(DEFAULT_STAGES, "_stage"))
        .otherwise(by_stage(SECOND_STAGES, "_stage"))
    )
    forecast = pl.col("hs_manual_forecast_category")
    values = {
        "dealstage": stage, "hs_deal_stage_probability": by_stage(HUBSPOT_PROBABILITY, "_stage"), "hs_is_closed": pl.col("_stage") >= WON,
        "hs_is_closed_won": pl.col("_stage") == WON, "hs_is_closed_lost": pl.col("_stage") == LOST,
        "hs_projected_amount": pl.col("amount") * by_stage(HUBSPOT_PROBABILITY, "_stage"),
        "hs_manual_forecast_category": pl.when(forecast.is_not_null()).then(by_stage(HUBSPOT_CATEGORY, "_stage")),
        "hs_v2_date_entered_current_stage": pl.when(_STAGED).then("_at").otherwise("hs_v2_date_entered_current_stage"),
        "notes_last_contacted": pl.col("_at"), "notes_last_updated": pl.col("_at"),
        "hs_next_step": pl.when(_CLOSING).then(None).when(pl.col("_fate") == "stepped").then("_step").otherwise("hs_next_step"),
        "closed_lost_reason": pl.when(lost).then("_reason").otherwise("closed_lost_reason"),
        "competitor": pl.when(lost & (pl.col("_reason") == "Lost to Competitor")).then("_rival").otherwise("competitor"),
        "notes_next_activity_date": pl.when(~_CLOSING).then("notes_next_activity_date"), "_close_on": _close_on("_close_on", week),
        "closedate": pl.when(_CLOSING).then("_at").when(pl.col("_fate") == "redated")
        .then(new_york_evening(_close_on("_close_on", week), pl.lit(15))).otherwise("closedate"),
    }  # fmt: skip
    rows = _fate(table, week)
    return touch(rows, pl.col("_fate").is_not_null(), week, "deal", values, ids=table["_entity"].to_numpy()).drop(
        _DROPPED
    )


def deals_move(company: Company, week: Week) -> Company:
    """Fates of the open deals; one fate for a deal that both systems hold."""
    hubspot = {**company.hubspot, "deals": _hubspot_fates(company.hubspot["deals"], week)}
    salesforce = {**company.salesforce, "Opportunity": _salesforce_fates(company.salesforce["Opportunity"], week)}
    return replace(company, hubspot=hubspot, salesforce=salesforce)


def deals_open(company: Company, week: Week) -> Company:
    """New deals, with the people on them."""
    count = max(2, round(company.deal_count * OPENED))
    drawn = true_deals(0, company.firms, company.reps, company.dice, week.ends, first=company.deal_count, count=count)
    ids = drawn["deal"].to_numpy()
    ahead = pl.Series(company.dice.whole(20, 160, week.salt("new deal closes in"), ids))
    born = week.times("deal opens", ids)
    nothing = pl.lit(None, dtype=pl.String)
    deals = drawn.with_columns(
        outcome=pl.lit("open"), stage=pl.lit(np.int64(0)), born=born, staged=born, touched=born, close_kind=pl.lit("sane"), pushes=pl.lit(np.int64(0)),
        close_on=(pl.lit(week.as_of) + pl.duration(days=ahead)).cast(pl.Date), loss_reason=nothing, competitor=nothing,
        next_step=pl.lit(company.dice.pick((*NEXT_STEPS, "tbd", None), week.salt("first step"), ids)),
    )  # fmt: skip
    sf, hs = company.salesforce, company.hubspot
    opened = opportunities(deals, sf["Account"], company.reps, company.dice, week.ends, after=newest(sf["Opportunity"]))
    roles = contact_roles(
        opened, sf["Account"], sf["Contact"], company.dice, after=newest(sf["OpportunityContactRole"])
    )
    opened = with_primary_contact(opened, roles)
    held = hubspot_deals(deals, opened, company.reps, company.dice, week.ends, after=newest(hs["deals"]))
    links = deal_links(hs["contacts"], hs["companies"], held, company.dice)
    return replace(
        company,
        deal_count=company.deal_count + count,
        salesforce={
            **sf,
            "Opportunity": pl.concat([sf["Opportunity"], opened.cast(dict(sf["Opportunity"].schema))]),
            "OpportunityContactRole": pl.concat(
                [sf["OpportunityContactRole"], roles.cast(dict(sf["OpportunityContactRole"].schema))]
            ),
        },
        hubspot={**hs, "deals": pl.concat([hs["deals"], counted_contacts(held, links).cast(dict(hs["deals"].schema))])},
        links=pl.concat([company.links, links]),
    )
