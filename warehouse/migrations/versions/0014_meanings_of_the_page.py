"""Say what some columns mean as the page to sign says it, so that page, comments and code agree."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"

_CLOSED = "The stage table says the deal is closed; of a stage it does not know, the deal itself."
_WON = "The stage table says the deal is won; of a stage it does not know, the deal itself."
_MISSING = "Criteria the stage requires that are not met or unknown"
_MEANS = {
    ("dim_person", "has_identity"): "Has a valid e-mail, a phone number that can be read, or a name with a company.",
    ("dim_person", "has_discovery"): "A meeting or call with the person took place; an inbound call only asks for one.",
    **{(table, "is_closed"): _CLOSED for table in ("dim_stage", "fct_opportunity", "fct_opportunity_daily_snapshot")},
    **{(table, "is_won"): _WON for table in ("dim_stage", "fct_opportunity", "fct_opportunity_daily_snapshot")},
}
_COUNTED = ("fct_opportunity", "fct_opportunity_daily_snapshot")


def upgrade() -> None:
    """Comment the columns anew."""
    for (table, column), means in _MEANS.items():
        op.alter_column(table, column, existing_type=sa.Boolean(), comment=means, schema="curated")
    for table in _COUNTED:
        means = f"{_MISSING}. At least 0."
        op.alter_column(table, "missing_criteria_count", existing_type=sa.Integer(), comment=means, schema="curated")
    op.alter_column(
        "fct_opportunity",
        "missing_criteria",
        existing_type=sa.Text(),
        comment=f"{_MISSING}, comma separated; empty if none.",
        schema="curated",
    )
    op.alter_column(
        "definitions_version",
        "text_sha256",
        existing_type=sa.Text(),
        comment="Fingerprint of what is agreed, signatures left out; the same version with another one is refused.",
        schema="ops",
    )
