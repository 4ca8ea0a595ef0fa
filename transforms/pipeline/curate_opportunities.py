"""From golden opportunities to `fct_opportunity` and the people on each: every facet, then the class."""

import polars as pl

from definitions.published_state import PublishedState
from definitions.run_context import RunContext
from definitions.schema.classified import CLASS_COLUMN, Classified
from definitions.schema.column import Step
from definitions.schema.tables import FCT_OPPORTUNITY
from transforms.classify.classes import classify_opportunities
from transforms.classify.criteria import with_criteria
from transforms.facets.opportunity import (
    dated,
    is_placeholder,
    last_active,
    loss_families,
    peopled,
    staged,
    stages,
    valued,
)
from transforms.facets.person import owned
from transforms.facets.stage_age import completed_stays, learnt_limits
from transforms.frames import require_columns
from transforms.history.changes import class_since, tracked_changes
from transforms.identity.links import account_of, people_of_opportunities, with_id
from transforms.pipeline.records import Entities, Records
from transforms.step import ALL, ROW, step


@step(partition_by=ALL, delivers=("stage_id", "max_age_days"))
def stage_table(records: Records, run: RunContext) -> pl.DataFrame:
    """`dim_stage` rows, with the ageing limit beside them: the learnt one where enough deals left the stage."""
    rows = stages(records.kinds["stage"].collect(), run.definitions)
    learnt = learnt_limits(completed_stays(records.versions, rows), run.definitions)
    return rows.join(learnt, on="canonical_stage", how="left", maintain_order="left").with_columns(
        max_age_days=pl.coalesce("learnt_limit_days", "max_age_days")
    )


@step(partition_by=ALL, delivers=("entity_id", "tracked_push_count", "original_close_date", "last_change_at"))
def tracked(records: Records, deals: Entities, run: RunContext) -> pl.DataFrame:
    """What landed versions show of each deal; of several records of one deal, the most that any shows.

    Grain: entity_id.
    """
    nobody = is_placeholder(run.definitions, run.as_of)
    versions = records.versions.lazy().with_columns(close_date=pl.when(~nobody).then("source_close_date"))
    moved = tracked_changes(versions).collect()
    return (
        with_id(moved, deals.bridge, key="record_key", gives="entity_id")
        .group_by("entity_id")
        .agg(
            tracked_push_count=pl.col("push_count").max(),
            original_close_date=pl.col("original_close_date").min(),
            last_change_at=pl.col("last_meaningful_change_at").max(),
        )
    )


@step(partition_by=ALL)
def roles(records: Records, people: pl.DataFrame, deals: Entities, run: RunContext) -> pl.DataFrame:
    """`bridge_opportunity_person` rows; `people` is the bridge of living persons."""
    told = ["record_key", "is_deleted", "source_updated_at"]
    converted = records.kinds["person"].filter(pl.col("converted_opportunity_key").is_not_null())
    held = records.kinds["opportunity"].filter(pl.col("person_key").is_not_null())
    return people_of_opportunities(
        records.kinds["association"].collect(),
        converted.select(*told, "converted_opportunity_key").collect(engine="streaming"),
        held.select(*told, "person_key").collect(),
        person_bridge=people,
        opportunity_bridge=deals.alive,
        decision_maker_roles=run.definitions.decision_maker_roles,
    )


@step(partition_by=ALL)
def curated_opportunities(
    records: Records,
    entities: dict[str, Entities],
    acts: pl.DataFrame,
    on_deals: pl.DataFrame,
    owners: pl.DataFrame,
    stage_rows: pl.DataFrame,
    published: PublishedState,
    run: RunContext,
) -> pl.DataFrame:
    """One row per live opportunity, in the contract of `fct_opportunity` but for the run's own columns."""
    definitions, as_of = run.definitions, run.as_of
    deals = entities["opportunity"]
    frame = deals.golden.with_columns(opportunity_id=pl.col("entity_id"))
    links = account_of(
        records.kinds["association"].collect(),
        "opportunity_account",
        owner_bridge=deals.bridge,
        account_bridge=entities["account"].alive,
        gives="opportunity_id",
    ).rename({"account_id": "linked_account_id"})
    for key in ("account", "owner", "product"):
        frame = with_id(frame, entities[key].alive, key=f"{key}_key", gives=f"{key}_id")
    frame = frame.join(links, on="opportunity_id", how="left", maintain_order="left").with_columns(
        account_id=pl.coalesce("account_id", "linked_account_id")
    )
    frame = staged(frame, stage_rows)
    frame = dated(frame, tracked(records, deals, run), definitions, as_of=as_of)
    frame = valued(frame, run.rates, definitions.reporting.currency)
    frame = peopled(frame, on_deals)
    frame = last_active(frame, acts, definitions, as_of=as_of)
    frame = owned(loss_families(frame, definitions), owners)
    frame = frame.with_columns(claimed_class=_claim())
    require_columns(frame, FCT_OPPORTUNITY, Step.FIT)
    tested = with_criteria(frame.lazy(), definitions, "opportunity", as_of)
    require_columns(tested, FCT_OPPORTUNITY, Step.CRITERIA)
    classed = classify_opportunities(tested, definitions, as_of)
    require_columns(classed, FCT_OPPORTUNITY, Step.CLASS)
    return with_since(classed.collect(), published.classes["opportunity"], "opportunity", run)


def _claim() -> pl.Expr:
    """What the source claims of a deal: won, lost, or live in the pipeline."""
    return (
        pl.when("is_won")
        .then(pl.lit("closed_won"))
        .when("is_closed")
        .then(pl.lit("closed_lost"))
        .otherwise(pl.lit("active"))
    )


@step(partition_by=ROW, needs=("classes",))
def with_since(frame: pl.DataFrame, classes: pl.DataFrame, kind: Classified, run: RunContext) -> pl.DataFrame:
    """Add the day the class was first given: the published one (`PublishedState.classes`) while it stays."""
    column = CLASS_COLUMN[kind]
    after = frame.lazy().select(pl.col(f"{kind}_id").alias("record_id"), pl.col(column).alias("class"))
    since = class_since(classes.lazy(), after, run.as_of)
    named = since.rename({"record_id": f"{kind}_id", "class_since": f"{column}_since"}).collect()
    return frame.join(named, on=f"{kind}_id", how="left", maintain_order="left")
