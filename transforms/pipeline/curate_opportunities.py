"""Rows of `fct_opportunity`, `dim_stage` and `bridge_opportunity_person`: facets of golden deals, then class."""

import polars as pl

from definitions.published_state import PublishedState
from definitions.run_context import RunContext
from definitions.schema.classified import CLASS_COLUMN, Classified
from definitions.schema.column import Step
from definitions.schema.tables import FCT_OPPORTUNITY
from transforms.classify.classes import classify_opportunities
from transforms.classify.criteria import with_criteria
from transforms.facets.opportunity import (
    is_placeholder,
    stages,
    with_contacts,
    with_corporate_amount,
    with_dates,
    with_last_activity,
    with_loss_family,
    with_stage,
)
from transforms.facets.person import with_owner_state
from transforms.facets.stage_age import completed_stays, learnt_limits
from transforms.frames import require_columns
from transforms.history.changes import class_since, tracked_changes
from transforms.identity.links import account_of, people_of_opportunities, with_id
from transforms.pipeline.records import Entities, Records
from transforms.step import ALL, ROW, step


@step(partition_by=ALL, delivers=("stage_id", "max_age_days"))
def stage_table(records: Records, run: RunContext) -> pl.DataFrame:
    """Return the rows of `dim_stage` with `max_age_days`: learnt where enough deals left the stage, else declared."""
    rows = stages(records.kinds["stage"].collect(), run.definitions)
    learnt = learnt_limits(completed_stays(records.versions, rows), run.definitions)
    return rows.join(learnt, on="canonical_stage", how="left", maintain_order="left").with_columns(
        max_age_days=pl.coalesce("learnt_limit_days", "max_age_days")
    )


@step(partition_by=ALL, delivers=("entity_id", "tracked_push_count", "original_close_date", "last_change_at"))
def deal_changes(records: Records, deals: Entities, run: RunContext) -> pl.DataFrame:
    """Derive pushes and changes of each deal from its landed versions. Grain: entity_id.

    Of several records of one deal, the highest push count, the earliest close date and the latest change count.
    """
    is_placeholder_date = is_placeholder(run.definitions, run.as_of)
    versions = records.versions.lazy().with_columns(close_date=pl.when(~is_placeholder_date).then("source_close_date"))
    changes = tracked_changes(versions).collect()
    return (
        with_id(changes, deals.bridge, key="record_key", gives="entity_id")
        .group_by("entity_id")
        .agg(
            tracked_push_count=pl.col("push_count").max(),
            original_close_date=pl.col("original_close_date").min(),
            last_change_at=pl.col("last_meaningful_change_at").max(),
        )
    )


@step(partition_by=ALL)
def roles(records: Records, people: pl.DataFrame, deals: Entities, run: RunContext) -> pl.DataFrame:
    """Return the rows of `bridge_opportunity_person`; `people` is the bridge of live persons."""
    columns = ["record_key", "is_deleted", "source_updated_at"]
    converted = records.kinds["person"].filter(pl.col("converted_opportunity_key").is_not_null())
    with_person = records.kinds["opportunity"].filter(pl.col("person_key").is_not_null())
    return people_of_opportunities(
        records.kinds["association"].collect(),
        converted.select(*columns, "converted_opportunity_key").collect(engine="streaming"),
        with_person.select(*columns, "person_key").collect(),
        person_bridge=people,
        opportunity_bridge=deals.live,
        decision_maker_roles=run.definitions.decision_maker_roles,
    )


@step(partition_by=ALL)
def curated_opportunities(
    records: Records,
    entities: dict[str, Entities],
    deal_activities: pl.DataFrame,
    deal_roles: pl.DataFrame,
    owners: pl.DataFrame,
    stage_rows: pl.DataFrame,
    published: PublishedState,
    run: RunContext,
) -> pl.DataFrame:
    """Return one row per live opportunity, in the contract of `fct_opportunity` without the columns of the run."""
    definitions, as_of = run.definitions, run.as_of
    deals = entities["opportunity"]
    frame = deals.golden.with_columns(opportunity_id=pl.col("entity_id"))
    links = account_of(
        records.kinds["association"].collect(),
        "opportunity_account",
        owner_bridge=deals.bridge,
        account_bridge=entities["account"].live,
        gives="opportunity_id",
    ).rename({"account_id": "linked_account_id"})
    for key in ("account", "owner", "product"):
        frame = with_id(frame, entities[key].live, key=f"{key}_key", gives=f"{key}_id")
    frame = frame.join(links, on="opportunity_id", how="left", maintain_order="left").with_columns(
        account_id=pl.coalesce("account_id", "linked_account_id")
    )
    frame = with_stage(frame, stage_rows)
    frame = with_dates(frame, deal_changes(records, deals, run), definitions, as_of=as_of)
    frame = with_corporate_amount(frame, run.rates, definitions.reporting.currency)
    frame = with_contacts(frame, deal_roles)
    frame = with_last_activity(frame, deal_activities, definitions, as_of=as_of)
    frame = with_owner_state(with_loss_family(frame, definitions), owners)
    frame = frame.with_columns(claimed_class=_claim())
    require_columns(frame, FCT_OPPORTUNITY, Step.FIT)
    evaluated = with_criteria(frame.lazy(), definitions, "opportunity", as_of)
    require_columns(evaluated, FCT_OPPORTUNITY, Step.CRITERIA)
    classed = classify_opportunities(evaluated, definitions, as_of)
    require_columns(classed, FCT_OPPORTUNITY, Step.CLASS)
    return with_since(classed.collect(), published.classes["opportunity"], "opportunity", run)


def _claim() -> pl.Expr:
    """Compile the class that the source claims for a deal: won, lost or active."""
    return (
        pl.when("is_won")
        .then(pl.lit("closed_won"))
        .when("is_closed")
        .then(pl.lit("closed_lost"))
        .otherwise(pl.lit("active"))
    )


@step(partition_by=ROW, needs=("classes",))
def with_since(frame: pl.DataFrame, classes: pl.DataFrame, kind: Classified, run: RunContext) -> pl.DataFrame:
    """Add the day since which the record has its class: the published day while the class stays, else `run.as_of`.

    `classes` is `PublishedState.classes` of this kind.
    """
    column = CLASS_COLUMN[kind]
    after = frame.lazy().select(pl.col(f"{kind}_id").alias("record_id"), pl.col(column).alias("class"))
    since = class_since(classes.lazy(), after, run.as_of)
    named = since.rename({"record_id": f"{kind}_id", "class_since": f"{column}_since"}).collect()
    return frame.join(named, on=f"{kind}_id", how="left", maintain_order="left")
