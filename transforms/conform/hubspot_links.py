"""HubSpot pipelines to stages, and associations to links between records."""

import polars as pl

from definitions.schema.records import ASSOCIATION, STAGE
from transforms.conform.conformed import Conformed
from transforms.conform.meaning import Meaning
from transforms.conform.raw import decoded
from transforms.conform.typed import translated, typed

_STAGE = pl.Struct(
    {
        "id": pl.String,
        "label": pl.String,
        "displayOrder": pl.String,
        "archived": pl.String,
        "createdAt": pl.String,
        "updatedAt": pl.String,
        "metadata": pl.Struct({"isClosed": pl.String, "probability": pl.String}),
    }
)
_LINK = pl.Struct({"toObjectId": pl.String, "associationTypes": pl.List(pl.Struct({"label": pl.String}))})
_KINDS = {
    "deals_contacts": ("opportunity_person", "deal", "contact"),
    "deals_companies": ("opportunity_account", "deal", "company"),
    "contacts_companies": ("person_account", "contact", "company"),
}


def pipelines(state: pl.LazyFrame, meaning: Meaning) -> Conformed:
    """Stages of every deal pipeline (grain: one stage). HubSpot calls a closed stage won where its probability is 1."""
    shape = pl.Struct({"stages": pl.List(_STAGE)})
    text = (
        decoded(state, shape)
        .rename({"source_id": "pipeline_id", "is_deleted": "is_pipeline_deleted"})
        .explode("stages")
        .unnest("stages")
        .filter(pl.col("id").is_not_null())
        .unnest("metadata")
    )
    scoped = pl.concat_str(pl.col("pipeline_id"), pl.lit("/"), pl.col("id"))
    is_closed = (pl.col("isClosed").str.to_lowercase() == "true").fill_null(value=False)
    is_won = is_closed & (pl.col("probability").cast(pl.Float64, strict=False) == 1)
    text = text.with_columns(
        source_id=scoped,
        is_deleted=pl.col("is_pipeline_deleted") | (pl.col("archived") == "true").fill_null(value=False),
        source_stage=pl.col("id"),
        stage_name=pl.col("label"),
        display_order=pl.col("displayOrder"),
        canonical_stage=pl.coalesce(translated(scoped, meaning.stages), translated(pl.col("id"), meaning.stages)),
        is_closed=is_closed,
        is_won=is_won.fill_null(value=False),
        source_created_at=pl.col("createdAt"),
        source_updated_at=pl.col("updatedAt"),
    )
    return typed(text, STAGE, meaning, object_name="stage", stream="pipelines")


def associations(state: pl.LazyFrame, meaning: Meaning, *, stream: str) -> Conformed:
    """Links of one pair of objects (grain: one link). An answer lists all links of a record, so the latest one stands.

    A label that holds "primary" marks the primary link; any other label is the role.
    """
    kind, from_object, to_object = _KINDS[stream]
    shape = pl.Struct({"to": pl.List(_LINK)})
    labels = pl.col("associationTypes").list.eval(pl.element().struct.field("label")).list.drop_nulls()
    is_primary = labels.list.eval(pl.element().str.to_lowercase().str.contains("primary", literal=True)).list.any()
    roles = labels.list.eval(
        pl.element().filter(~pl.element().str.to_lowercase().str.contains("primary", literal=True))
    )
    text = (
        decoded(state, shape)
        .rename({"source_id": "from_id"})
        .explode("to")
        .unnest("to")
        .filter(pl.col("toObjectId").is_not_null())
        .with_columns(
            source_id=pl.concat_str(pl.col("from_id"), pl.lit("/"), pl.col("toObjectId")),
            association_type=pl.lit(kind),
            from_key=pl.concat_str(pl.lit(f"{meaning.source}:{from_object}:"), pl.col("from_id")),
            to_key=pl.concat_str(pl.lit(f"{meaning.source}:{to_object}:"), pl.col("toObjectId")),
            role=roles.list.first(),
            is_primary=is_primary.fill_null(value=False),
        )
    )
    return typed(text, ASSOCIATION, meaning, object_name=f"{from_object}_{to_object}", stream=stream)
