"""Association: every column of the entity, once, in the order of the published table."""

from definitions.schema import shared
from definitions.schema import vocabulary as words
from definitions.schema.column import TEXT, Column, Source
from definitions.schema.entity import Entity

ASSOCIATION = Entity(
    name="association",
    columns=(
        shared.IS_DELETED.but(origin=Source(required=True), published=False),
        Column("association_type", TEXT, "What is linked.", Source(required=True), vocabulary=words.ASSOCIATION_TYPE,
            published=False),
        Column("from_key", TEXT, "Source record an association starts from.", Source(required=True), published=False),
        Column("to_key", TEXT, "Source record an association points to.", Source(required=True), published=False),
        shared.ROLE.but(origin=Source(), published=False),
        shared.IS_PRIMARY.but(origin=Source(required=True), published=False),
        *shared.provenance("", survives=None),
    ),
)  # fmt: skip
