"""What happens to deals in a week: they move on, slip, are won, lost or opened; synced pairs alike in both systems."""

from dataclasses import replace

import numpy as np
import polars as pl

from sandbox.company.chance import Draws
from sandbox.company.company import Company
from sandbox.company.deals import HUBSPOT_CATEGORY, HUBSPOT_PROBABILITY, dealstage, hubspot_deals
from sandbox.company.links import contact_roles, counted_contacts, deal_links, with_primary_contact
from sandbox.company.moments import NEW_YORK, new_york_evening
from sandbox.company.opportunities import (
    CATEGORY,
    CATEGORY_NAME,
    IS_CLOSED,
    IS_WON,
    PROBABILITY,
    SALESFORCE_STAGES,
    by_stage,
    opportunities,
)
from sandbox.company.records import LIVE
from sandbox.company.trades import COMPETITORS, LOSS_REASONS, NEXT_STEPS
from sandbox.company.true_deals import LOST, WON, true_deals
from sandbox.life.people import newest, stacked
from sandbox.life.week import Week, touch

FATES = {
    "won": 2.5,
    "lost": 3.5,
    "forward": 9,
    "redated": 6,
    "stepped": 5,
    "answered": 6,
    "touched": 30,
    "nothing": 38,
}
OPENED = 0.012

_LOST = pl.col("_fate") == "lost"
_CLOSING = pl.col("_fate").is_in(["won", "lost"])
_STAGED = pl.col("_fate").is_in(["won", "lost", "forward"])
_REDATED = pl.col("_fate") == "redated"
_TO_RIVAL = _LOST & (pl.col("_reason") == "Lost to Competitor")
_DRAWN = ("_fate", "_later", "_step", "_reason", "_rival")


def deals_move(company: Company, week: Week) -> Company:
    """Fates of the open deals; one fate, at one moment, for a deal that both systems hold."""
    hubspot, salesforce = company.hubspot, company.salesforce
    deals = _fated(hubspot["deals"], week, _hubspot_values(week))
    opportunity = _fated(salesforce["Opportunity"], week, _salesforce_values(week))
    return replace(company, hubspot={**hubspot, "deals": deals}, salesforce={**salesforce, "Opportunity": opportunity})


def _fated(table: pl.DataFrame, week: Week, values: dict[str, pl.Expr]) -> pl.DataFrame:
    """Draw each open deal's fate by the true deal, and set what follows from it."""
    ids = table["_entity"].to_numpy()
    draws = Draws(week.dice, week.salt("deal"), ids)
    fate = draws.weighed(FATES, "fate")
    onward = pl.min_horizontal(pl.col("_stage") + 1, pl.lit(WON - 1))
    rows = table.with_columns(_fate=pl.when((pl.col("_stage") < WON) & LIVE & (fate != "nothing")).then(fate))
    rows = rows.with_columns(
        _stage=pl.when(pl.col("_fate") == "won").then(WON)
        .when(_LOST).then(LOST)
        .when(pl.col("_fate") == "forward").then(onward)
        .otherwise("_stage"),
        _later=draws.whole(20, 80, "redated by"),
        _step=draws.one_of(NEXT_STEPS, "next step"),
        _reason=draws.one_of((*LOSS_REASONS, None, None), "loss"),
        _rival=draws.one_of(COMPETITORS, "rival"),
    )  # fmt: skip
    return touch(rows, pl.col("_fate").is_not_null(), week, "deal", values, ids=ids).drop(_DRAWN)


def _close_on(column: str, week: Week) -> pl.Expr:
    """The new close date: the day of closing, or later than it was, or than today where it was no real date."""
    today = pl.lit(week.as_of)
    real = pl.col(column).is_between(pl.date(2000, 1, 1), pl.date(week.as_of.year + 10, 1, 1))
    base = pl.when(real).then(pl.max_horizontal(pl.col(column), today)).otherwise(today)
    closed = pl.col("_at").dt.replace_time_zone("UTC").dt.convert_time_zone(NEW_YORK).dt.date()
    redated = pl.when(_REDATED).then(base + pl.duration(days="_later")).otherwise(column)
    return pl.when(_CLOSING).then(closed).otherwise(redated)


def _answered(column: str, answer: str) -> pl.Expr:
    """The answer the buyer gave this week, if asked."""
    return pl.when(pl.col("_fate") == "answered").then(pl.lit(answer)).otherwise(column)


def _salesforce_values(week: Week) -> dict[str, pl.Expr]:
    close = _close_on("CloseDate", week)
    pushed = _REDATED & (close.dt.truncate("1mo") > pl.col("CloseDate").dt.truncate("1mo"))
    step = pl.when(pl.col("_fate") == "stepped").then("_step").otherwise("NextStep")
    return {
        "StageName": by_stage(SALESFORCE_STAGES),
        "Probability": by_stage(PROBABILITY),
        "ExpectedRevenue": pl.col("Amount") * by_stage(PROBABILITY) / 100,
        "IsClosed": IS_CLOSED,
        "IsWon": IS_WON,
        "ForecastCategory": by_stage(CATEGORY),
        "ForecastCategoryName": by_stage(CATEGORY_NAME),
        "LastStageChangeDate": pl.when(_STAGED).then("_at").otherwise("LastStageChangeDate"),
        "PushCount": pl.col("PushCount") + pushed.cast(pl.Int64),
        "CloseDate": close,
        "LastActivityDate": pl.col("_at").dt.date(),
        "NextStep": pl.when(~_CLOSING).then(step),
        "Loss_Reason__c": pl.when(_LOST).then("_reason").otherwise("Loss_Reason__c"),
        "Competitor__c": pl.when(_TO_RIVAL).then("_rival").otherwise("Competitor__c"),
        "Budget_Status__c": _answered("Budget_Status__c", "allocated"),
        "Authority_Status__c": _answered("Authority_Status__c", "dm_involved"),
        "Need_Status__c": _answered("Need_Status__c", "acknowledged"),
        "Timeline_Status__c": _answered("Timeline_Status__c", "near"),
        "HasOpenActivity": pl.col("HasOpenActivity") & ~_CLOSING,
        "HasOverdueTask": pl.col("HasOverdueTask") & ~_CLOSING,
    }


def _hubspot_values(week: Week) -> dict[str, pl.Expr]:
    close = _close_on("_close_on", week)
    step = pl.when(pl.col("_fate") == "stepped").then("_step").otherwise("hs_next_step")
    forecast = pl.when(pl.col("hs_manual_forecast_category").is_not_null()).then(by_stage(HUBSPOT_CATEGORY))
    redated = pl.when(_REDATED).then(new_york_evening(close, pl.lit(15))).otherwise("closedate")
    entered = "hs_v2_date_entered_current_stage"
    return {
        "dealstage": dealstage(),
        "hs_deal_stage_probability": by_stage(HUBSPOT_PROBABILITY),
        "hs_projected_amount": pl.col("amount") * by_stage(HUBSPOT_PROBABILITY),
        "hs_is_closed": IS_CLOSED,
        "hs_is_closed_won": IS_WON,
        "hs_is_closed_lost": pl.col("_stage") == LOST,
        "hs_manual_forecast_category": forecast,
        entered: pl.when(_STAGED).then("_at").otherwise(entered),
        "_close_on": close,
        "closedate": pl.when(_CLOSING).then("_at").otherwise(redated),
        "notes_last_contacted": pl.col("_at"),
        "notes_last_updated": pl.col("_at"),
        "notes_next_activity_date": pl.when(~_CLOSING).then("notes_next_activity_date"),
        "hs_next_step": pl.when(~_CLOSING).then(step),
        "bant_budget": _answered("bant_budget", "allocated"),
        "bant_authority": _answered("bant_authority", "dm_involved"),
        "bant_need": _answered("bant_need", "acknowledged"),
        "bant_timeline": _answered("bant_timeline", "near"),
        "closed_lost_reason": pl.when(_LOST).then("_reason").otherwise("closed_lost_reason"),
        "competitor": pl.when(_TO_RIVAL).then("_rival").otherwise("competitor"),
    }


def deals_open(company: Company, week: Week) -> Company:
    """New deals, with the people on them."""
    sf, hs, dice, reps = company.salesforce, company.hubspot, company.dice, company.reps
    deals = _new_deals(company, week)
    opened = opportunities(deals, sf["Account"], reps, dice, week.ends, after=newest(sf["Opportunity"]))
    roles = contact_roles(opened, sf["Contact"], dice, after=newest(sf["OpportunityContactRole"]))
    opened = with_primary_contact(opened, roles)
    held = hubspot_deals(deals, opened, reps, dice, week.ends, after=newest(hs["deals"]))
    links = deal_links(hs["contacts"], hs["companies"], held, dice)
    return replace(
        company,
        deal_count=company.deal_count + deals.height,
        salesforce={
            **sf,
            "Opportunity": stacked(sf["Opportunity"], opened),
            "OpportunityContactRole": stacked(sf["OpportunityContactRole"], roles),
        },
        hubspot={**hs, "deals": stacked(hs["deals"], counted_contacts(held, links))},
        links=pl.concat([company.links, links]),
    )


def _new_deals(company: Company, week: Week) -> pl.DataFrame:
    """True deals like any other, but opened this week, at the first stage, with a sane close date."""
    first = company.deal_count
    ids = np.arange(first, first + max(2, round(first * OPENED)), dtype=np.int64)
    draws = Draws(week.dice, week.salt("new deal"), ids)
    born = week.times("deal opens", ids)
    nothing = pl.lit(None, dtype=pl.String)
    close_on = (pl.lit(week.as_of) + pl.duration(days=draws.whole(20, 160, "closes in"))).cast(pl.Date)
    return true_deals(ids, company.firms, company.reps, company.dice, week.ends).with_columns(
        outcome=pl.lit("open"),
        stage=pl.lit(0, dtype=pl.Int64),
        born=born,
        staged=born,
        touched=born,
        close_kind=pl.lit("sane"),
        close_on=close_on,
        pushes=pl.lit(0, dtype=pl.Int64),
        next_step=draws.one_of((*NEXT_STEPS, "tbd", None), "first step"),
        loss_reason=nothing,
        competitor=nothing,
    )
