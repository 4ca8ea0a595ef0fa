"""The deals as HubSpot holds them: two pipelines, close dates late in the evening of New York."""

import polars as pl

from sandbox.company.chance import Dice, Draws
from sandbox.company.identifiers import hubspot_numbers
from sandbox.company.moments import MOMENT, new_york_evening
from sandbox.company.opportunities import IS_CLOSED, IS_WON, by_stage, deal_rows, deal_state
from sandbox.company.stories import buys_on
from sandbox.company.true_deals import LOST
from sandbox.company.untidy import untidy_deal_name

SECOND_PIPELINE = "75438219"
DEFAULT_STAGES = (
    "appointmentscheduled",
    "qualifiedtobuy",
    "presentationscheduled",
    "contractsent",
    "contractsent",
    "closedwon",
    "closedlost",
)
SECOND_STAGES = ("136407351", "136407352", "136407353", "136407354", "136407354", "136407355", "136407356")
HUBSPOT_PROBABILITY = (0.2, 0.4, 0.6, 0.9, 0.9, 1.0, 0.0)
HUBSPOT_CATEGORY = ("PIPELINE", "PIPELINE", "BEST_CASE", "COMMIT", "COMMIT", "CLOSED", "OMIT")
KINDS = {"New Business": "newbusiness", "Existing Business": "existingbusiness"}


def dealstage() -> pl.Expr:
    """Stage id by the number of the stage and the pipeline."""
    default = pl.col("pipeline") == "default"
    return pl.when(default).then(by_stage(DEFAULT_STAGES)).otherwise(by_stage(SECOND_STAGES))


def hubspot_deals(
    deals: pl.DataFrame,
    opportunity: pl.DataFrame,
    reps: pl.DataFrame,
    dice: Dice,
    last_change: int,
    *,
    after: int = 51,
) -> pl.DataFrame:
    """HubSpot deals; a placeholder close date of the true deal is mostly no date at all here."""
    rows = _rows(deals, opportunity, dice, last_change)
    numbers = hubspot_numbers(len(rows), after=after)
    draws = Draws(dice, "hubspot deal", rows["_entity"].to_numpy())
    dated = (pl.col("close_kind") != "placeholder") | draws.sometimes(0.3, "keeps placeholder")
    evening = new_york_evening(pl.col("close_on"), draws.whole(1, 90, "closes at"))
    next_on = pl.lit(rows["_modified"].max(), dtype=MOMENT) + pl.duration(days=draws.whole(-5, 25, "next on"))
    return rows.select(
        "_created",
        "_modified",
        "_entity",
        "_copy",
        "_stage",
        _id=pl.Series(numbers).cast(pl.String),
        _rank=pl.Series(numbers),
        _state=deal_state(),
        _people="people_on_it",
        _firm=pl.when(~pl.col("firmless")).then("firm"),
        _close_on=pl.when(dated).then("close_on"),
        dealname=untidy_deal_name(draws),
        pipeline="pipeline",
        dealstage=dealstage(),
        amount="amount",
        deal_currency_code="currency",
        amount_in_home_currency=pl.when(pl.col("currency") == "USD").then("amount"),
        closedate=pl.when(dated).then(evening),
        hubspot_owner_id=reps["hubspot_id"].gather(rows["rep"]),
        hs_is_closed=IS_CLOSED,
        hs_is_closed_won=IS_WON,
        hs_is_closed_lost=pl.col("_stage") == LOST,
        hs_deal_stage_probability=by_stage(HUBSPOT_PROBABILITY),
        hs_projected_amount=pl.col("amount") * by_stage(HUBSPOT_PROBABILITY),
        hs_forecast_amount="amount",
        hs_manual_forecast_category=pl.when(draws.sometimes(0.6, "forecast set")).then(by_stage(HUBSPOT_CATEGORY)),
        hs_next_step="next_step",
        notes_last_contacted="touched",
        notes_last_updated="touched",
        notes_next_activity_date=pl.when(~IS_CLOSED & draws.sometimes(0.45, "next planned")).then(next_on),
        num_associated_contacts="people_on_it",
        hs_v2_date_entered_current_stage="staged",
        closed_lost_reason="loss_reason",
        competitor="competitor",
        dealtype=pl.col("type").replace_strict(KINDS, default=None, return_dtype=pl.String),
        hs_salesforceopportunityid="opportunity",
        hs_merged_object_ids=pl.lit(None, dtype=pl.String),
        bant_budget="budget",
        bant_authority="authority",
        bant_need="need",
        bant_timeline="timeline",
        purchase_date=buys_on(last_change),
    )


def _rows(deals: pl.DataFrame, opportunity: pl.DataFrame, dice: Dice, last_change: int) -> pl.DataFrame:
    """The deals HubSpot holds, each with its pipeline and the opportunity it is synced with."""
    second = pl.col("second_pipeline") & (pl.col("where") == "h")
    rows = deal_rows(deals, "h", dice, last_change).with_columns(
        pipeline=pl.when(second).then(pl.lit(SECOND_PIPELINE)).otherwise(pl.lit("default"))
    )
    synced = opportunity.select(deal="_entity", opportunity="Id")
    return rows.join(synced, on="deal", how="left", maintain_order="left")
