"""Tables that persons are computed from, split by person, so that each bucket of persons reads its own rows only."""

from collections.abc import Mapping
from dataclasses import dataclass, fields

import polars as pl

from definitions.published_state import PublishedState
from definitions.run_context import RunContext
from definitions.schema.tables import FCT_ACTIVITY
from transforms.facets.engagement import activities
from transforms.frames import conformed
from transforms.golden.entities import MATCH, living_people
from transforms.pipeline.buckets import Buckets
from transforms.pipeline.records import Entities, Records
from transforms.step import ALL, step

_OF_IDENTITY = ["record_key", "entity_id", "email_normalised", *MATCH]
_OF_ACCOUNTS = ["account_id", "industry", "employees", "claims_customer", "has_won_opportunity"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Company:
    """What is known around the people: their accounts, owners and deals.

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


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonTables:
    """Rows about some persons (person_id), all rows about each of them.

    `records`: their source records, with the columns of `tied_people`. `activities`: rows of `fct_activity`; each of
    those without a person is among the activities of some persons too. `deals` (person_id, pipeline_class, is_won):
    the deals a person is on. `linked` (person_id, account_id): the account that associations tie a person to.
    `account_keys` (person_id, account_key, account_id): the accounts that a person's records name. `accounts`
    (person_id and facts of an account): each of these accounts. `classes`, `issues`: what is published of the persons.
    """

    records: pl.LazyFrame
    activities: pl.LazyFrame
    deals: pl.LazyFrame
    linked: pl.LazyFrame
    account_keys: pl.LazyFrame
    accounts: pl.LazyFrame
    classes: pl.LazyFrame
    issues: pl.LazyFrame


@step(partition_by=ALL)
def person_tables(
    records: Records, tied: pl.DataFrame, company: Company, published: PublishedState, run: RunContext
) -> PersonTables:
    """Collect all that is known of persons from every table that tells of them; `tied` as from `tied_people`."""
    people, identities = records.kinds["person"], tied.lazy()
    account_keys = _named_accounts(people, identities, company)
    linked = company.linked.lazy()
    at = pl.concat([account_keys.select("person_id", "account_id"), linked]).unique()
    deals = company.deals.lazy().select("opportunity_id", "pipeline_class", "is_won")
    of_persons = pl.col("record_kind") == "person"
    return PersonTables(
        records=people.join(identities.select(_OF_IDENTITY), on="record_key", how="left").with_columns(
            person_id="entity_id"
        ),
        activities=_activities(records, tied, company, run),
        deals=company.on_deals.lazy().join(deals, on="opportunity_id").select("person_id", "pipeline_class", "is_won"),
        linked=linked,
        account_keys=account_keys,
        accounts=at.join(company.accounts.lazy().select(_OF_ACCOUNTS), on="account_id"),
        classes=published.classes["person"].lazy().with_columns(person_id="record_id"),
        issues=published.issues.filter(of_persons).with_columns(person_id="record_id"),
    )


def split_people(tables: PersonTables, buckets: Buckets) -> None:
    """Write each table once, split by person; an activity of nobody is in the bucket of its own id."""
    for table in fields(tables):
        by = pl.coalesce("person_id", "activity_id") if table.name == "activities" else pl.col("person_id")
        buckets.split(_name(table.name), getattr(tables, table.name), by)


def people_in(buckets: Buckets, number: int) -> PersonTables:
    """Read what was split of the persons in one bucket."""
    return PersonTables(**{table.name: buckets.read(_name(table.name), number) for table in fields(PersonTables)})


def _name(table: str) -> str:
    return f"people {table}"


def _activities(records: Records, tied: pl.DataFrame, company: Company, run: RunContext) -> pl.LazyFrame:
    """All rows of `fct_activity`: no published key points to something deleted."""
    alive = {kind: company.entities[kind].alive for kind in ("account", "opportunity", "owner")}
    acts = activities(
        records.kinds["activity"],
        run.definitions,
        bridges={"person": living_people(tied), **alive},
        ignored_owners=run.ignored_owners,
    )
    return conformed(acts, FCT_ACTIVITY).select(FCT_ACTIVITY.content)


def _named_accounts(people: pl.LazyFrame, identities: pl.LazyFrame, company: Company) -> pl.LazyFrame:
    """Live accounts that a person's records name: person_id, account_key, account_id."""
    named = people.select("record_key", "account_key").filter(pl.col("account_key").is_not_null())
    ids = company.entities["account"].alive.lazy().select(account_key="record_key", account_id="entity_id")
    return (
        named.join(identities.select("record_key", person_id="entity_id"), on="record_key")
        .select("person_id", "account_key")
        .unique()
        .join(ids, on="account_key")
        # Two tables are made of it.
        .collect(engine="streaming")
        .lazy()
    )
