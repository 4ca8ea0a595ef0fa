"""Deal totals from the source records, computed independently of the tables, so that the two can be compared."""

from collections.abc import Mapping

import polars as pl

from transforms.facets.opportunity import with_stage
from transforms.pipeline.records import Entities
from transforms.step import ALL, step

_STATE = pl.when("is_won").then(pl.lit("won")).when("is_closed").then(pl.lit("lost")).otherwise(pl.lit("open"))


@step(partition_by=ALL)
def source_totals(
    records: pl.DataFrame, deals: Entities, stage_rows: pl.DataFrame, roles: Mapping[str, str]
) -> pl.DataFrame:
    """Sum live deals by source, currency and state (open, won, lost): rows, amount (non-null, in the deals' currency).

    A deal that several systems hold counts once, in the source of its representative record, at the CRM's amount
    where the CRM has one (semantics D0).
    """
    is_live = ~pl.col("is_deleted")
    is_crm = pl.col("source_system").replace_strict(
        {name: role == "crm" for name, role in roles.items()}, default=False, return_dtype=pl.Boolean
    )
    live = records.filter(is_live).join(deals.bridge.select("record_key", "entity_id"), on="record_key")
    order = ["entity_id", "is_crm", "source_updated_at", "record_key"]
    ranked = live.with_columns(is_crm=is_crm).sort(order, descending=[False, True, True, False], nulls_last=True)
    amounts = (
        ranked.filter(pl.col("amount").is_not_null())
        .unique("entity_id", keep="first", maintain_order=True)
        .select("entity_id", "currency_code", preferred_amount="amount")
    )
    representatives = with_stage(
        live.join(deals.representatives.select("record_key"), on="record_key", how="semi"), stage_rows
    )
    return (
        representatives.join(amounts, on="entity_id", how="left", suffix="_preferred")
        .with_columns(state=_STATE, currency_code=pl.coalesce("currency_code_preferred", "currency_code"))
        .group_by("source_system", "currency_code", "state")
        .agg(rows=pl.len(), amount=pl.col("preferred_amount").sum())
        .sort("source_system", "currency_code", "state", nulls_last=True)
    )
