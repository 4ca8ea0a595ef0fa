"""Contract of the table by which readers know the published run; no run computes it, the publish transaction writes it.

A table and not a view over `ops.run`: its freshness counts the streams of this run, while `ops.cursor` keeps those that
are configured no more; and it is documented, granted and read like the tables beside it.
"""

from definitions.schema.fields import fields
from definitions.schema.tables import Table

PUBLISHED_RUN = Table(
    schema="curated",
    name="published_run",
    grain="The run that is published, and how fresh it is: one row, none before the first run.",
    columns=fields("run_id as_of published_at profile definitions_version is_draft oldest_pulled_at complete_to"),
    key=("run_id",),
    required=frozenset({"run_id", "as_of", "published_at", "profile", "definitions_version", "is_draft"}),
)
