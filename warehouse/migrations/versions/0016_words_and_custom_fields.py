"""Publish words as rows, and fields of a customer's own."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    """Change the schema to what `definitions/schema` declares."""
    op.create_table(
        "dim_word",
        sa.Column(
            "vocabulary",
            sa.Text(),
            nullable=False,
            comment="Vocabulary the word belongs to; the comment of a column names the one it takes.",
        ),
        sa.Column("word", sa.Text(), nullable=False, comment="The word, as columns hold it."),
        sa.Column(
            "meaning",
            sa.Text(),
            nullable=False,
            comment="What the word means; of classes, as the signed definitions say.",
        ),
        sa.Column(
            "word_rank", sa.Integer(), nullable=False, comment="Position in the vocabulary, 1 first. At least 1."
        ),
        sa.Column(
            "run_id",
            sa.Text(),
            nullable=False,
            comment="Run that last wrote the row; the run that is published stands in curated.published_run.",
        ),
        sa.Column(
            "definitions_version",
            sa.Text(),
            nullable=False,
            comment="Version of the definitions under which the row was last changed; the version of the published run stands in curated.published_run.",
        ),
        sa.Column(
            "loaded_at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="When the run that last wrote the row began.",
        ),
        sa.Column(
            "record_hash",
            sa.BigInteger(),
            nullable=False,
            comment="64-bit hash of the row's content; a row is rewritten only when it differs.",
        ),
        sa.PrimaryKeyConstraint("vocabulary", "word", name=op.f("pk_dim_word")),
        schema="curated",
        comment="One word of one vocabulary. Key: vocabulary, word.",
    )
    op.add_column(
        "dim_account",
        sa.Column(
            "custom",
            postgresql.JSONB(),
            nullable=True,
            comment="Fields of your own (`fields` in bantam.yaml), by name; as typed columns in the view curated.<table>_custom.",
        ),
        schema="curated",
    )
    op.execute(
        "COMMENT ON COLUMN curated.dim_account.owner_state IS 'State of the owner of the record. Words: curated.dim_word, vocabulary owner_state.'"
    )
    op.add_column(
        "dim_person",
        sa.Column(
            "custom",
            postgresql.JSONB(),
            nullable=True,
            comment="Fields of your own (`fields` in bantam.yaml), by name; as typed columns in the view curated.<table>_custom.",
        ),
        schema="curated",
    )
    op.execute(
        "COMMENT ON COLUMN curated.dim_person.email_domain_type IS 'What the domain is. Words: curated.dim_word, vocabulary email_domain_type.'"
    )
    op.execute(
        "COMMENT ON COLUMN curated.dim_person.owner_state IS 'State of the owner of the record. Words: curated.dim_word, vocabulary owner_state.'"
    )
    op.execute(
        "COMMENT ON COLUMN curated.dim_person.lead_status IS 'Status in shared words; null where the source has none. Words: curated.dim_word, vocabulary lead_status.'"
    )
    op.execute(
        "COMMENT ON COLUMN curated.dim_person.reachability IS 'Whether there is a way to reach the person. Words: curated.dim_word, vocabulary reachability.'"
    )
    op.execute(
        "COMMENT ON COLUMN curated.dim_person.budget_status IS 'How far the budget is known (ladder). Words: curated.dim_word, vocabulary budget_status.'"
    )
    op.execute(
        "COMMENT ON COLUMN curated.dim_person.authority_status IS 'How near the decision-maker is (ladder). Words: curated.dim_word, vocabulary authority_status.'"
    )
    op.execute(
        "COMMENT ON COLUMN curated.dim_person.need_status IS 'Whether the need is acknowledged (ladder). Words: curated.dim_word, vocabulary need_status.'"
    )
    op.execute(
        "COMMENT ON COLUMN curated.dim_person.timeline_status IS 'How firm the purchase date is (ladder). Words: curated.dim_word, vocabulary timeline_status.'"
    )
    op.execute(
        "COMMENT ON COLUMN curated.dim_person.icp_fit IS 'Fit with the ideal customer profile of the definitions. Words: curated.dim_word, vocabulary icp_fit.'"
    )
    op.execute(
        "COMMENT ON COLUMN curated.dim_person.engagement_level IS 'Interest the activity or person shows. Words: curated.dim_word, vocabulary engagement_level.'"
    )
    op.execute(
        "COMMENT ON COLUMN curated.dim_person.lifecycle_class IS 'Where the person stands under the definitions. Words: curated.dim_word, vocabulary person_class.'"
    )
    op.execute(
        "COMMENT ON COLUMN curated.dim_stage.canonical_stage IS 'Stage in shared words. Words: curated.dim_word, vocabulary canonical_stage.'"
    )
    op.execute(
        "COMMENT ON COLUMN curated.dim_stage.stage_phase IS 'Part of the funnel the stage belongs to. Words: curated.dim_word, vocabulary stage_phase.'"
    )
    op.execute(
        "COMMENT ON COLUMN curated.dim_stage.forecast_category IS 'Forecast category in shared words. Words: curated.dim_word, vocabulary forecast_category.'"
    )
    op.execute(
        "COMMENT ON COLUMN curated.fct_activity.engagement_level IS 'Interest the activity or person shows. Words: curated.dim_word, vocabulary engagement_level.'"
    )
    op.execute(
        "COMMENT ON COLUMN curated.fct_activity.direction IS 'Who moved: the buyer (inbound) or us (outbound). Words: curated.dim_word, vocabulary direction.'"
    )
    op.execute(
        "COMMENT ON COLUMN curated.fct_classification_change.record_kind IS 'Kind of entity. Words: curated.dim_word, vocabulary record_kind.'"
    )
    op.execute(
        "COMMENT ON COLUMN curated.fct_classification_change.from_kind IS 'What the class before was. Words: curated.dim_word, vocabulary from_kind.'"
    )
    op.execute(
        "COMMENT ON COLUMN curated.fct_hygiene_issue.severity IS 'How bad it is. Words: curated.dim_word, vocabulary severity.'"
    )
    op.execute(
        "COMMENT ON COLUMN curated.fct_hygiene_issue.record_kind IS 'Kind of entity. Words: curated.dim_word, vocabulary record_kind.'"
    )
    op.execute(
        "COMMENT ON COLUMN curated.fct_hygiene_issue.state IS 'Where the issue is in its life. Words: curated.dim_word, vocabulary issue_state.'"
    )
    op.add_column(
        "fct_opportunity",
        sa.Column(
            "custom",
            postgresql.JSONB(),
            nullable=True,
            comment="Fields of your own (`fields` in bantam.yaml), by name; as typed columns in the view curated.<table>_custom.",
        ),
        schema="curated",
    )
    op.execute(
        "COMMENT ON COLUMN curated.fct_opportunity.owner_state IS 'State of the owner of the record. Words: curated.dim_word, vocabulary owner_state.'"
    )
    op.execute(
        "COMMENT ON COLUMN curated.fct_opportunity.canonical_stage IS 'Stage in shared words. Words: curated.dim_word, vocabulary canonical_stage.'"
    )
    op.execute(
        "COMMENT ON COLUMN curated.fct_opportunity.stage_phase IS 'Part of the funnel the stage belongs to. Words: curated.dim_word, vocabulary stage_phase.'"
    )
    op.execute(
        "COMMENT ON COLUMN curated.fct_opportunity.forecast_category IS 'Forecast category in shared words. Words: curated.dim_word, vocabulary forecast_category.'"
    )
    op.execute(
        "COMMENT ON COLUMN curated.fct_opportunity.loss_family IS 'Loss reason in shared words. Words: curated.dim_word, vocabulary loss_family.'"
    )
    op.execute(
        "COMMENT ON COLUMN curated.fct_opportunity.budget_status IS 'How far the budget is known (ladder). Words: curated.dim_word, vocabulary budget_status.'"
    )
    op.execute(
        "COMMENT ON COLUMN curated.fct_opportunity.authority_status IS 'How near the decision-maker is (ladder). Words: curated.dim_word, vocabulary authority_status.'"
    )
    op.execute(
        "COMMENT ON COLUMN curated.fct_opportunity.need_status IS 'Whether the need is acknowledged (ladder). Words: curated.dim_word, vocabulary need_status.'"
    )
    op.execute(
        "COMMENT ON COLUMN curated.fct_opportunity.timeline_status IS 'How firm the purchase date is (ladder). Words: curated.dim_word, vocabulary timeline_status.'"
    )
    op.execute(
        "COMMENT ON COLUMN curated.fct_opportunity.pipeline_class IS 'Where the deal stands under the definitions. Words: curated.dim_word, vocabulary opportunity_class.'"
    )
    op.execute(
        "COMMENT ON COLUMN curated.fct_opportunity_daily_snapshot.canonical_stage IS 'Stage in shared words. Words: curated.dim_word, vocabulary canonical_stage.'"
    )
    op.execute(
        "COMMENT ON COLUMN curated.fct_opportunity_daily_snapshot.forecast_category IS 'Forecast category in shared words. Words: curated.dim_word, vocabulary forecast_category.'"
    )
    op.execute(
        "COMMENT ON COLUMN curated.fct_opportunity_daily_snapshot.pipeline_class IS 'Where the deal stands under the definitions. Words: curated.dim_word, vocabulary opportunity_class.'"
    )
    op.execute(
        "COMMENT ON COLUMN ops.announcement.announcement IS 'What RevOps is told. Words: curated.dim_word, vocabulary announcement.'"
    )
    op.execute(
        "COMMENT ON COLUMN ops.announcement.delivery_status IS 'Where the delivery stands: pending was not taken, in_flight is being sent, unconfirmed had no answer in time. Words: curated.dim_word, vocabulary delivery_status.'"
    )
    op.execute(
        "COMMENT ON COLUMN ops.definitions_version.status IS 'draft or approved. Words: curated.dim_word, vocabulary agreement_status.'"
    )
    op.execute(
        "COMMENT ON COLUMN ops.notification.delivery_status IS 'Where the delivery stands: pending was not taken, in_flight is being sent, unconfirmed had no answer in time. Words: curated.dim_word, vocabulary delivery_status.'"
    )
    op.execute(
        "COMMENT ON COLUMN ops.quarantine.reason_code IS 'Why the record was set aside. Words: curated.dim_word, vocabulary quarantine_reason.'"
    )
    op.execute(
        "COMMENT ON COLUMN ops.quarantine.expected IS 'What a value of the field has to be; null where that is not what is wrong. Words: curated.dim_word, vocabulary expected_value.'"
    )
    op.execute(
        "COMMENT ON COLUMN ops.run.run_status IS 'How the run ended. Words: curated.dim_word, vocabulary run_status.'"
    )
    op.execute("GRANT SELECT ON curated.dim_word TO bantam_reader")
