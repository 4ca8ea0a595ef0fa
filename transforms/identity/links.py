"""Key translation: from keys of source records to golden ids, and from links of records to links of entities."""

from collections.abc import Sequence

import polars as pl

from transforms.step import ALL, ROW, step


@step(partition_by=ROW, needs=("bridge",))
def with_id(frame: pl.DataFrame, bridge: pl.DataFrame, *, key: str, gives: str) -> pl.DataFrame:
    """Add column `gives`: the golden id of the record that column `key` names; null for a record never delivered.

    `bridge` has one row a record: record_key, entity_id.
    """
    ids = bridge.select(pl.col("record_key").alias(key), pl.col("entity_id").alias(gives))
    # The key column alone, since a join copies every column of its frame.
    return frame.with_columns(frame.select(key).join(ids, on=key, how="left", maintain_order="left")[gives])


@step(partition_by=ALL)
def people_of_opportunities(
    associations: pl.DataFrame,
    people: pl.DataFrame,
    opportunities: pl.DataFrame,
    *,
    person_bridge: pl.DataFrame,
    opportunity_bridge: pl.DataFrame,
    decision_maker_roles: Sequence[str],
) -> pl.DataFrame:
    """Return one row per opportunity and person, whichever way the sources link them (semantics D1: link order).

    Ways: a contact role or association, the opportunity a lead was converted to, the person a deal names. A person in
    several roles keeps the decision-making one, then the primary one, then the first by name.
    """
    roles = associations.filter(pl.col("association_type") == "opportunity_person", ~pl.col("is_deleted"))
    links = pl.concat(
        [
            roles.select(
                pl.col("from_key").alias("opportunity_key"),
                pl.col("to_key").alias("person_key"),
                "role",
                "is_primary",
                "source_updated_at",
            ),
            _pairs(people, "converted_opportunity_key", "record_key"),
            _pairs(opportunities, "record_key", "person_key"),
        ]
    )
    links = with_id(links, opportunity_bridge, key="opportunity_key", gives="opportunity_id")
    links = with_id(links, person_bridge, key="person_key", gives="person_id")
    decides = pl.col("role").str.strip_chars().str.to_lowercase().is_in(list(decision_maker_roles))
    return (
        links.filter(pl.col("opportunity_id").is_not_null(), pl.col("person_id").is_not_null())
        .with_columns(is_decision_maker=decides.fill_null(value=False))
        .sort(
            ["opportunity_id", "person_id", "is_decision_maker", "is_primary", "role"],
            descending=[False, False, True, True, False],
            nulls_last=True,
        )
        .group_by("opportunity_id", "person_id", maintain_order=True)
        .agg(
            pl.col("role").drop_nulls().first(),
            pl.col("is_primary").any(),
            pl.col("is_decision_maker").any(),
            pl.col("source_updated_at").max(),
        )
    )


def _pairs(frame: pl.DataFrame, opportunity: str, person: str) -> pl.DataFrame:
    """Select the links that a column of a record holds: no role, not marked as primary."""
    return frame.filter(pl.col(opportunity).is_not_null(), pl.col(person).is_not_null(), ~pl.col("is_deleted")).select(
        pl.col(opportunity).alias("opportunity_key"),
        pl.col(person).alias("person_key"),
        role=pl.lit(None, pl.String),
        is_primary=pl.lit(value=False),
        source_updated_at=pl.col("source_updated_at"),
    )


@step(partition_by=ALL)
def live_associations(associations: pl.DataFrame, ends: Sequence[pl.LazyFrame]) -> pl.DataFrame:
    """Mark associations as deleted where an end is: no source reports their own deletion.

    An association is listed with its `from_key`; once that record is deleted or merged away, its list no longer
    counts, for a survivor has one of its own. Where `to_key` was merged away, the survivor's state decides. `ends` are
    the records that associations link: record_key, merged_into_key, is_deleted.
    """
    columns = ["record_key", "merged_into_key"]
    gone = pl.concat([end.filter("is_deleted").select(columns) for end in ends]).collect(engine="streaming")
    lost = gone.filter(pl.col("merged_into_key").is_null())["record_key"].implode()
    survivors = gone.filter(pl.col("merged_into_key").is_not_null()).select("record_key", survivor="merged_into_key")
    to = associations.join(survivors, left_on="to_key", right_on="record_key", how="left", maintain_order="left")
    is_gone = (
        to["from_key"].is_in(gone["record_key"].implode())
        | to.select(pl.coalesce("survivor", "to_key").is_in(lost)).to_series()
    )
    return associations.with_columns(is_deleted=pl.col("is_deleted") | is_gone.fill_null(value=False))


@step(partition_by=ALL, delivers=("account_id",))
def account_of(
    associations: pl.DataFrame, kind: str, *, owner_bridge: pl.DataFrame, account_bridge: pl.DataFrame, gives: str
) -> pl.DataFrame:
    """Return one row per entity that associations link to accounts: its primary account, else the first by id.

    `kind` is `opportunity_account` or `person_account`; the result has columns `gives` and account_id.
    """
    links = associations.filter(pl.col("association_type") == kind, ~pl.col("is_deleted"))
    links = with_id(links, owner_bridge, key="from_key", gives=gives)
    links = with_id(links, account_bridge, key="to_key", gives="account_id")
    return (
        links.filter(pl.col(gives).is_not_null(), pl.col("account_id").is_not_null())
        .sort([gives, "is_primary", "account_id"], descending=[False, True, False])
        .unique(gives, keep="first", maintain_order=True)
        .select(gives, "account_id")
    )
