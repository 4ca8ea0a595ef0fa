"""Say more exactly what some columns mean."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"

_QUIET = (
    "Latest day of any completed activity; of a deal without any, the day it was created, where its source tells of "
    "activities."
)
_MEANS = {
    ("dim_person", "mql_first_on"): "First day the lead was an MQL, as its sources say; null where none does.",
    ("dim_person", "mql_latest_on"): "Latest day the lead became an MQL, as its sources say; null where none does.",
    ("dim_person", "last_activity_on"): _QUIET,
    ("fct_opportunity", "last_activity_on"): _QUIET,
}
_BOOKS = (
    (
        "cursor",
        "high_water_at",
        sa.DateTime(),
        "Moment up to which the stream is known: changes until then were pulled.",
    ),
    (
        "definitions_version",
        "text_sha256",
        sa.Text(),
        "SHA-256 of what is agreed, signatures left out; the same version with another one is refused.",
    ),
    ("conservation", "excluded", sa.BigInteger(), "Links one of whose ends no source has shown. At least 0."),
)
_LOSS_FAMILY = (
    "Loss reason in shared words. One of: competitor, no_decision, budget, timing, product, price, relationship, "
    "stale_auto, unqualified, duplicate, other, unknown."
)


def upgrade() -> None:
    """Comment the columns anew."""
    for (table, column), means in _MEANS.items():
        op.alter_column(table, column, existing_type=sa.Date(), comment=means, schema="curated")
    for table, column, kind, means in _BOOKS:
        op.alter_column(table, column, existing_type=kind, comment=means, schema="ops")
    op.alter_column("fct_opportunity", "loss_family", existing_type=sa.Text(), comment=_LOSS_FAMILY, schema="curated")
