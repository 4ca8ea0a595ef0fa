"""The deals as records: Salesforce opportunities and HubSpot deals, some of them the same deal in both."""

import numpy as np
import polars as pl

from sandbox.chance import Dice, Ids
from sandbox.contacts import buys_on
from sandbox.identifiers import hubspot_numbers, salesforce_ids
from sandbox.moments import new_york_evening, whole_seconds
from sandbox.records import Habits, stamped
from sandbox.true_deals import LOST, STAGES, WON

HABITS = Habits(archived=0.01, bulk_edited=0.12, bulk_edit_days_ago=9)

SALESFORCE_STAGES = (*STAGES, "Closed Won", "Closed Lost")
PROBABILITY = (10.0, 20.0, 35.0, 60.0, 80.0, 100.0, 0.0)
CATEGORY = ("Pipeline", "Pipeline", "BestCase", "BestCase", "Forecast", "Closed", "Omitted")
CATEGORY_NAME = ("Pipeline", "Pipeline", "Best Case", "Best Case", "Commit", "Closed", "Omitted")

DEFAULT_STAGES = (
    "appointmentscheduled",
    "qualifiedtobuy",
    "presentationscheduled",
    "contractsent",
    "contractsent",
    "closedwon",
    "closedlost",
)
SECOND_PIPELINE = "75438219"
SECOND_STAGES = ("136407351", "136407352", "136407353", "136407354", "136407354", "136407355", "136407356")
HUBSPOT_PROBABILITY = (0.2, 0.4, 0.6, 0.9, 0.9, 1.0, 0.0)
HUBSPOT_CATEGORY = ("PIPELINE", "PIPELINE", "BEST_CASE", "COMMIT", "COMMIT", "CLOSED", "OMIT")


def by_stage(words: tuple[str, ...] | tuple[float, ...], stage: str = "stage") -> pl.Expr:
    """Look up a word by the number of the stage."""
    return pl.col(stage).replace_strict(dict(enumerate(words)))


def _stamped(deals: pl.DataFrame, dice: Dice, last_change: int) -> pl.DataFrame:
    rows = deals.with_columns(_entity="deal", _copy=pl.lit(0)).sort("born", "_entity")
    return stamped(rows, pl.max_horizontal("touched", "staged"), dice, "deal", HABITS, last_change)


def opportunities(
    deals: pl.DataFrame, accounts: pl.DataFrame, reps: pl.DataFrame, dice: Dice, last_change: int, *, after: int = 0
) -> pl.DataFrame:
    """Salesforce opportunities; CloseDate is required there, so a missing one is a placeholder."""
    rows = _stamped(deals.filter(pl.col("where").str.contains("s")), dice, last_change)
    numbers = after + 1001 + 5 * np.arange(len(rows), dtype=np.int64)
    rows = rows.with_columns(_rank=pl.Series(numbers), Id=salesforce_ids("006", numbers))
    live = accounts.filter((pl.col("_copy") == 0) & (pl.col("_state") == "live")).select(firm="_entity", account="Id")
    rows = rows.join(live, on="firm", how="left", maintain_order="left")
    ids = rows["_entity"].to_numpy()
    closed, won = pl.col("stage") >= WON, pl.col("stage") == WON
    probability = by_stage(PROBABILITY)
    return rows.select(
        "Id", "_rank", "_entity", "_copy",
        _created=whole_seconds(pl.col("_created")),
        _modified=whole_seconds(pl.col("_modified")),
        _state=pl.when("_archived").then(pl.lit("archived")).otherwise(pl.lit("live")),
        _stage="stage",
        _people="people_on_it",
        Name=_name(dice, ids),
        AccountId=pl.when(~pl.col("nameless")).then("account"),
        StageName=by_stage(SALESFORCE_STAGES),
        Amount="amount",
        CurrencyIsoCode="currency",
        Probability=probability,
        ExpectedRevenue=pl.col("amount") * probability / 100,
        CloseDate="close_on",
        Type="type",
        NextStep=pl.when(pl.col("next_step") != "").then("next_step"),
        LeadSource=dice.pick(("Web", "Partner Referral", "Webinar", "Trade Show - Badge Scan", None), "deal source", ids),
        IsClosed=closed,
        IsWon=won,
        ForecastCategory=by_stage(CATEGORY),
        ForecastCategoryName=by_stage(CATEGORY_NAME),
        OwnerId=reps["salesforce_id"].gather(rows["rep"]),
        LastActivityDate=pl.col("touched").dt.date(),
        LastStageChangeDate=whole_seconds(pl.col("staged")),
        PushCount=pl.when(~closed | (pl.col("pushes") < 3)).then("pushes").otherwise(0),
        HasOpenActivity=pl.Series(dice.happens(0.55, "deal open activity", ids)) & ~closed,
        HasOverdueTask=pl.Series(dice.happens(0.12, "deal overdue task", ids)) & ~closed,
        ContactId=pl.lit(None, dtype=pl.String),
        Loss_Reason__c="loss_reason",
        Competitor__c="competitor",
        Budget_Status__c="budget",
        Authority_Status__c="authority",
        Need_Status__c="need",
        Timeline_Status__c="timeline",
        Purchase_Date__c=buys_on(last_change),
    )  # fmt: skip


def _name(dice: Dice, ids: Ids) -> pl.Expr:
    odd = pl.Series(dice.whole(0, 60, "deal odd name", ids))
    plain = pl.col("firm_name") + " - " + pl.col("what")
    return (
        pl.when(odd == 0).then("=" + plain)
        .when(odd == 1).then("<!channel> " + plain)
        .when(odd == 2).then("<b>" + plain + "</b>")
        .when(odd == 3).then(plain + " 🎉")
        .when(odd == 4).then(pl.lit("test ") + plain)
        .otherwise(plain)
    )  # fmt: skip


def hubspot_deals(
    deals: pl.DataFrame, opportunity: pl.DataFrame, reps: pl.DataFrame, dice: Dice, last_change: int, *, after: int = 51
) -> pl.DataFrame:
    """HubSpot deals; a placeholder close date of the true deal is mostly no date at all here."""
    rows = _stamped(deals.filter(pl.col("where").str.contains("h")), dice, last_change)
    rows = rows.join(opportunity.select(deal="_entity", opportunity="Id"), on="deal", how="left", maintain_order="left")
    ids = rows["_entity"].to_numpy()
    numbers = hubspot_numbers(len(rows), after=after)
    closed, won = pl.col("stage") >= WON, pl.col("stage") == WON
    second = (pl.col("pipeline") == "second") & (pl.col("where") == "h")
    stage = pl.when(second).then(by_stage(SECOND_STAGES)).otherwise(by_stage(DEFAULT_STAGES))
    probability = by_stage(HUBSPOT_PROBABILITY)
    dated = (pl.col("close_kind") != "placeholder") | pl.Series(dice.happens(0.3, "deal keeps placeholder", ids))
    minutes = pl.Series(dice.whole(1, 90, "deal closes at", ids))
    return rows.select(
        "_created", "_modified", "_entity", "_copy",
        _id=pl.Series(numbers).cast(pl.String),
        _rank=pl.Series(numbers),
        _state=pl.when("_archived").then(pl.lit("archived")).otherwise(pl.lit("live")),
        _stage="stage",
        _people="people_on_it",
        _firm=pl.when(~pl.col("nameless")).then("firm"),
        _close_on=pl.when(dated).then("close_on"),
        dealname=_name(dice, ids),
        pipeline=pl.when(second).then(pl.lit(SECOND_PIPELINE)).otherwise(pl.lit("default")),
        dealstage=stage,
        amount="amount",
        deal_currency_code="currency",
        amount_in_home_currency=pl.when(pl.col("currency") == "USD").then("amount"),
        closedate=pl.when(dated).then(new_york_evening(pl.col("close_on"), minutes)),
        hubspot_owner_id=reps["hubspot_id"].gather(rows["rep"]),
        hs_is_closed=closed,
        hs_is_closed_won=won,
        hs_is_closed_lost=pl.col("stage") == LOST,
        hs_deal_stage_probability=probability,
        hs_projected_amount=pl.col("amount") * probability,
        hs_forecast_amount="amount",
        hs_manual_forecast_category=pl.when(pl.Series(dice.happens(0.6, "deal forecast set", ids))).then(by_stage(HUBSPOT_CATEGORY)),
        hs_next_step="next_step",
        notes_last_contacted="touched",
        notes_last_updated="touched",
        notes_next_activity_date=pl.when(~closed & pl.Series(dice.happens(0.45, "deal next activity", ids)))
        .then(pl.lit(rows["_modified"].max()) + pl.duration(days=pl.Series(dice.whole(-5, 25, "deal next on", ids)))),
        num_associated_contacts="people_on_it",
        hs_v2_date_entered_current_stage="staged",
        closed_lost_reason="loss_reason",
        competitor="competitor",
        dealtype=pl.when(pl.col("type") == "New Business").then(pl.lit("newbusiness")).when(pl.col("type").is_not_null()).then(pl.lit("existingbusiness")),
        hs_salesforceopportunityid="opportunity",
        hs_merged_object_ids=pl.lit(None, dtype=pl.String),
        bant_budget="budget",
        bant_authority="authority",
        bant_need="need",
        bant_timeline="timeline",
        purchase_date=buys_on(last_change),
    )  # fmt: skip
