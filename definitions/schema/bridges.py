"""Bridges: links between published rows and source records, and between people and opportunities."""

from definitions.schema import shared
from definitions.schema.column import BOOLEAN, REAL, TEXT, Column


def _sources_of(entity_id: Column, table: str) -> tuple[Column, ...]:
    """Columns of the bridge from source records to one entity."""
    return (
        shared.RECORD_KEY,
        shared.SOURCE_SYSTEM.but(required=True),
        shared.SOURCE_OBJECT.but(required=True),
        shared.SOURCE_ID.but(required=True),
        entity_id.but(required=True, refers_to=f"{table}.{entity_id.name}", indexed=True),
        Column("match_rule", TEXT, "Rule that tied the record to the entity.", required=True),
        Column("match_confidence", REAL, "1 for exact keys.", low=0, high=1),
        Column("is_survivor", BOOLEAN, "The record gave the entity its id.", required=True),
        shared.IS_DELETED.but(required=True),
        shared.SOURCE_URL,
        shared.SOURCE_UPDATED_AT,
    )


PERSON_SOURCE = _sources_of(shared.PERSON_ID, "dim_person")
ACCOUNT_SOURCE = _sources_of(shared.ACCOUNT_ID, "dim_account")
OPPORTUNITY_SOURCE = _sources_of(shared.OPPORTUNITY_ID, "fct_opportunity")
OPPORTUNITY_PERSON = (
    shared.OPPORTUNITY_ID.but(refers_to="fct_opportunity.opportunity_id"),
    shared.PERSON_ID.but(refers_to="dim_person.person_id", indexed=True),
    shared.ROLE,
    shared.IS_PRIMARY.but(required=True),
    Column(
        "is_decision_maker", BOOLEAN, "The role is one of those the definitions count as decision-maker.", required=True
    ),
    shared.SOURCE_UPDATED_AT,
)
