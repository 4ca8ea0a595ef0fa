"""Owner: every column of the entity, once, in the order of the published table."""

from definitions.schema import shared
from definitions.schema.column import BOOLEAN, CRM_FIRST, LATEST, PERSONAL, TEXT, Column, Computed, Source, Step
from definitions.schema.entity import Entity

OWNER = Entity(
    name="owner",
    columns=(
        shared.OWNER_ID.but(required=True),
        Column("owner_name", TEXT, "Name of the salesperson.", Source(LATEST), sensitivity=PERSONAL),
        Column("owner_email", TEXT, "Address hygiene alerts go to.", Source(LATEST), sensitivity=PERSONAL),
        Column("is_active", BOOLEAN, "The owner may still log in.", Source(CRM_FIRST, required=True), required=True),
        Column("is_queue", BOOLEAN, "A queue, not a person.", Source(CRM_FIRST, required=True), required=True),
        Column("team", TEXT, "Team or region of the owner.", Source(CRM_FIRST)),
        Column("manager_key", TEXT, "Source record of the owner's manager.", Source(CRM_FIRST), published=False),
        Column("manager_id", TEXT, "Owner this owner reports to.", refers_to="dim_owner.owner_id"),
        shared.DELETED,
        shared.RECORD_COUNT.but(origin=Computed(Step.GOLDEN), required=True),
        shared.SAME_AS_KEYS.but(origin=Source(), published=False),
        *shared.provenance("source_system source_id source_url source_updated_at"),
    ),
)  # fmt: skip
