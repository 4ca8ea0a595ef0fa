"""Input tables of persons, partitioned by person, so that each bucket of persons reads only its own rows."""

from collections.abc import Mapping
from dataclasses import dataclass, fields

import polars as pl

from definitions.published_state import PublishedState
from definitions.run_context import RunContext
from definitions.schema.tables import FCT_ACTIVITY
from transforms.facets.engagement import activities
from transforms.frames import conformed
from transforms.golden.entities import MATCH, live_people
from transforms.pipeline.buckets import Buckets
from transforms.pipeline.records import Entities, Records
from transforms.step import ALL, step

_IDENTITY_COLUMNS = ["record_key", "entity_id", "email_normalised", *MATCH]
_ACCOUNT_COLUMNS = ["account_id", "industry", "employees", "claims_customer", "has_won_opportunity"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Company:
    """Everything that persons are computed from besides their own records: accounts, owners, stages and deals.

    `linked_accounts` (person_id, account_id) is the account that each person is associated with; `deal_roles` are the
    rows of `bridge_opportunity_person`.
    """

    entities: Mapping[str, Entities]
    linked_accounts: pl.DataFrame
    deal_roles: pl.DataFrame
    deals: pl.DataFrame
    accounts: pl.DataFrame
    owners: pl.DataFrame
    stages: pl.DataFrame


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonTables:
    """All rows about each of some persons (person_id).

    `records`: their source records, with the columns of `matched_people`. `activities`: rows of `fct_activity`; one
    without a person is in exactly one of several `PersonTables`. `deals` (person_id, pipeline_class, is_won): the deals
    of a person. `linked_accounts` (person_id, account_id): the account that a person is associated with.
    `account_keys` (person_id, account_key, account_id): the accounts that a person's records name. `accounts`
    (person_id and columns of an account): each of these accounts. `classes`, `issues`: published rows of the persons.
    """

    records: pl.LazyFrame
    activities: pl.LazyFrame
    deals: pl.LazyFrame
    linked_accounts: pl.LazyFrame
    account_keys: pl.LazyFrame
    accounts: pl.LazyFrame
    classes: pl.LazyFrame
    issues: pl.LazyFrame


@step(partition_by=ALL)
def person_tables(
    records: Records, matched: pl.DataFrame, company: Company, published: PublishedState, run: RunContext
) -> PersonTables:
    """Select the rows about persons from all tables; `matched` as from `matched_people`."""
    people, identities = records.kinds["person"], matched.lazy()
    account_keys = _named_accounts(people, identities, company)
    linked_accounts = company.linked_accounts.lazy()
    person_accounts = pl.concat([account_keys.select("person_id", "account_id"), linked_accounts]).unique()
    deals = company.deals.lazy().select("opportunity_id", "pipeline_class", "is_won")
    is_of_person = pl.col("record_kind") == "person"
    return PersonTables(
        records=people.join(identities.select(_IDENTITY_COLUMNS), on="record_key", how="left").with_columns(
            person_id="entity_id"
        ),
        activities=_activities(records, matched, company, run),
        deals=company.deal_roles.lazy()
        .join(deals, on="opportunity_id")
        .select("person_id", "pipeline_class", "is_won"),
        linked_accounts=linked_accounts,
        account_keys=account_keys,
        accounts=person_accounts.join(company.accounts.lazy().select(_ACCOUNT_COLUMNS), on="account_id"),
        classes=published.classes["person"].lazy().with_columns(person_id="record_id"),
        issues=published.issues.filter(is_of_person).with_columns(person_id="record_id"),
    )


def split_people(tables: PersonTables, buckets: Buckets) -> None:
    """Write each table to the buckets, by person; an activity without a person goes to the bucket of its own id."""
    for table in fields(tables):
        by = pl.coalesce("person_id", "activity_id") if table.name == "activities" else pl.col("person_id")
        buckets.split(_name(table.name), getattr(tables, table.name), by)


def read_people(buckets: Buckets, number: int) -> PersonTables:
    """Read the rows about the persons of one bucket."""
    return PersonTables(**{table.name: buckets.read(_name(table.name), number) for table in fields(PersonTables)})


def _name(table: str) -> str:
    return f"people {table}"


def _activities(records: Records, matched: pl.DataFrame, company: Company, run: RunContext) -> pl.LazyFrame:
    """Return all rows of `fct_activity`; no published key refers to a deleted row."""
    live = {kind: company.entities[kind].live for kind in ("account", "opportunity", "owner")}
    rows = activities(
        records.kinds["activity"],
        run.definitions,
        bridges={"person": live_people(matched), **live},
        ignored_owners=run.ignored_owners,
    )
    return conformed(rows, FCT_ACTIVITY).select(FCT_ACTIVITY.content)


def _named_accounts(people: pl.LazyFrame, identities: pl.LazyFrame, company: Company) -> pl.LazyFrame:
    """Return the live accounts that a person's records name: person_id, account_key, account_id."""
    named = people.select("record_key", "account_key").filter(pl.col("account_key").is_not_null())
    ids = company.entities["account"].live.lazy().select(account_key="record_key", account_id="entity_id")
    return (
        named.join(identities.select("record_key", person_id="entity_id"), on="record_key")
        .select("person_id", "account_key")
        .unique()
        .join(ids, on="account_key")
        # Read twice: collected once.
        .collect(engine="streaming")
        .lazy()
    )
