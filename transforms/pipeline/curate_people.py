"""From golden persons to `dim_person`: every facet, then the class; and `dim_account` with what its deals say."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from transforms.classify.classes import classify_people
from transforms.classify.criteria import with_criteria
from transforms.facets.engagement import clocks, moves, silent_since, wakings
from transforms.facets.person import dealt, engaged, owned, phases, reached, scored
from transforms.identity.links import account_of, with_id
from transforms.pipeline.curate_opportunities import with_since
from transforms.pipeline.terms import Entities, Records, Terms


def account_table(entities: dict[str, Entities], owners: pl.DataFrame) -> pl.DataFrame:
    """One row per live account, with its parent and its owner resolved."""
    accounts = entities["account"]
    frame = accounts.golden.with_columns(account_id=pl.col("entity_id"))
    frame = with_id(frame, accounts.alive, key="parent_key", gives="parent_account_id")
    frame = with_id(frame, entities["owner"].bridge, key="owner_key", gives="owner_id")
    is_itself = pl.col("parent_account_id") == pl.col("account_id")
    return owned(frame, owners).with_columns(parent_account_id=pl.when(~is_itself).then("parent_account_id"))


def with_deals(accounts: pl.DataFrame, deals: pl.DataFrame, open_classes: Sequence[str]) -> pl.DataFrame:
    """Add whether an account has an open deal, and whether it bought. Row by row."""
    told = deals.group_by("account_id").agg(
        has_open_opportunity=pl.col("pipeline_class").is_in(open_classes).any(),
        has_won_opportunity=pl.col("is_won").any(),
    )
    return accounts.join(told, on="account_id", how="left", maintain_order="left").with_columns(
        pl.col("has_open_opportunity", "has_won_opportunity").fill_null(value=False)
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Company:
    """What is known around the people: their accounts, owners, deals and what they did.

    `linked` (person_id, account_id) is the account that associations tie a person to; `on_deals` the rows of
    `bridge_opportunity_person`.
    """

    entities: Mapping[str, Entities]
    linked: pl.DataFrame
    on_deals: pl.DataFrame
    deals: pl.DataFrame
    accounts: pl.DataFrame
    owners: pl.DataFrame
    stages: pl.DataFrame


def curated_people(
    golden: pl.DataFrame, acts: pl.DataFrame, company: Company, classes: pl.DataFrame, terms: Terms
) -> pl.DataFrame:
    """One row per golden person, in the contract of `dim_person` but for the run's own columns.

    `acts` is what they did (`activities`, with person_id), `classes` what was published of them (`Before.classes`).
    Persons do not depend on each other, so some of them may be curated at a time.
    """
    definitions, as_of = terms.definitions, terms.as_of
    frame = golden.with_columns(person_id=pl.col("entity_id"))
    frame = with_id(frame, company.entities["account"].alive, key="account_key", gives="account_id")
    frame = with_id(frame, company.entities["owner"].bridge, key="owner_key", gives="owner_id")
    linked = company.linked.rename({"account_id": "linked_account_id"})
    frame = frame.join(linked, on="person_id", how="left", maintain_order="left").with_columns(
        account_id=pl.coalesce("account_id", "linked_account_id")
    )
    frame = reached(phases(frame, definitions), definitions)
    made = moves(acts, frame, definitions, as_of=as_of)
    frame = engaged(
        frame,
        clocks(made, definitions, as_of=as_of),
        silent_since(frame, made, wakings(frame, definitions, as_of=as_of), definitions, as_of=as_of),
    )
    frame = owned(frame, company.owners)
    frame = dealt(frame, company.on_deals, company.deals, company.accounts, definitions.open_classes)
    frame = scored(frame, company.accounts, definitions, as_of=as_of)
    classed = classify_people(with_criteria(frame.lazy(), definitions, "person", as_of), definitions, as_of)
    return with_since(classed.collect(), classes, "person", terms)


def accounts_of_people(records: Records, people: pl.DataFrame, accounts: Entities) -> pl.DataFrame:
    """The account that associations tie each person to: person_id, account_id; `people` is the bridge of persons."""
    return account_of(
        records.kinds["association"].collect(),
        "person_account",
        owner_bridge=people,
        account_bridge=accounts.alive,
        gives="person_id",
    )
