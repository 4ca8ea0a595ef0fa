"""Say what the table of this very history holds: it is Alembic's, and the only one without a contract of ours."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"

_MEANS = "Which schema this warehouse is at: one row. Key: version_num."
_VERSION = "Last migration that was applied; a Bantam that does not know it leaves the warehouse alone."


def upgrade() -> None:
    """Comment `ops.schema_version` and its column."""
    op.create_table_comment("schema_version", _MEANS, schema="ops")
    op.alter_column("schema_version", "version_num", existing_type=sa.String(32), comment=_VERSION, schema="ops")
