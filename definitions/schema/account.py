"""Account: every column of the entity, once, in the order of the published table."""

from definitions.schema import shared
from definitions.schema.column import (
    COUNT,
    CRM_FIRST,
    HIGHEST,
    LATEST,
    MONEY,
    TEXT,
    Column,
    Computed,
    Normalised,
    Source,
    Step,
    Survival,
)
from definitions.schema.entity import Entity

_NAME = Survival(LATEST, "name", wanted=("name", "name_normalised"))

ACCOUNT = Entity(
    name="account",
    columns=(
        shared.ACCOUNT_ID.but(origin=Computed(Step.GOLDEN), required=True),
        shared.NAME.but(origin=Source(_NAME)),
        Column("name_normalised", TEXT, "Name as it is matched on: no legal form, no punctuation, lower case.",
            Normalised(_NAME)),
        shared.DOMAIN.but(origin=Source(LATEST)),
        Column("industry", TEXT, "Industry as the source says.", Source(LATEST)),
        Column("employees", COUNT, "Number of employees.", Source(LATEST), low=0),
        Column("annual_revenue", MONEY, "Revenue in a year, in the source's currency.", Source(LATEST)),
        shared.PHONE.but(origin=Source(shared.PHONE_SURVIVAL), published=False),
        Column("parent_key", TEXT, "Source record of the parent account.", Source(CRM_FIRST), published=False),
        shared.OWNER_KEY.but(origin=Source(CRM_FIRST), published=False),
        shared.SOURCE_COUNTRY.but(origin=Source(shared.COUNTRY_SURVIVAL), published=False),
        shared.COUNTRY.but(origin=Normalised(shared.COUNTRY_SURVIVAL)),
        shared.PHONE_E164.but(origin=Normalised(shared.PHONE_SURVIVAL)),
        Column("parent_account_id", TEXT, "Account that owns this account.", refers_to="dim_account.account_id"),
        shared.OWNER_ID.but(refers_to="dim_owner.owner_id"),
        shared.OWNER_STATE,
        shared.CLAIMS_CUSTOMER.but(origin=Source(HIGHEST)),
        shared.HAS_OPEN_OPPORTUNITY,
        shared.HAS_WON_OPPORTUNITY,
        shared.DELETED,
        shared.CUSTOM,
        *shared.GOLDEN_COUNTS,
        *shared.IDENTITY_LINKS,
        *shared.provenance("source_system source_id source_url source_updated_at"),
    ),
)  # fmt: skip
