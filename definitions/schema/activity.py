"""Activity: every column of the entity, once, in the order of the published table."""

from definitions.schema import shared
from definitions.schema import vocabulary as words
from definitions.schema.column import BOOLEAN, MOMENT, TEXT, Column, Source
from definitions.schema.entity import Entity

ACTIVITY = Entity(
    name="activity",
    columns=(
        Column("activity_id", TEXT, "Activity: its source record key.", required=True),
        Column("activity_type", TEXT, "Kind of activity in shared words: call, meeting, demo_request and so on.",
            Source(required=True), required=True),
        shared.ENGAGEMENT_LEVEL.but(required=True),
        Column("direction", TEXT, "Who moved: the buyer (inbound) or us (outbound).", Source(),
            vocabulary=words.DIRECTION),
        Column("is_completed", BOOLEAN, "The activity took place.", Source()),
        Column("is_human", BOOLEAN, "Done by a person, not by an integration user named in the settings.",
            required=True),
        Column("is_inferred", BOOLEAN, "Read from a date on another record, not from an activity of its own.",
            Source(required=True), required=True),
        Column("occurred_at", MOMENT, "When the activity took place.", Source()),
        Column("due_at", MOMENT, "When the activity is due.", Source()),
        shared.PERSON_KEY.but(origin=Source(), published=False),
        shared.ACCOUNT_KEY.but(origin=Source(), published=False),
        Column("opportunity_key", TEXT, "Source record of the opportunity.", Source(), published=False),
        shared.OWNER_KEY.but(origin=Source(), published=False),
        shared.PERSON_ID.but(refers_to="dim_person.person_id", indexed=True),
        shared.ACCOUNT_ID.but(refers_to="dim_account.account_id"),
        shared.OPPORTUNITY_ID.but(refers_to="fct_opportunity.opportunity_id", indexed=True),
        shared.OWNER_ID.but(refers_to="dim_owner.owner_id"),
        shared.IS_DELETED.but(origin=Source(required=True), published=False),
        *shared.provenance("source_system source_object source_id source_updated_at", survives=None),
    ),
)  # fmt: skip
