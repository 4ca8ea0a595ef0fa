"""Stage: every column of the entity, once, in the order of the published table."""

from definitions.schema import shared
from definitions.schema.column import INTEGER, TEXT, Column, Source
from definitions.schema.entity import Entity

STAGE = Entity(
    name="stage",
    columns=(
        Column("stage_id", TEXT, "Stage: source:pipeline:stage.", required=True),
        shared.SOURCE_SYSTEM.but(origin=Source(required=True)),
        shared.PIPELINE_ID.but(origin=Source()),
        shared.SOURCE_STAGE.but(origin=Source(required=True), required=True),
        shared.STAGE_NAME.but(origin=Source()),
        Column("display_order", INTEGER, "Position of the stage in its pipeline.", Source()),
        shared.CANONICAL_STAGE.but(origin=Source()),
        shared.STAGE_ORDER,
        shared.STAGE_PHASE,
        shared.PROBABILITY.but(origin=Source()),
        shared.FORECAST_CATEGORY.but(origin=Source()),
        shared.IS_CLOSED.but(origin=Source(required=True), required=True),
        shared.IS_WON.but(origin=Source(required=True), required=True),
        shared.DELETED,
        *shared.provenance("source_updated_at", survives=None, without="source_system"),
    ),
)  # fmt: skip
