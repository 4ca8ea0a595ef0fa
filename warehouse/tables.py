"""SQLAlchemy tables of the contracts: types, keys, comments, indexes.

Schema `curated` is for BI, `ops` for the pipeline's run log; `staging` holds the next state until it is published.
"""

import sqlalchemy as sa

from definitions.schema.tables import CURATED, OPS, PUBLISHED_RUN, Table
from warehouse.columns import column_comment, postgresql_type, staging_type, table_comment

# Columns that identify the run that wrote a row. Staging adds them; frames need not have them.
STAMPED = ("run_id", "definitions_version", "loaded_at")

_NAMES = {"pk": "pk_%(table_name)s", "ix": "ix_%(table_name)s_%(column_0_N_name)s"}
METADATA = sa.MetaData(naming_convention=_NAMES)


def published_table(table: Table, metadata: sa.MetaData | None = None) -> sa.Table:
    """Build the table of a contract with its key, NOT NULL, comments and indexes."""
    return sa.Table(
        table.name,
        sa.MetaData(naming_convention=_NAMES) if metadata is None else metadata,
        *(
            sa.Column(
                field.name,
                postgresql_type(field),
                nullable=field.name not in table.required,
                comment=column_comment(table, field),
            )
            for field in table.columns
        ),
        sa.PrimaryKeyConstraint(*table.key),
        # Columns that BI joins on most and `bantam explain` looks up. Each costs about a tenth of a first load.
        *(sa.Index(None, column.name) for column in table.columns if column.indexed),
        schema=table.schema,
        comment=table_comment(table),
    )


def staged_table(table: Table) -> sa.Table:
    """Build the unlogged copy of a contract's table in `staging`: without constraints, since the audit comes first."""
    return sa.Table(
        table.name,
        sa.MetaData(),
        *(sa.Column(field.name, staging_type(field)) for field in table.columns),
        schema="staging",
        prefixes=["UNLOGGED"],
    )


TABLES: dict[str, sa.Table] = {
    table.name: published_table(table, METADATA) for table in (*CURATED, PUBLISHED_RUN, *OPS)
}
