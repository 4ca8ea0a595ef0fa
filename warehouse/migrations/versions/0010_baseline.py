"""The schema that the first ten migrations had made, as one file: where the others begin."""

from pathlib import Path

from alembic import op

from warehouse.limits import driver_of

revision = "0010"
down_revision = None

_TABLES = Path(__file__).parents[1] / "baseline.sql"
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
    """Create schemas, the reader's role and rights, and every table."""
    op.execute(_READER)
    for name, comment in _SCHEMAS.items():
        op.execute(f"CREATE SCHEMA IF NOT EXISTS {name}")
        op.execute(f"COMMENT ON SCHEMA {name} IS '{comment.replace(chr(39), chr(39) * 2)}'")
        op.execute(f"REVOKE ALL ON SCHEMA {name} FROM PUBLIC")
    op.execute("GRANT USAGE ON SCHEMA curated TO bantam_reader")
    op.execute("ALTER DEFAULT PRIVILEGES IN SCHEMA curated GRANT SELECT ON TABLES TO bantam_reader")
    op.execute("REVOKE ALL ON SCHEMA staging FROM PUBLIC, bantam_reader")
    op.execute("ALTER DEFAULT PRIVILEGES IN SCHEMA staging REVOKE ALL ON TABLES FROM PUBLIC, bantam_reader")
    # By the driver itself: the text of a comment may hold what SQLAlchemy takes for a parameter.
    driver_of(op.get_bind()).execute(_TABLES.read_text(encoding="utf-8"))
    op.execute("COMMENT ON TABLE ops.schema_version IS 'Which schema this warehouse is at: one row. Key: version_num.'")
    op.execute(
        "COMMENT ON COLUMN ops.schema_version.version_num IS "
        "'Last migration that was applied; a Bantam that does not know it leaves the warehouse alone.'"
    )
