"""Product: every column of the entity, once, in the order of the published table."""

from definitions.schema import shared
from definitions.schema.column import MONEY, TEXT, Column, Source
from definitions.schema.entity import Entity

PRODUCT = Entity(
    name="product",
    columns=(
        shared.PRODUCT_ID.but(required=True),
        shared.NAME.but(origin=Source()),
        Column("product_family", TEXT, "Product line.", Source()),
        Column("list_price", MONEY, "Price before discount.", Source()),
        shared.DELETED,
        *shared.provenance("source_system source_id source_updated_at", survives=None),
    ),
)  # fmt: skip
