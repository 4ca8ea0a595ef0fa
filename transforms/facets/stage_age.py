"""Stage ageing limits, learnt from landed versions once enough deals have left a stage (OPP-07)."""

import polars as pl

from definitions.agreement.model import Definitions
from transforms.facets.opportunity import with_stage_id
from transforms.step import ALL, step


@step(partition_by="record_key", needs=("stage_rows",), delivers=("canonical_stage", "days"))
def completed_stays(versions: pl.DataFrame, stage_rows: pl.DataFrame) -> pl.DataFrame:
    """Return one row per completed stay: canonical_stage, days.

    `versions` as in `Conformed`, with record_key, version_at, location, pipeline_id, source_stage, last_stage_change_at
    and is_deleted. A stay begins when the source says the stage was entered, else with the first version in it, unless
    that is the first version of the deal: then its beginning is unknown. It ends when the next one begins. A stay of
    unknown or negative length is left out.
    """
    stage = stage_rows.select("stage_id", "canonical_stage")
    live = versions.filter(~pl.col("is_deleted")).with_columns(
        source_system=pl.col("record_key").str.split(":").list.first()
    )
    staged = with_stage_id(live, stage_rows).sort("record_key", "version_at", "location", "source_stage")
    is_first = pl.col("record_key").ne_missing(pl.col("record_key").shift(1))
    moved = is_first | pl.col("stage_id").ne_missing(pl.col("stage_id").shift(1))
    begun = pl.coalesce("last_stage_change_at", pl.when(~is_first).then("version_at"))
    stays = staged.with_columns(begins=begun, is_move=moved).filter("is_move")
    goes_on = pl.col("record_key") == pl.col("record_key").shift(-1)
    ends = pl.when(goes_on).then(pl.coalesce("begins", "version_at").shift(-1))
    days = (ends - pl.col("begins")).dt.total_days()
    return (
        stays.with_columns(days=days)
        .filter(pl.col("days") >= 0)
        .join(stage, on="stage_id", maintain_order="left")
        .filter(pl.col("canonical_stage").is_not_null())
        .select("canonical_stage", pl.col("days").cast(pl.Int32))
    )


@step(partition_by=ALL, delivers=("canonical_stage", "learnt_limit_days"))
def learnt_limits(stays: pl.DataFrame, definitions: Definitions) -> pl.DataFrame:
    """Return one row per canonical stage with enough completed stays: canonical_stage, learnt_limit_days.

    The limit is the median stay times `stage_age.multiple`, rounded down, at least one day: whole days above 17.5 are
    those above 17.
    """
    rule = definitions.stage_age
    limit = (pl.col("days").median() * rule.multiple).round(6).floor().clip(1).cast(pl.Int32)
    return (
        stays.group_by("canonical_stage")
        .agg(exits=pl.len(), learnt_limit_days=limit)
        .filter(pl.col("exits") >= rule.minimum_exits)
        .drop("exits")
        .sort("canonical_stage")
    )
