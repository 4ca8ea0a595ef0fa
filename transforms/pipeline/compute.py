"""Computation of the curated tables: canonical records in, table batches out. Pure: same records, same rows.

Batches are computed one at a time, the wide tables in several batches, so that only one batch of them is in memory.
"""

from collections.abc import Generator, Iterator
from dataclasses import dataclass
from datetime import date

import polars as pl

from definitions.published_state import PublishedState
from definitions.run_context import RunContext
from definitions.schema import tables as contract
from transforms.facets.engagement import activities
from transforms.golden.entities import golden_people, live_people, matched_people, resolved_entities
from transforms.history.calendar import calendar
from transforms.history.changes import due_snapshots, snapshot
from transforms.pipeline.buckets import Buckets, Store, buckets_for
from transforms.pipeline.curate_opportunities import curated_opportunities, roles, stage_table
from transforms.pipeline.curate_people import account_table, accounts_of_people, curated_people, with_account_deals
from transforms.pipeline.person_tables import Company, PersonTables, person_tables, read_people, split_people
from transforms.pipeline.records import Entities, Records
from transforms.pipeline.table_batches import TableBatch, history_batches, table_batch
from transforms.pipeline.words import word_table
from transforms.reconcile.conservation import conservation
from transforms.reconcile.totals import source_totals
from transforms.step import ALL, step
from transforms.values.library_answers import LibraryAnswers
from transforms.values.phone import no_answers

# A bucket of this size takes about half a gigabyte of memory while it is computed.
BUCKET_PERSONS = 60_000
# An earlier date is an input error; a calendar from there on would be nearly all of the table.
_FIRST_YEAR = 1990


@dataclass(frozen=True, slots=True, kw_only=True)
class Computation:
    """Computed tables as lazily computed batches, and the results that do not depend on them.

    `batches` yields every computed table in at least one batch, and can be iterated once; `ops.conservation`, the
    balance of each stream, comes last. `totals` sums the deals of the source records (`source_totals`). `unmatched`
    counts records that share a key but were not matched, with the reason (`identity.matching.unmatched`).
    """

    batches: Iterator[TableBatch]
    totals: pl.DataFrame
    unmatched: pl.DataFrame


@step(partition_by=ALL)
def compute(
    records: Records,
    published: PublishedState,
    run: RunContext,
    store: Store,
    *,
    bucket_persons: int = BUCKET_PERSONS,
    phone_answers: LibraryAnswers | None = None,
) -> Computation:
    """Resolve entities and compute all tables except those of persons; these are computed as `batches` is iterated.

    Persons are computed one bucket at a time, about `bucket_persons` each, from tables that are split in `store`; the
    number of buckets does not change any row. `phone_answers` caches the results of the telephone library: it changes
    no row, and receives the results of this run.
    """
    answers = phone_answers or no_answers()
    entities = resolved_entities(records, run, answers)
    matched, unmatched = matched_people(records.kinds["person"])
    company = _company(records, entities, matched, published, run)
    return Computation(
        batches=_batches(records, matched, company, published, run, store, bucket_persons, answers),
        totals=source_totals(
            records.kinds["opportunity"].collect(), entities["opportunity"], company.stages, run.roles
        ),
        unmatched=unmatched,
    )


def _batches(
    records: Records,
    matched: pl.DataFrame,
    company: Company,
    published: PublishedState,
    run: RunContext,
    store: Store,
    bucket_persons: int,
    answers: LibraryAnswers,
) -> Iterator[TableBatch]:
    """Yield the batches of every table; of earlier batches only the input of the balance stays in memory."""
    yield from _company_batches(records, company, published, run)
    yield from _link_batches(records, company)
    buckets = Buckets(store, buckets_for(matched["entity_id"].n_unique(), bucket_persons))
    split_people(person_tables(records, matched, company, published, run), buckets)
    representatives: list[pl.DataFrame] = []
    for number in range(buckets.count):
        of_bucket = yield from _people_batches(read_people(buckets, number), company, run, answers)
        representatives.append(of_bucket)
    yield TableBatch(
        contract.OPS_CONSERVATION, conservation(records, company.entities, matched, pl.concat(representatives), run)
    )


def _company(
    records: Records, entities: dict[str, Entities], matched: pl.DataFrame, published: PublishedState, run: RunContext
) -> Company:
    """Compute owners, stages, opportunities and accounts."""
    owners = _owner_table(entities["owner"])
    stages = stage_table(records, run)
    deal_roles = roles(records, live_people(matched), entities["opportunity"], run)
    rows = activities(
        records.kinds["activity"],
        run.definitions,
        bridges={"opportunity": entities["opportunity"].live},
        ignored_owners=run.ignored_owners,
    )
    columns = ["opportunity_id", "is_human", "is_completed", "occurred_at"]
    deal_activities = rows.filter(pl.col("opportunity_id").is_not_null()).select(columns).collect(engine="streaming")
    deals = curated_opportunities(records, entities, deal_activities, deal_roles, owners, stages, published, run)
    return Company(
        entities=entities,
        linked_accounts=accounts_of_people(records, matched, entities["account"]),
        deal_roles=deal_roles,
        deals=deals,
        accounts=with_account_deals(account_table(entities, owners), deals, run.definitions.open_classes),
        owners=owners,
        stages=stages,
    )  # fmt: skip


def _people_batches(
    tables: PersonTables, company: Company, run: RunContext, answers: LibraryAnswers
) -> Generator[TableBatch, None, pl.DataFrame]:
    """Yield the persons of a bucket, their records, activities, issues and changes of class.

    Returns the representative record of each: entity_id, record_key.
    """
    yield table_batch(contract.FCT_ACTIVITY, tables.activities)
    golden, own = golden_people(tables.records, run, answers)
    sources = own.join(golden.select("person_id"), on="person_id", how="semi")
    yield table_batch(contract.BRIDGE_PERSON_SOURCE, sources)
    people = curated_people(golden, tables, company.entities["owner"].bridge, company.owners, run)
    yield table_batch(contract.DIM_PERSON, people)
    yield from history_batches("person", people, tables.classes.collect(), tables.issues, run)
    return golden.select("entity_id", "record_key")


def _company_batches(
    records: Records, company: Company, published: PublishedState, run: RunContext
) -> Iterator[TableBatch]:
    """Yield the tables of dates, words, owners, stages, products, accounts and opportunities."""
    deals, as_of = company.deals, run.as_of
    yield table_batch(contract.DIM_DATE, _dates(deals, run))
    yield table_batch(contract.DIM_WORD, word_table(run.definitions))
    yield table_batch(contract.DIM_OWNER, company.owners)
    yield table_batch(contract.DIM_STAGE, company.stages)
    products = records.kinds["product"].filter(~pl.col("is_deleted")).collect()
    yield table_batch(contract.DIM_PRODUCT, products.with_columns(product_id="record_key"))
    yield table_batch(contract.DIM_ACCOUNT, company.accounts)
    yield table_batch(contract.FCT_OPPORTUNITY, deals)
    issues = published.issues.filter(pl.col("record_kind") == "opportunity")
    yield from history_batches("opportunity", deals, published.classes["opportunity"], issues, run)
    snapshots = snapshot(deals.lazy(), due_snapshots(published.snapshots.lazy(), as_of), as_of).collect()
    yield table_batch(contract.FCT_OPPORTUNITY_DAILY_SNAPSHOT, snapshots)


def _link_batches(records: Records, company: Company) -> Iterator[TableBatch]:
    """Yield the bridges of opportunities and accounts; no published key refers to a deleted row."""
    yield table_batch(contract.BRIDGE_OPPORTUNITY_PERSON, company.deal_roles)
    for table, kind in (
        (contract.BRIDGE_ACCOUNT_SOURCE, "account"),
        (contract.BRIDGE_OPPORTUNITY_SOURCE, "opportunity"),
    ):
        # Merged and deleted records too: their keys are aliases of the golden row.
        sources = records.kinds[kind].collect().join(company.entities[kind].live, on="record_key")
        yield table_batch(table, sources.rename({"entity_id": f"{kind}_id"}))


def _owner_table(owners: Entities) -> pl.DataFrame:
    """Return one row per owner; `manager_id` is null for an unknown manager."""
    frame = owners.golden.with_columns(owner_id=pl.col("entity_id"))
    managers = owners.bridge.select(manager_key="record_key", manager_id="entity_id")
    return frame.join(managers, on="manager_key", how="left", maintain_order="left")


def _dates(deals: pl.DataFrame, run: RunContext) -> pl.DataFrame:
    """Return each day of the years in which deals are created and close, at least two years back and five ahead."""
    years_of_deals = pl.concat([deals["created_on"], deals["close_date"]]).drop_nulls().dt.year()
    years = [*years_of_deals.unique(), run.as_of.year - 2, run.as_of.year + 5]
    start, end = date(max(min(years), _FIRST_YEAR), 1, 1), date(max(years), 12, 31)
    return calendar(start, end, fiscal_year_starts_in=run.definitions.reporting.fiscal_year_starts_in).collect()
