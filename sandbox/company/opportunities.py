"""The deals as Salesforce holds them."""

import numpy as np
import polars as pl

from sandbox.company.chance import Dice, Draws
from sandbox.company.identifiers import salesforce_ids
from sandbox.company.moments import whole_seconds
from sandbox.company.records import Habits, stamped
from sandbox.company.stories import buys_on
from sandbox.company.true_deals import STAGES, WON
from sandbox.company.untidy import untidy_deal_name

HABITS = Habits(archived=0.01, bulk_edited=0.12, bulk_edit_days_ago=9)

SALESFORCE_STAGES = (*STAGES, "Closed Won", "Closed Lost")
PROBABILITY = (10.0, 20.0, 35.0, 60.0, 80.0, 100.0, 0.0)
CATEGORY = ("Pipeline", "Pipeline", "BestCase", "BestCase", "Forecast", "Closed", "Omitted")
CATEGORY_NAME = ("Pipeline", "Pipeline", "Best Case", "Best Case", "Commit", "Closed", "Omitted")
DEAL_SOURCES = ("Web", "Partner Referral", "Webinar", "Trade Show - Badge Scan", None)
IS_CLOSED, IS_WON = pl.col("_stage") >= WON, pl.col("_stage") == WON


def by_stage(words: tuple[str, ...] | tuple[float, ...]) -> pl.Expr:
    """Look up a word by the number of the stage, in `_stage`."""
    return pl.col("_stage").replace_strict(dict(enumerate(words)))


def deal_rows(deals: pl.DataFrame, where: str, dice: Dice, last_change: int) -> pl.DataFrame:
    """The deals one system holds (`where` is s or h), in order of creation, with stamps."""
    rows = deals.filter(pl.col("where").str.contains(where))
    rows = rows.with_columns(_entity="deal", _copy=pl.lit(0), _stage="stage").sort("born", "_entity")
    return stamped(rows, pl.max_horizontal("touched", "staged"), dice, "deal", HABITS, last_change)


def deal_state() -> pl.Expr:
    """A deal is archived (in Salesforce: deleted) or live."""
    return pl.when("_archived").then(pl.lit("archived")).otherwise(pl.lit("live"))


def opportunities(
    deals: pl.DataFrame,
    accounts: pl.DataFrame,
    reps: pl.DataFrame,
    dice: Dice,
    last_change: int,
    *,
    after: int = 0,
) -> pl.DataFrame:
    """Salesforce opportunities; CloseDate is required there, so a missing one is a placeholder."""
    rows = deal_rows(deals, "s", dice, last_change)
    numbers = after + 1001 + 5 * np.arange(len(rows), dtype=np.int64)
    live = accounts.filter((pl.col("_copy") == 0) & (pl.col("_state") == "live")).select(firm="_entity", account="Id")
    rows = rows.join(live, on="firm", how="left", maintain_order="left")
    draws = Draws(dice, "opportunity", rows["_entity"].to_numpy())
    return rows.select(
        "_entity",
        "_copy",
        "_stage",
        Id=salesforce_ids("006", numbers),
        _rank=pl.Series(numbers),
        _created=whole_seconds(pl.col("_created")),
        _modified=whole_seconds(pl.col("_modified")),
        _state=deal_state(),
        _people="people_on_it",
        Name=untidy_deal_name(draws),
        AccountId=pl.when(~pl.col("firmless")).then("account"),
        StageName=by_stage(SALESFORCE_STAGES),
        Amount="amount",
        CurrencyIsoCode="currency",
        Probability=by_stage(PROBABILITY),
        ExpectedRevenue=pl.col("amount") * by_stage(PROBABILITY) / 100,
        CloseDate="close_on",
        Type="type",
        NextStep=pl.when(pl.col("next_step") != "").then("next_step"),
        LeadSource=draws.one_of(DEAL_SOURCES, "source"),
        IsClosed=IS_CLOSED,
        IsWon=IS_WON,
        ForecastCategory=by_stage(CATEGORY),
        ForecastCategoryName=by_stage(CATEGORY_NAME),
        OwnerId=reps["salesforce_id"].gather(rows["rep"]),
        LastActivityDate=pl.col("touched").dt.date(),
        LastStageChangeDate=whole_seconds(pl.col("staged")),
        PushCount="pushes",
        HasOpenActivity=draws.sometimes(0.55, "open activity") & ~IS_CLOSED,
        HasOverdueTask=draws.sometimes(0.12, "overdue task") & ~IS_CLOSED,
        ContactId=pl.lit(None, dtype=pl.String),
        Loss_Reason__c="loss_reason",
        Competitor__c="competitor",
        Budget_Status__c="budget",
        Authority_Status__c="authority",
        Need_Status__c="need",
        Timeline_Status__c="timeline",
        Purchase_Date__c=buys_on(last_change),
    )
