"""Opportunity facets: columns that the definitions may name, computed once."""

from collections.abc import Mapping
from datetime import date

import polars as pl

from definitions.agreement.model import Definitions
from definitions.polars_types import MONEY
from transforms.step import ALL, ROW, step


@step(partition_by=ALL)
def stages(records: pl.DataFrame, definitions: Definitions) -> pl.DataFrame:
    """Return one row per source stage: the source's own values, and the canonical stage's order, phase and forecast.

    A closed stage that no setting maps is won or lost as in its source.
    """
    canonical = pl.DataFrame(
        [
            {
                "canonical_stage": stage.stage,
                "stage_order": stage.order,
                "stage_phase": stage.phase,
                "default_probability": stage.probability,
                "default_category": stage.forecast_category,
                "max_age_days": stage.max_age_days,
            }
            for stage in definitions.stages
        ],
        schema={
            "canonical_stage": pl.String,
            "stage_order": pl.Int32,
            "stage_phase": pl.String,
            "default_probability": pl.Float64,
            "default_category": pl.String,
            "max_age_days": pl.Int32,
        },
    )
    closed = pl.when("is_won").then(pl.lit("closed_won")).when("is_closed").then(pl.lit("closed_lost"))
    return (
        records.with_columns(
            stage_id=stage_id(pl.col("pipeline_id")),
            canonical_stage=pl.coalesce("canonical_stage", closed),
            stage_name=pl.coalesce("stage_name", "source_stage"),
        )
        .sort("stage_id", "record_key")
        .unique("stage_id", keep="first", maintain_order=True)
        .join(canonical, on="canonical_stage", how="left", maintain_order="left")
        .with_columns(
            probability=pl.coalesce("probability", "default_probability"),
            forecast_category=pl.coalesce("forecast_category", "default_category"),
        )
    )


def stage_id(pipeline: pl.Expr) -> pl.Expr:
    """`source:pipeline:stage`; a source without pipelines has the pipeline `default`."""
    return pl.concat_str("source_system", pl.lit(":"), pipeline.fill_null("default"), pl.lit(":"), "source_stage")


@step(partition_by=ROW, needs=("stage_table",), delivers=("stage_id",))
def with_stage_id(deals: pl.DataFrame, stage_table: pl.DataFrame) -> pl.DataFrame:
    """Add `stage_id`: the stage of the deal's own pipeline, else the one that all pipelines of the source share.

    Salesforce has one list of stages for all record types; HubSpot one for each pipeline.
    """
    own, shared = stage_id(pl.col("pipeline_id")), stage_id(pl.lit(None, pl.String))
    stage_ids = stage_table["stage_id"].implode()
    is_shared = ~own.is_in(stage_ids) & shared.is_in(stage_ids)
    return deals.with_columns(stage_id=pl.when(is_shared).then(shared).otherwise(own))


@step(
    partition_by=ROW,
    needs=("stage_table",),
    delivers=(
        "stage_id",
        "stage_name",
        "canonical_stage",
        "stage_order",
        "stage_phase",
        "is_closed",
        "is_won",
        "is_open",
        "probability",
        "forecast_category",
        "stage_age_limit_days",
    ),
)
def with_stage(deals: pl.DataFrame, stage_table: pl.DataFrame) -> pl.DataFrame:
    """Add the columns of the stage table; a deal of an unknown stage keeps the values of its record."""
    stage_columns = stage_table.select(
        "stage_id",
        "stage_name",
        "canonical_stage",
        "stage_order",
        "stage_phase",
        "max_age_days",
        pl.col("probability").alias("stage_probability"),
        pl.col("forecast_category").alias("stage_category"),
        pl.col("is_closed").alias("stage_is_closed"),
        pl.col("is_won").alias("stage_is_won"),
    )
    joined = with_stage_id(deals, stage_table).join(stage_columns, on="stage_id", how="left", maintain_order="left")
    is_closed = pl.coalesce("stage_is_closed", "is_closed", pl.lit(value=False))
    is_won = pl.coalesce("stage_is_won", "is_won", pl.lit(value=False)) & is_closed
    return joined.with_columns(
        is_closed=is_closed,
        is_won=is_won,
        is_open=~is_closed,
        stage_name=pl.coalesce("stage_name", "source_stage"),
        probability=pl.coalesce("probability", "stage_probability"),
        forecast_category=pl.coalesce("forecast_category", "stage_category"),
        stage_age_limit_days=pl.when(~is_closed).then("max_age_days"),
    )


@step(
    partition_by=ROW,
    needs=("deal_changes",),
    delivers=(
        "close_date",
        "has_placeholder_close_date",
        "created_on",
        "stage_entered_on",
        "last_meaningful_change_on",
        "next_activity_on",
        "push_count",
        "original_close_date",
        "next_step",
        "sales_cycle_days",
    ),
)
def with_dates(
    deals: pl.DataFrame, deal_changes: pl.DataFrame, definitions: Definitions, *, as_of: date
) -> pl.DataFrame:
    """Add the days the definitions read; a placeholder close date becomes null and sets a flag.

    `deal_changes` (grain: entity_id; tracked_push_count, original_close_date, last_change_at) is derived from the
    landed versions; a source's own push counter counts where it is higher.
    """
    zone = definitions.reporting.time_zone
    placeholder = is_placeholder(definitions, as_of)
    joined = deals.join(deal_changes, on="entity_id", how="left", maintain_order="left")
    created, entered = _day("source_created_at", zone), _day("last_stage_change_at", zone)
    return joined.with_columns(
        has_placeholder_close_date=placeholder,
        close_date=pl.when(~placeholder).then("source_close_date"),
        created_on=created,
        # A deal whose source keeps no stage clock has been in its stage for at most its own age: that is no evidence.
        stage_entered_on=entered,
        # A version that was landed after the day the report is for changed on that day at the latest.
        last_meaningful_change_on=pl.max_horizontal(
            created, entered, _day("last_change_at", zone).clip(upper_bound=pl.lit(as_of))
        ),
        next_activity_on=_day("next_activity_at", zone),
        push_count=pl.max_horizontal(pl.col("push_count"), pl.col("tracked_push_count")).fill_null(0).cast(pl.Int32),
        original_close_date=pl.coalesce("original_close_date", pl.when(~placeholder).then("source_close_date")),
        next_step=_without_placeholders("next_step", definitions.placeholders.next_step),
    ).with_columns(
        sales_cycle_days=pl.when("is_won")
        .then((_day("closed_at", zone) - pl.col("created_on")).dt.total_days())
        .cast(pl.Int32)
    )


def _day(column: str, zone: str) -> pl.Expr:
    return pl.col(column).dt.convert_time_zone(zone).dt.date()


def is_placeholder(definitions: Definitions, as_of: date) -> pl.Expr:
    """Return whether a close date is a placeholder: years ahead, long past, or on the declared list."""
    limits = definitions.placeholders.close_date
    day = pl.col("source_close_date")
    far = day.dt.year() >= as_of.year + limits.years_ahead
    early = day <= limits.on_or_before
    return (far | early | day.is_in(list(limits.dates))).fill_null(value=False)


def _without_placeholders(column: str, placeholders: tuple[str, ...]) -> pl.Expr:
    """Trim the text; null where it is blank or on the list of placeholders."""
    trimmed = pl.col(column).str.strip_chars()
    empty = [word.lower() for word in placeholders]
    return pl.when((trimmed != "") & ~trimmed.str.to_lowercase().is_in(empty)).then(trimmed)


@step(partition_by=ROW, delivers=("fx_rate", "amount_corporate"))
def with_corporate_amount(deals: pl.DataFrame, rates: Mapping[str, float], currency: str) -> pl.DataFrame:
    """Add the amount in the reporting currency; null, never 1:1, where no rate is declared (DQ-06).

    Rates count to twelve places: a dong is worth four thousandths of a cent.
    """
    all_rates = {**rates, currency: 1.0}
    rate = (
        pl.col("currency_code")
        .str.to_uppercase()
        .replace_strict(list(all_rates), list(all_rates.values()), default=None, return_dtype=pl.Float64)
    )
    exact = pl.col("amount").cast(pl.Decimal(38, 2)) * rate.cast(pl.Decimal(38, 12))
    corporate = exact.round(2, mode="half_away_from_zero").cast(MONEY, strict=False)
    return deals.with_columns(fx_rate=rate, amount_corporate=corporate)


@step(partition_by=ROW, needs=("roles",), delivers=("contact_count", "has_decision_maker", "primary_person_id"))
def with_contacts(deals: pl.DataFrame, roles: pl.DataFrame) -> pl.DataFrame:
    """Add the number of people on the deal, whether one is a decision maker, and the primary person."""
    people = roles.group_by("opportunity_id").agg(
        contact_count=pl.len().cast(pl.Int32),
        has_decision_maker=pl.col("is_decision_maker").any(),
        primary_person_id=pl.coalesce(
            pl.col("person_id").filter("is_primary").min(),
            pl.when(pl.len() == 1).then(pl.col("person_id").min()),
        ),
    )
    return deals.join(people, on="opportunity_id", how="left", maintain_order="left").with_columns(
        pl.col("contact_count").fill_null(0), pl.col("has_decision_maker").fill_null(value=False)
    )


@step(partition_by="source_system", needs=("acts",), delivers=("last_activity_at", "last_activity_on"))
def with_last_activity(
    deals: pl.DataFrame, acts: pl.DataFrame, definitions: Definitions, *, as_of: date
) -> pl.DataFrame:
    """Take the latest activity, of the activities on the deal and the source's own claim, up to `as_of`.

    `last_activity_on` of a deal that had none is the day it was created, where its source reports activities at all:
    a deal without any has been inactive since then.
    """
    zone = definitions.reporting.time_zone
    done = acts.filter("is_human", pl.col("is_completed").fill_null(value=True), pl.col("opportunity_id").is_not_null())
    latest = (
        done.filter(_day("occurred_at", zone) <= as_of)
        .group_by("opportunity_id")
        .agg(seen_at=pl.col("occurred_at").max())
    )
    return (
        deals.join(latest, on="opportunity_id", how="left", maintain_order="left")
        .with_columns(last_activity_at=pl.max_horizontal("last_activity_at", "seen_at"))
        .with_columns(
            last_activity_on=pl.coalesce(
                _day("last_activity_at", zone),
                pl.when(pl.col("last_activity_at").is_not_null().any().over("source_system")).then("created_on"),
            )
        )
    )


@step(partition_by=ROW, delivers=("loss_family",))
def with_loss_family(deals: pl.DataFrame, definitions: Definitions) -> pl.DataFrame:
    """Add the family of the loss reason: `unknown` for one that no family lists, null without a reason."""
    families = {label: family for family, labels in definitions.loss_reasons.items() for label in labels}
    reason = pl.col("loss_reason").str.strip_chars().str.to_lowercase()
    family = reason.replace_strict(list(families), list(families.values()), default="unknown", return_dtype=pl.String)
    return deals.with_columns(loss_family=pl.when(reason != "").then(family))
