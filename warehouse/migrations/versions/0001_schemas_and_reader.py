"""Schemas, and the role that may read the curated one: not ops, not staging."""

from alembic import op

revision = "0001"
down_revision = None

_SCHEMAS = {
    "curated": "Tables for BI: every table and column says what it holds; rows change in one transaction a run.",
    "ops": "The pipeline's own books: runs, cursors, quarantine, audits.",
    "staging": "The next state while it is audited; made and dropped by every run.",
}
# A role belongs to the whole server: another database may have made it, even at this moment.
_READER = """
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'bantam_reader') THEN
        CREATE ROLE bantam_reader NOLOGIN;
    END IF;
EXCEPTION WHEN duplicate_object OR unique_violation THEN
    RAISE DEBUG 'bantam_reader was made meanwhile';
END
$$
"""


def upgrade() -> None:
    """Make the schemas and let the reader into `curated`, tables to come included."""
    op.execute(_READER)
    for name, comment in _SCHEMAS.items():
        op.execute(f"CREATE SCHEMA IF NOT EXISTS {name}")
        op.execute(f"COMMENT ON SCHEMA {name} IS '{comment.replace(chr(39), chr(39) * 2)}'")
        op.execute(f"REVOKE ALL ON SCHEMA {name} FROM PUBLIC")
    op.execute("GRANT USAGE ON SCHEMA curated TO bantam_reader")
    op.execute("ALTER DEFAULT PRIVILEGES IN SCHEMA curated GRANT SELECT ON TABLES TO bantam_reader")
