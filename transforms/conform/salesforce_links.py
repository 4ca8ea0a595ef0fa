"""Salesforce stages, contact roles and tasks to canonical stages, links and activities."""

from dataclasses import replace

import polars as pl

from definitions.schema.records import ACTIVITY, ASSOCIATION, STAGE
from transforms.conform.conformed import Conformed
from transforms.conform.meaning import Meaning
from transforms.conform.raw import decoded
from transforms.conform.salesforce import FORECAST_CATEGORIES, owner_key
from transforms.conform.typed import translated, typed

# Three leading characters of an id tell the object (Salesforce: standard field record id prefixes).
PREFIXES = {"00Q": "lead", "003": "contact", "001": "account", "006": "opportunity"}
ACTIVITY_TYPES = {"call": "call", "email": "email", "listemail": "list_email", "meeting": "meeting", "task": "task"}


def stages(state: pl.LazyFrame, meaning: Meaning) -> Conformed:
    """Opportunity stages to stages: one for all record types, one for each that the settings map a stage of apart."""
    names = ("ApiName", "MasterLabel", "DefaultProbability", "ForecastCategory", "IsClosed", "IsWon", "SortOrder")
    shape = pl.Struct(dict.fromkeys((*names, "CreatedDate", "SystemModstamp"), pl.String))
    label = pl.coalesce(pl.col("ApiName"), pl.col("MasterLabel"))
    percent = pl.col("DefaultProbability").cast(pl.Float64, strict=False)
    text = decoded(state, shape).with_columns(
        source_created_at=pl.col("CreatedDate"),
        source_updated_at=pl.col("SystemModstamp"),
        source_stage=label,
        stage_name=pl.col("MasterLabel"),
        display_order=pl.col("SortOrder"),
        canonical_stage=translated(label, meaning.stages),
        probability=(percent / 100).round(6).cast(pl.String),
        forecast_category=translated(pl.col("ForecastCategory"), FORECAST_CATEGORIES),
        is_closed=pl.col("IsClosed"),
        is_won=pl.col("IsWon"),
    )
    plain = typed(text, STAGE, meaning, object_name="stage", stream="opportunity_stage")
    apart = [_of_record_type(plain.records, key, meaning) for key in meaning.stages if "/" in key]
    return replace(plain, records=pl.concat([plain.records, *apart]))


def _of_record_type(stages: pl.DataFrame, key: str, meaning: Meaning) -> pl.DataFrame:
    """The stage that the settings name `record type/stage`; no row where that is a plain stage with a slash."""
    record_type, stage = key.split("/", 1)
    return stages.filter(pl.col("source_stage").str.to_lowercase() == stage.strip().lower()).with_columns(
        record_key=pl.concat_str("record_key", pl.lit(f"/{record_type}")),
        source_id=pl.concat_str("source_id", pl.lit(f"/{record_type}")),
        pipeline_id=pl.lit(record_type),
        canonical_stage=pl.lit(meaning.stages[key]),
    )


def contact_roles(state: pl.LazyFrame, meaning: Meaning) -> Conformed:
    """Opportunity contact roles to links between a deal and a person."""
    names = ("OpportunityId", "ContactId", "Role", "IsPrimary", "CreatedDate", "SystemModstamp")
    text = decoded(state, pl.Struct(dict.fromkeys(names, pl.String))).with_columns(
        source_created_at=pl.col("CreatedDate"),
        source_updated_at=pl.col("SystemModstamp"),
        association_type=pl.lit("opportunity_person"),
        from_key=pl.concat_str(pl.lit(f"{meaning.source}:opportunity:"), pl.col("OpportunityId")),
        to_key=pl.concat_str(pl.lit(f"{meaning.source}:contact:"), pl.col("ContactId")),
        role=pl.col("Role"),
        is_primary=pl.coalesce(pl.col("IsPrimary"), pl.lit("false")),
    )
    return typed(text, ASSOCIATION, meaning, object_name="contact_role", stream="opportunity_contact_role")


def tasks(state: pl.LazyFrame, meaning: Meaning) -> Conformed:
    """Tasks to activities. `WhoId` is a lead or a contact, `WhatId` an account or an opportunity.

    A task is the seller's unless its type is a configured inbound one: Salesforce keeps no direction on a task.
    """
    names = [
        "WhoId",
        "WhatId",
        "OwnerId",
        "Status",
        "TaskSubtype",
        "Type",
        "ActivityDate",
        "CompletedDateTime",
        "IsClosed",
        "CreatedDate",
        "SystemModstamp",
    ]
    kind = pl.coalesce(
        translated(pl.col("Type"), meaning.activity_types),
        translated(pl.col("TaskSubtype"), ACTIVITY_TYPES),
        pl.lit("task"),
    )
    is_inbound = translated(pl.col("Type"), meaning.activity_types).is_not_null()
    is_closed = pl.col("IsClosed").str.to_lowercase() == "true"
    text = decoded(state, pl.Struct(dict.fromkeys(names, pl.String))).with_columns(
        source_created_at=pl.col("CreatedDate"),
        source_updated_at=pl.col("SystemModstamp"),
        activity_type=kind,
        direction=pl.when(is_inbound).then(pl.lit("inbound")).otherwise(pl.lit("outbound")),
        is_completed=pl.col("IsClosed"),
        is_inferred=pl.lit("false"),
        occurred_at=pl.when(is_closed).then(pl.coalesce("CompletedDateTime", "ActivityDate", "CreatedDate")),
        due_at=pl.col("ActivityDate"),
        person_key=_pointed(meaning, "WhoId", ("00Q", "003")),
        account_key=_pointed(meaning, "WhatId", ("001",)),
        opportunity_key=_pointed(meaning, "WhatId", ("006",)),
        owner_key=owner_key(meaning),
    )
    return typed(text, ACTIVITY, meaning, object_name="task", stream="task")


def _pointed(meaning: Meaning, column: str, prefixes: tuple[str, ...]) -> pl.Expr:
    """Record key an id column points to, where the id's prefix is one of these; else null."""
    kinds = {prefix: PREFIXES[prefix] for prefix in prefixes}
    head = pl.col(column).str.slice(0, 3).replace_strict(kinds, default=None, return_dtype=pl.String)
    return pl.when(head.is_not_null()).then(
        pl.concat_str(pl.lit(f"{meaning.source}:"), head, pl.lit(":"), pl.col(column))
    )
