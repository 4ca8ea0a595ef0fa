"""Canonical records: one schema for each kind of record, which the mapping of every source must produce."""

from definitions.schema.account import ACCOUNT as _ACCOUNT
from definitions.schema.activity import ACTIVITY as _ACTIVITY
from definitions.schema.association import ASSOCIATION as _ASSOCIATION
from definitions.schema.entity import RecordKind as RecordKind  # noqa: PLC0414  # found here by all who read records
from definitions.schema.opportunity import OPPORTUNITY as _OPPORTUNITY
from definitions.schema.owner import OWNER as _OWNER
from definitions.schema.person import PERSON as _PERSON
from definitions.schema.product import PRODUCT as _PRODUCT
from definitions.schema.stage import STAGE as _STAGE

ENTITIES = {
    entity.name: entity
    for entity in (_PERSON, _ACCOUNT, _OPPORTUNITY, _ACTIVITY, _OWNER, _ASSOCIATION, _STAGE, _PRODUCT)
}
PERSON, ACCOUNT, OPPORTUNITY = _PERSON.record, _ACCOUNT.record, _OPPORTUNITY.record
ACTIVITY, OWNER, ASSOCIATION = _ACTIVITY.record, _OWNER.record, _ASSOCIATION.record
STAGE, PRODUCT = _STAGE.record, _PRODUCT.record

RECORD_KINDS: dict[str, RecordKind] = {name: entity.record for name, entity in ENTITIES.items()}
