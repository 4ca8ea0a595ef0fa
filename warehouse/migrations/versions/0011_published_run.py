"""Tell readers which run they read, say what a row's run and version mean, and close `staging` to everybody else."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy import Column, PrimaryKeyConstraint

revision = "0011"
down_revision = "0010"

TEXT = sa.Text()
MOMENT = sa.DateTime(timezone=True)

_RUN = "Run that last wrote the row; the run that is published stands in curated.published_run."
_VERSION = (
    "Version of the definitions under which the row was last changed; the version of the published run stands in "
    "curated.published_run."
)
_CURATED = (
    "dim_date", "dim_owner", "dim_stage", "dim_product", "dim_account", "dim_person", "fct_opportunity", "fct_activity",
    "bridge_person_source", "bridge_account_source", "bridge_opportunity_source", "bridge_opportunity_person",
    "fct_classification_change", "fct_hygiene_issue", "fct_opportunity_daily_snapshot",
)  # fmt: skip
_OPS_WITH_RUN = (
    "run", "cursor", "quarantine", "audit_result", "conservation", "definitions_version", "notification", "announcement",
)  # fmt: skip
_OPS_WITH_VERSION = ("run", "definitions_version")


def upgrade() -> None:
    """Create `curated.published_run` with the run published last, comment columns anew, revoke rights on `staging`."""
    op.create_table(
        "published_run",
        Column("run_id", TEXT, nullable=False, comment=_RUN),
        Column("as_of", sa.Date(), nullable=False, comment="Date the run is true for, in the reporting time zone."),
        Column(
            "published_at",
            MOMENT,
            nullable=False,
            comment="When the run was published; its rows are visible since then.",
        ),
        Column("profile", TEXT, nullable=False, comment="Definitions profile."),
        Column("definitions_version", TEXT, nullable=False, comment=_VERSION),
        Column(
            "is_draft",
            sa.Boolean(),
            nullable=False,
            comment="The definitions were not approved by marketing and sales.",
        ),
        Column(
            "oldest_pulled_at",
            MOMENT,
            comment="When the stream that was pulled longest ago was last pulled; null if none ever was.",
        ),
        Column(
            "complete_to",
            MOMENT,
            comment="Moment up to which every stream is known: changes until then were pulled.",
        ),
        PrimaryKeyConstraint("run_id", name="pk_published_run"),
        schema="curated",
        comment="The run that is published, and how fresh it is: one row, none before the first run. Key: run_id.",
    )
    # Another account may have migrated before, whose default privileges are not ours.
    op.execute("GRANT SELECT ON curated.published_run TO bantam_reader")
    _show_the_last_run()
    for schema, column, tables, means in (
        ("curated", "run_id", _CURATED, _RUN),
        ("curated", "definitions_version", _CURATED, _VERSION),
        ("ops", "run_id", _OPS_WITH_RUN, _RUN),
        ("ops", "definitions_version", _OPS_WITH_VERSION, _VERSION),
    ):
        for table in tables:
            op.alter_column(table, column, existing_type=TEXT, comment=means, schema=schema)
    for objects in ("SCHEMA staging", "ALL TABLES IN SCHEMA staging"):
        op.execute(f"REVOKE ALL ON {objects} FROM PUBLIC, bantam_reader")
    op.execute("ALTER DEFAULT PRIVILEGES IN SCHEMA staging REVOKE ALL ON TABLES FROM PUBLIC, bantam_reader")


def _show_the_last_run() -> None:
    """Fill the table from the books, where runs were published before there was one."""
    op.execute(
        """
        INSERT INTO curated.published_run
        SELECT run_id, as_of, finished_at, coalesce(report -> 'definitions' ->> 'profile', 'unknown'),
            definitions_version, is_draft, (SELECT min(pulled_at) FROM ops.cursor),
            (SELECT min(high_water_at) FROM ops.cursor)
        FROM ops.run ORDER BY run_id COLLATE "C" DESC LIMIT 1
        """
    )
