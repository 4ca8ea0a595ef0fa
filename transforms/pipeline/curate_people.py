"""Rows of `dim_person`, every facet and then the class, and of `dim_account`, with flags of its deals."""

from collections.abc import Sequence

import polars as pl

from definitions.run_context import RunContext
from definitions.schema.column import Step
from definitions.schema.tables import DIM_PERSON
from transforms.classify.classes import classify_people
from transforms.classify.criteria import with_criteria
from transforms.facets.engagement import clocks, moves, silent_since, wakings
from transforms.facets.person import (
    with_deals,
    with_engagement,
    with_owner_state,
    with_phase_dates,
    with_reachability,
    with_score,
)
from transforms.frames import require_columns
from transforms.identity.links import account_of, with_id
from transforms.pipeline.curate_opportunities import with_since
from transforms.pipeline.person_tables import PersonTables
from transforms.pipeline.records import Entities, Records
from transforms.step import ALL, ROW, step

_MOVE_COLUMNS = [
    "person_id", "activity_type", "engagement_level", "direction", "is_inferred", "is_completed", "is_human",
    "occurred_at",
]  # fmt: skip


@step(partition_by=ALL, delivers=("account_id", "parent_account_id", "owner_id", "owner_state"))
def account_table(entities: dict[str, Entities], owners: pl.DataFrame) -> pl.DataFrame:
    """Return one row per live account, with the ids of its parent and its owner; null for an unknown one."""
    accounts = entities["account"]
    frame = accounts.golden.with_columns(account_id=pl.col("entity_id"))
    frame = with_id(frame, accounts.live, key="parent_key", gives="parent_account_id")
    frame = with_id(frame, entities["owner"].bridge, key="owner_key", gives="owner_id")
    is_itself = pl.col("parent_account_id") == pl.col("account_id")
    return with_owner_state(frame, owners).with_columns(parent_account_id=pl.when(~is_itself).then("parent_account_id"))


@step(partition_by=ROW, needs=("deals",), delivers=("has_open_opportunity", "has_won_opportunity"))
def with_account_deals(accounts: pl.DataFrame, deals: pl.DataFrame, open_classes: Sequence[str]) -> pl.DataFrame:
    """Add whether an account has an open deal, and whether it has a won one."""
    flags = deals.group_by("account_id").agg(
        has_open_opportunity=pl.col("pipeline_class").is_in(open_classes).any(),
        has_won_opportunity=pl.col("is_won").any(),
    )
    return accounts.join(flags, on="account_id", how="left", maintain_order="left").with_columns(
        pl.col("has_open_opportunity", "has_won_opportunity").fill_null(value=False)
    )


@step(partition_by="person_id", needs=("owner_bridge", "owners"))
def curated_people(
    golden: pl.DataFrame,
    tables: PersonTables,
    owner_bridge: pl.DataFrame,
    owners: pl.DataFrame,
    run: RunContext,
) -> pl.DataFrame:
    """Return one row per golden person, in the contract of `dim_person` without the columns of the run.

    `tables` has all rows about these persons, and may have rows about others; `owner_bridge` (record_key, entity_id)
    maps keys of owners to ids in `owners`.
    """
    definitions, as_of = run.definitions, run.as_of
    accounts = tables.accounts.drop("person_id").unique("account_id").collect()
    frame = with_id(golden, _account_bridge(tables), key="account_key", gives="account_id")
    frame = with_id(frame, owner_bridge, key="owner_key", gives="owner_id")
    linked_accounts = tables.linked_accounts.rename({"account_id": "linked_account_id"}).collect()
    frame = frame.join(linked_accounts, on="person_id", how="left", maintain_order="left").with_columns(
        account_id=pl.coalesce("account_id", "linked_account_id")
    )
    frame = with_reachability(with_phase_dates(frame, definitions), definitions)
    person_moves = moves(_activities(tables), frame, definitions, as_of=as_of)
    frame = with_engagement(
        frame,
        clocks(person_moves, definitions, as_of=as_of),
        silent_since(frame, person_moves, wakings(frame, definitions, as_of=as_of), definitions, as_of=as_of),
    )
    frame = with_owner_state(frame, owners)
    frame = with_deals(frame, tables.deals.collect(), accounts, definitions.open_classes)
    require_columns(frame, DIM_PERSON, Step.FACETS)
    frame = with_score(frame, accounts, definitions, as_of=as_of)
    require_columns(frame, DIM_PERSON, Step.FIT)
    evaluated = with_criteria(frame.lazy(), definitions, "person", as_of)
    require_columns(evaluated, DIM_PERSON, Step.CRITERIA)
    classed = classify_people(evaluated, definitions, as_of)
    require_columns(classed, DIM_PERSON, Step.CLASS)
    return with_since(classed.collect(), tables.classes.collect(), "person", run)


def _account_bridge(tables: PersonTables) -> pl.DataFrame:
    keys = tables.account_keys.select(record_key="account_key", entity_id="account_id")
    return keys.unique().collect()


def _activities(tables: PersonTables) -> pl.DataFrame:
    """Return the activities of persons with the columns that `moves` reads."""
    return tables.activities.filter(pl.col("person_id").is_not_null()).select(_MOVE_COLUMNS).collect()


@step(partition_by=ALL, delivers=("person_id", "account_id"))
def accounts_of_people(records: Records, people: pl.DataFrame, accounts: Entities) -> pl.DataFrame:
    """Return the account that each person is associated with: person_id, account_id. `people` is their bridge."""
    return account_of(
        records.kinds["association"].collect(),
        "person_account",
        owner_bridge=people,
        account_bridge=accounts.live,
        gives="person_id",
    )
